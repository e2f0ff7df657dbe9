import fcntl

import pytest

from include.demo.__main__ import main
from include.demo.errors import DemoError
from include.demo.progress import Progress
from include.demo.settings import Settings


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_DIRECTORY", str(tmp_path / "demo"))
    monkeypatch.delenv("AIRFLOW_CONN_DIMONA_DEFAULT", raising=False)
    monkeypatch.delenv("DEMO_EMPLOYMENTS", raising=False)
    return tmp_path / "demo"


@pytest.mark.parametrize(
    "connection",
    [
        "dimona://me@/?environment=production",
        '{"conn_type": "dimona"',
        '{"conn_type": "dimona", "host": 5, "extra": {"environment": "custom", "private_key_path": 5}}',
        "not a connection",
    ],
)
def test_a_connection_that_must_not_be_used_stops_it_before_anything_starts(
    connection, directory, monkeypatch, capsys
):
    monkeypatch.setenv("AIRFLOW_CONN_DIMONA_DEFAULT", connection)

    code = main(["up"])

    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert not directory.exists()


@pytest.mark.parametrize("number", ["-1", "1.5", "many", "1000001", "²", "9" * 5000])
def test_a_wrong_size_is_one_line(number, directory, monkeypatch, capsys):
    monkeypatch.setenv("DEMO_EMPLOYMENTS", number)

    code = main(["up"])

    assert code == 1
    assert capsys.readouterr().err == "demo: DEMO_EMPLOYMENTS must be a whole number from 0 to 1000000\n"
    assert not directory.exists()


@pytest.mark.parametrize(
    ("caller", "option", "count"), [({}, None, 300), ({"DEMO_EMPLOYMENTS": "0"}, None, 0), ({}, "7", 7)]
)
def test_the_size_of_the_sample(caller, option, count):
    assert Settings.read(caller, option).employments == count


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_directory_that_cannot_be_used_is_one_line(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DEMO_DIRECTORY", str(tmp_path / "file"))

    code = main([command])

    assert code == 1
    reason = f"DEMO_DIRECTORY {tmp_path / 'file'} can't be used: File exists"
    assert capsys.readouterr().err == f"demo: {reason}\n"


def test_two_cannot_start_at_once(directory, capsys):
    directory.mkdir()
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        code = main(["up"])

    assert code == 1
    assert capsys.readouterr().err == f"demo: another demo is being started in {directory}\n"


def test_down_without_anything_running_is_no_failure(directory, capsys):
    assert main(["down"]) == 0
    assert capsys.readouterr().out == "nothing runs\n"
    assert not directory.exists()


def test_status_tells_a_script_that_nothing_runs(directory):
    assert main(["status"]) == 1


def test_a_size_that_is_wrong_on_the_command_line_is_refused():
    with pytest.raises(DemoError):
        Settings.read({}, "x")


def test_details_are_shown_every_few_seconds_only():
    lines, now = [], [0.0]
    progress = Progress(lines.append, lambda: now[0], interval=5)

    progress.phase("start")
    for second in range(1, 12):
        now[0] = float(second)
        progress.detail(f"at {second}")

    assert lines == ["[  0.0 s] start", "[  5.0 s]   at 5", "[ 10.0 s]   at 10"]
