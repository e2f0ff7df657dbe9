"""The catalogue of anomalies is complete, in four languages, and unknown codes are never success."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimona_provider.domain import anomaly_tables as tables
from dimona_provider.domain.anomalies import (
    LANGUAGES,
    UNREADABLE,
    ActBy,
    Bucket,
    Severity,
    anomalies,
    anomaly,
    consequences,
    describe,
    next_step,
    severity,
)

NOT_BLOCKING = frozenset({
    "00014-022", "00024-348", "00025-348", "00026-348", "00028-348", "00029-348",
    "90017-058", "90017-369", "90017-510", "90017-514", "90017-515", "90256-369",
    "90373-460", "90373-483", "90378-460", "90378-483",
})  # fmt: skip
LONG = 40
"""Characters from which two languages can't have the same text by chance."""
ACCENTS = {"fr": "éèêà", "nl": "éëó", "de": "äöüß"}
GARBAGE = [
    "",
    " ",
    "00024",
    "00024-3",
    "00024-0030",
    "90373-460\n",
    " 90373-460",
    "A",
    "٠٠٠٢٤-٠٠٣",
    "93051822361",
]

every_language = pytest.mark.parametrize("lang", LANGUAGES)


def texts(lang):
    for code in [*anomalies(), UNREADABLE]:
        yield describe(code, lang)
        yield next_step(code, lang)
    for rule in tables.consequences().values():
        yield rule[lang]


def test_the_catalogue_has_201_codes_in_62_types():
    assert len(anomalies()) == 201
    assert len({found.type for found in anomalies().values()}) == 62
    assert all(found.is_known for found in anomalies().values())


def test_exactly_16_codes_do_not_block():
    assert len(NOT_BLOCKING) == 16
    assert {code for code in anomalies() if severity(code) is Severity.NOT_BLOCKING} == NOT_BLOCKING
    assert sum(severity(code) is Severity.BLOCKING for code in anomalies()) == 185


def test_severities_are_those_of_the_table():
    assert {code: str(severity(code)) for code in anomalies()} == {
        code: row["severity"] for code, row in tables.codes().items()
    }


def test_a_code_is_its_zone_and_its_type():
    for code, found in anomalies().items():
        assert f"{found.zone}-{found.type}" == found.code == code
        assert found.zone in tables.zones()


@pytest.mark.parametrize("worker_type", ["O17", "S17", "T17"])
def test_a_quota_refuses_article_17(worker_type):
    assert severity("90017-369", worker_type) is Severity.BLOCKING


@pytest.mark.parametrize("worker_type", ["STU", "FLX", "EXT", "OTH", "A17", "", None])
def test_a_quota_only_warns_the_others(worker_type):
    assert severity("90017-369", worker_type) is Severity.NOT_BLOCKING


@pytest.mark.parametrize("worker_type", ["O17", "STU"])
def test_no_other_code_depends_on_the_worker_type(worker_type):
    others = set(anomalies()) - {"90017-369"}

    assert all(severity(code, worker_type) is severity(code) for code in others)


