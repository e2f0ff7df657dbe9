"""Which commands of docs/deployment.md the compose test runs."""

import pytest

from tests.compose.documented import RESTORE, commands


def test_the_commands_of_a_section_are_found():
    found = commands(RESTORE).splitlines()

    assert found[0].startswith("docker compose exec -T postgres pg_dump ")
    assert found[-1] == "docker compose up -d --wait"


def test_a_heading_without_commands_is_no_test():
    with pytest.raises(ValueError, match="no commands"):
        commands("Nothing of the kind")
