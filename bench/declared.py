"""A ledger of many declarations as years of use leave it, written by the database itself in a minute."""

from __future__ import annotations

import sqlalchemy as sa

from dimona_provider.ledger import Ledger
from dimona_provider.ledger.contact_schema import gaps
from dimona_provider.ledger.plan_schema import decisions

ENVIRONMENT = "https://nsso.example/v2"
CHUNK = 500
"""Declarations of a batch; ten batches are a run."""
EMPLOYERS = 40
RARE_CODE, USUAL_CODE = "00911-001", "90017-369"
BEGAN = 1_700_000_000.0
APART = 45.0
"""Seconds between one declaration and the next: a million of them are a year and a half."""
PERSONS = 3
"""Declarations of a person, about."""

_NUMBERS = """WITH RECURSIVE numbers(i) AS
  (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < :count)"""
_BATCHES = f"""
INSERT INTO batches (reference, environment, dimona_conn_id, origin, dag_id, run_id, created_at)
{_NUMBERS}
SELECT 'B-' || i, :environment, 'dimona_default', 'bench-' || i, 'dimona_declare', 'run-' || (i / 10),
  :began + i * {CHUNK} * :apart
FROM numbers
"""  # noqa: S608 - our own constants
_INTENTS = f"""
INSERT INTO intents (reference, batch, environment, employer, subject, employment, kind, content, basis,
  worker_hash, worker_type, file_by, body, state, declaration_id, filed_at, result, period_id, anomalies,
  answered_at, created_at, changed_at)
{_NUMBERS},
drawn AS (SELECT i, i * 7919 % 1000 AS s, i * 104729 % 1000 AS k, i * 1299709 % 10000 AS w,
  :began + i * :apart AS at FROM numbers),
told AS (SELECT drawn.*, CASE
    WHEN s < 850 THEN 'accepted' WHEN s < 910 THEN 'warned' WHEN s < 960 THEN 'refused'
    WHEN s < 975 THEN 'already_true' WHEN s < 985 THEN 'identifying' WHEN s < 990 THEN 'sent'
    WHEN s < 995 THEN 'planned' WHEN s < 998 THEN 'unclear' ELSE 'held' END AS state FROM drawn)
SELECT 'R-' || i, 'B-' || (i / {CHUNK} + 1), :environment, '04774727' || (10 + i * i % {EMPLOYERS}),
  'S-' || i, 'E-' || i,
  CASE WHEN k < 600 THEN 'IN' WHEN k < 900 THEN 'OUT' WHEN k < 990 THEN 'UPDATE' ELSE 'CANCEL' END,
  'C-' || i, '', 'W-' || (i / {PERSONS}),
  CASE WHEN w < 7000 THEN 'OTH' WHEN w < 8500 THEN 'STU' WHEN w < 9500 THEN 'FLX' WHEN w < 9999 THEN 'EXT'
    ELSE 'BCW' END,
  CASE WHEN k < 950 THEN at + 86400 END, :body, state,
  CASE WHEN state NOT IN ('planned', 'unclear', 'held') THEN 100000000000 + i END, at,
  CASE state WHEN 'accepted' THEN 'A' WHEN 'warned' THEN 'W' WHEN 'refused' THEN 'B' END,
  CASE WHEN state IN ('accepted', 'warned') THEN 200000000000 + i END,
  CASE WHEN state = 'warned' THEN '{USUAL_CODE}'
    WHEN state = 'refused' AND i % 997 = 0 THEN '90373-460 {RARE_CODE}'
    WHEN state = 'refused' THEN '90373-460' ELSE '' END,
  CASE WHEN state IN ('accepted', 'warned', 'refused') THEN at + 4 + i % 9 END, at, at + 5
FROM told
"""  # noqa: S608 - our own constants


def fill(ledger: Ledger, count: int, *, registers: int = 5_000) -> None:
    """Write *count* declarations, and *registers* gaps and as many questions."""
    values = {"environment": ENVIRONMENT, "began": BEGAN, "apart": APART}
    with ledger.write() as connection:
        connection.execute(sa.text(_BATCHES), {**values, "count": count // CHUNK + 1})
        body = ledger.keys.encrypt(b"{}")
        connection.execute(sa.text(_INTENTS), {**values, "count": count, "body": body})
        connection.execute(gaps.insert(), [_gap(number) for number in range(registers)])
        connection.execute(decisions.insert(), [_question(number, body) for number in range(registers)])
    if ledger.engine.dialect.name == "postgresql":
        # As its autovacuum does by itself after so many rows; SQLite gets no such help in use either.
        with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


def _gap(number: int) -> dict[str, object]:
    return {
        "environment": ENVIRONMENT,
        "employer": "0477472701",
        "kind": "date",
        "reference": f"E-{number}",
        "employment": f"E-{number}",
        "period_id": 200_000_000_000 + number,
        "detail": "end_date",
        "first_seen": BEGAN,
        "last_seen": BEGAN,
        "solved": BEGAN if number % 2 else None,
    }


def _question(number: int, body: bytes) -> dict[str, object]:
    return {
        "reference": f"Q-{number}",
        "environment": ENVIRONMENT,
        "employer": "0477472701",
        "kind": "late_cancel",
        "key": f"K-{number}",
        "employments": f'["E-{number}"]',
        "options": "keep file",
        "answer_by": BEGAN + number,
        "body": body,
        "asked_at": BEGAN,
    }