@pytest.mark.parametrize(
    ("code", "bucket", "machine", "act_by"),
    [
        ("00913-355", Bucket.ALREADY_TRUE, True, ActBy.DEADLINE_OF_THE_DECLARATION),
        ("90373-333", Bucket.ALREADY_TRUE, True, ActBy.BEFORE_START_OF_WORK),
        ("90378-444", Bucket.ALREADY_TRUE, True, ActBy.DEADLINE_OF_THE_DECLARATION),
        ("00913-356", Bucket.WRONG_KIND, True, ActBy.FIRST_WORKING_DAY_AFTER),
        ("00913-359", Bucket.WRONG_KIND, True, ActBy.FIRST_WORKING_DAY_AFTER),
        ("90373-334", Bucket.OVERLAP, False, ActBy.BEFORE_START_OF_WORK),
        ("90378-334", Bucket.OVERLAP, False, ActBy.DEADLINE_OF_THE_DECLARATION),
        ("00910-459", Bucket.OVERLAP, False, ActBy.BEFORE_START_OF_WORK),
        ("90374-349", Bucket.BAD_DATA, False, ActBy.BEFORE_START_OF_WORK),
        ("00911-014", Bucket.BAD_DATA, False, ActBy.DEADLINE_OF_THE_DECLARATION),
        ("90107-351", Bucket.BAD_DATA, False, ActBy.BEFORE_START_OF_WORK),
        ("00024-003", Bucket.IDENTITY, False, ActBy.BEFORE_START_OF_WORK),
        ("90017-151", Bucket.IDENTITY, False, ActBy.BEFORE_START_OF_WORK),
        ("00025-348", Bucket.IDENTITY_NOTE, False, ActBy.NONE),
        ("00014-022", Bucket.IDENTITY_NOTE, False, ActBy.NONE),
        ("90017-510", Bucket.CONDITIONS, False, ActBy.MIDNIGHT_OF_THE_DAY),
        ("90017-058", Bucket.CONDITIONS, False, ActBy.MIDNIGHT_OF_THE_DAY),
        ("90017-369", Bucket.QUOTA, False, ActBy.BEFORE_START_OF_WORK),
        ("90256-369", Bucket.QUOTA, False, ActBy.BEFORE_QUARTERLY_DECLARATION),
        ("90373-460", Bucket.LATE, False, ActBy.BEFORE_QUARTERLY_DECLARATION),
        ("90256-155", Bucket.RIGHTS, False, ActBy.AT_ONCE),
        ("00655-350", Bucket.RIGHTS, False, ActBy.AT_ONCE),
        ("00913-362", Bucket.CLOSED_DOOR, False, ActBy.DEADLINE_OF_THE_DECLARATION),
        ("90373-450", Bucket.CLOSED_DOOR, False, ActBy.BEFORE_START_OF_WORK),
        ("90017-515", Bucket.UNSURE, False, ActBy.BEFORE_START_OF_WORK),
    ],
)
def test_a_code_says_who_acts_and_by_when(code, bucket, machine, act_by):
    found = anomaly(code)

    assert (found.bucket, found.machine_may_act, found.act_by) == (bucket, machine, act_by)


def test_every_bucket_has_codes_and_only_two_let_a_machine_act():
    by_machine = {found.bucket for found in anomalies().values() if found.machine_may_act}

    assert {found.bucket for found in anomalies().values()} == set(Bucket) - {Bucket.UNKNOWN}
    assert by_machine == {Bucket.ALREADY_TRUE, Bucket.WRONG_KIND}
    assert all(found.machine_may_act == (found.bucket in by_machine) for found in anomalies().values())


@every_language
def test_a_description_is_one_short_sentence(lang):
    for code in anomalies():
        text = describe(code, lang)
        assert len(text) <= 160, code
        assert text[0].isupper(), code
        assert text.endswith("."), code
        assert ". " not in text, code


@every_language
def test_a_next_step_is_one_or_two_sentences(lang):
    for code in anomalies():
        text = next_step(code, lang)
        assert 40 <= len(text) <= 200, code
        assert text[0].isupper(), code
        assert text.endswith("."), code
        assert text.count(". ") <= 2, code


@every_language
def test_no_text_has_leftovers(lang):
    for text in texts(lang):
        assert text == " ".join(text.split())
        assert not set("{}�<>") & set(text)


def test_each_language_has_its_own_words():
    for code in [*anomalies(), "12345-678", "?"]:
        for tell in (describe, next_step):
            said = [tell(code, lang) for lang in LANGUAGES]
            assert len(set(said)) == len(LANGUAGES) or max(map(len, said)) < LONG, code


@pytest.mark.parametrize(("lang", "letters"), ACCENTS.items())
def test_accents_and_umlauts_are_there(lang, letters):
    written = "".join(texts(lang)).lower()

    assert not set(letters) - set(written)
    assert "Ã" not in "".join(texts(lang))


def test_english_needs_no_accents():
    assert all(text.isascii() for text in texts("en"))


def test_swiss_and_german_spellings_are_not_mixed():
    assert not [
        text for text in texts("de") if "ausserhalb" in text or "Strasse" in text or "schliessen" in text
    ]


