"""Which commands of docs/deployment.md the compose test runs."""

import pytest

from include.demo.environment import REPOSITORY
from tests.compose.documented import RESTORE, commands


def test_the_commands_of_a_section_are_found():
    found = commands(RESTORE).splitlines()

    assert found[0] == "umask 077", "what is backed up is its owner's alone"
    assert any(line.startswith("docker compose exec -T postgres pg_dump ") for line in found)
    assert found[-1] == "docker compose up -d --wait"


def test_a_restore_is_whole_or_none_and_may_begin_again():
    """Half of a ledger knows of few declarations, and has no index that keeps a second one out."""
    found = commands(RESTORE)

    assert "pg_restore --username postgres --single-transaction " in found
    assert "dropdb --username postgres --if-exists ledger" in found


def test_a_restored_ledger_is_its_owners_alone():
    made = (REPOSITORY / "include/deployment/postgres/databases.sh").read_text()

    assert "REVOKE ALL ON DATABASE $name FROM PUBLIC" in made
    assert "'REVOKE ALL ON DATABASE ledger FROM PUBLIC'" in commands(RESTORE)


def test_a_heading_without_commands_is_no_test():
    with pytest.raises(ValueError, match="no commands"):
        commands("Nothing of the kind")
