"""The tables in docs/anomalies.md are those of the catalogue."""

from __future__ import annotations

import re
from collections import Counter

from dimona_provider.domain.anomalies import ActBy, Bucket, anomalies, describe, next_step
from support.markdown import DOCS, ROOT, table

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