def test_every_text_of_the_tables_has_four_languages():
    for table in (tables.descriptions(), tables.next_steps(), tables.consequences()):
        for rule in table.values():
            assert tuple(rule) == LANGUAGES
            assert all(rule.values())
    for row in tables.zones().values():
        assert tuple(row) == ("zone", *LANGUAGES)
        assert all(row.values())


def test_no_table_holds_what_nothing_uses():
    rows = tables.codes().values()
    found = anomalies().values()
    steps = {row["next_step"] or row["bucket"] for row in rows} | {str(bucket) for bucket in Bucket}
    types = {one.type for one in found} | {one.code for one in found} | {"unknown", UNREADABLE}

    assert set(tables.zones()) - {one.zone for one in found} == set()
    assert set(tables.next_steps()) == steps
    assert set(tables.descriptions()) <= types
    assert {code for _, code in tables.consequences()} <= NOT_BLOCKING | {"unknown"}


@pytest.mark.parametrize("code", ["12345-678", "00024-999", "99999-003", *GARBAGE])
def test_an_unknown_code_is_neither_success_nor_an_error(code):
    found = anomaly(code)

    assert not found.is_known
    assert severity(code) is severity(code, "O17") is Severity.UNKNOWN
    assert found.bucket is Bucket.UNKNOWN
    assert not found.machine_may_act
    assert found.act_by is ActBy.AT_ONCE


@given(st.text())
def test_any_text_gets_an_answer(text):
    for lang in LANGUAGES:
        assert describe(text, lang).endswith(".")
        assert next_step(text, lang).endswith(".")
    assert isinstance(anomaly(text).severity, Severity)
    assert isinstance(consequences([text], text, "en"), list)


def test_an_unknown_code_is_named_in_its_text():
    assert describe("12345-678", "en") == "This catalogue does not know the anomaly 12345-678."
    assert all("12345-678" in describe("12345-678", lang) for lang in LANGUAGES)
    assert (anomaly("12345-678").zone, anomaly("12345-678").type) == ("12345", "678")


@pytest.mark.parametrize("code", GARBAGE)
@every_language
def test_garbage_is_never_repeated(code, lang):
    assert anomaly(code).code == UNREADABLE
    assert describe(code, lang) == describe(UNREADABLE, lang)
    assert "93051822361" not in describe(code, lang)


@pytest.mark.parametrize(
    ("code", "english", "french", "dutch", "german"),
    [
        (
            "00024-003",
            "The worker's SSIN is not valid.",
            "Le NISS du travailleur n'est pas valide.",
            "Het INSZ van de werknemer is ongeldig.",
            "Die ENSS des Arbeitnehmers ist ungültig.",
        ),
        (
            "00046-001",
            "The joint committee is missing.",
            "Il manque la commission paritaire.",
            "Het paritair comité ontbreekt.",
            "Die paritätische Kommission fehlt.",
        ),
        (
            "90017-510",
            "The conditions for a flexi-job are not met.",
            "Les conditions pour un flexi-job ne sont pas remplies.",
            "De voorwaarden voor een flexi-job zijn niet vervuld.",
            "Die Bedingungen für einen Flexi-Job sind nicht erfüllt.",
        ),
        (
            "00913-355",
            "The period has already been cancelled.",
            "La période est déjà annulée.",
            "De periode is al geannuleerd.",
            "Die Periode ist bereits annulliert.",
        ),
        (
            "90374-349",
            "The joint committee does not fit the worker type.",
            "La commission paritaire ne convient pas au type de travailleur.",
            "Het paritair comité past niet bij het type werknemer.",
            "Die paritätische Kommission passt nicht zum Arbeitnehmertyp.",
        ),
    ],
)
def test_important_codes_read_well(code, english, french, dutch, german):
    said = [describe(code, lang) for lang in ("en", "fr", "nl", "de")]

    assert said == [english, french, dutch, german]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("90373-333", ("already been declared", "déjà été déclarée", "al aangegeven", "bereits gemeldet")),
        ("90373-460", ("too late", "tardive", "laattijdig", "zu spät")),
        ("00913-356", ("end date", "clôturer", "afsluiten", "abschließen")),
        ("00913-359", ("OUT", "OUT", "OUT", "OUT")),
        ("90017-369", ("quota", "contingent", "contingent", "Kontingent")),
        ("90256-155", ("mandate", "mandat", "mandaat", "Vollmacht")),
        ("90378-421", ("quarter", "trimestre", "kwartaal", "Quartal")),
        ("00664-353", ("C3.2A", "C3.2A", "C3.2A", "C3.2A")),
    ],
)
def test_important_codes_use_the_official_words(code, words):
    for lang, word in zip(LANGUAGES, words, strict=True):
        assert word in describe(code, lang)


