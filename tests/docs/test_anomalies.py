"""The tables in docs/anomalies.md are those of the catalogue."""

from __future__ import annotations

import re
from collections import Counter

from dimona_provider.domain.anomalies import ActBy, Bucket, Severity, anomalies, describe, next_step, severity
from support.markdown import DOCS, ROOT, table

_OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")
_TEXT = (DOCS / "anomalies.md").read_text(encoding="utf-8")


def test_buckets_and_their_sizes_are_documented() -> None:
    sizes = Counter(found.bucket for found in anomalies().values())

    rows = {row[0]: int(row[2]) for row in table(_TEXT, "bucket", "means", "codes")}

    assert rows == {str(bucket): sizes[bucket] for bucket in Bucket}


def test_deadlines_are_documented() -> None:
    assert [row[0] for row in table(_TEXT, "act_by", "means")] == [str(act_by) for act_by in ActBy]


def test_the_tables_are_documented() -> None:
    folder = ROOT / "plugins/dimona_provider/domain/tables"

    documented = {row[0] for row in table(_TEXT, "table", "one row or heading is")}

    assert documented == {path.name for path in folder.glob("anomaly_*")}


def test_the_texts_shown_are_real() -> None:
    (dutch,) = re.findall(r'^describe\("90017-510", "nl"\)  # (.*)$', _TEXT, re.MULTILINE)
    (french,) = re.findall(r'^next_step\("90017-510", "fr"\)  # (.*) …$', _TEXT, re.MULTILINE)

    assert describe("90017-510", "nl") == dutch
    assert next_step("90017-510", "fr").startswith(french)


def test_the_codes_of_the_demo_are_explained_in_the_words_of_the_catalogue() -> None:
    rows = dict(table(_OPERATIONS, "code", "means"))

    assert rows == {code: describe(code, "en") for code in rows}
    assert [code for code in rows if severity(code) is Severity.NOT_BLOCKING] == list(rows)[:3]