def test_next_steps_name_the_deadline_that_is_law():
    midnight = ("midnight", "minuit", "middernacht", "Mitternacht")
    working_day = ("first working day", "premier jour ouvrable", "eerste werkdag", "ersten Werktag")

    assert all(word in next_step("90017-510", lang) for lang, word in zip(LANGUAGES, midnight, strict=True))
    assert all(
        word in next_step("00913-359", lang) for lang, word in zip(LANGUAGES, working_day, strict=True)
    )


def test_two_codes_of_a_bucket_share_its_step_unless_one_has_its_own():
    assert next_step("00911-003", "nl") == next_step("00777-001", "nl")
    assert next_step("00913-356", "nl") != next_step("00913-359", "nl")


@pytest.mark.parametrize(
    ("codes", "worker_type", "word"),
    [
        pytest.param(["90373-460"], "STU", "all planned hours count outside the quota", id="late student"),
        pytest.param(["90017-369"], "STU", "above the quota carry ordinary contributions", id="quota"),
        pytest.param(["90017-510"], "FLX", "may not be paid as a flexi-job", id="flexi-job, conditions"),
        pytest.param(["90017-058"], "FLX", "may not be paid as a flexi-job", id="flexi-job, work before"),
        pytest.param(["90373-460"], "FLX", "may not stand as a flexi-job", id="late flexi-job"),
        pytest.param(["90017-515"], "FLX", "until the NSSO has checked", id="flexi-job, not checked"),
        pytest.param(["90256-369"], "EXT", "loses its favourable contributions", id="occasional work"),
        pytest.param(["90373-460"], "OTH", "stays marked as late", id="late, ordinary"),
        pytest.param(["90373-460"], None, "stays marked as late", id="late, type not known"),
        pytest.param(["12345-678"], "OTH", "cleared up with the NSSO", id="unknown code"),
    ],
)
def test_a_warning_says_what_it_changes_for_pay(codes, worker_type, word):
    (text,) = consequences(codes, worker_type, "en")

    assert word in text


@every_language
def test_consequences_are_in_every_language(lang):
    (text,) = consequences(["90373-460"], "STU", lang)

    outside = {"en": "outside the quota", "fr": "hors contingent", "nl": "buiten het contingent"}
    assert outside.get(lang, "außerhalb des Kontingents") in text


def test_consequences_come_once_and_in_order():
    late, conditions = consequences(["90373-460", "90017-510", "90017-058"], "FLX", "de")

    assert "verspätet" in late
    assert "schriftlich" in conditions


@pytest.mark.parametrize(
    ("codes", "worker_type"),
    [
        pytest.param([], "STU", id="no anomaly"),
        pytest.param(["00025-348"], "STU", id="a note about the identity"),
        pytest.param(["90373-334"], "STU", id="refused, so nothing to pay"),
        pytest.param(["90017-369"], "O17", id="a quota that refuses article 17"),
    ],
)
def test_what_changes_nothing_for_pay_has_no_consequence(codes, worker_type):
    assert consequences(codes, worker_type, "en") == []


def test_consequences_are_well_formed_sentences():
    for rule in tables.consequences().values():
        assert all(text[0].isupper() and text.endswith(".") and len(text) <= 180 for text in rule.values())


def test_importing_reads_no_table_and_no_airflow():
    program = """
import sys
from dimona_provider.domain import anomalies as a, anomaly_tables as t
cached = (a.anomalies, t.codes, t.zones, t.descriptions, t.next_steps, t.consequences)
assert "airflow" not in sys.modules
assert all(function.cache_info().currsize == 0 for function in cached)
"""
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}

    ended = subprocess.run([sys.executable, "-c", program], check=False, env=path)  # our own text

    assert ended.returncode == 0
