"""What docker-compose.yaml promises, read without Docker: no secret, pinned, limited, watched, not root."""

from __future__ import annotations

import re
from typing import Any

import pytest

from include.demo.environment import REPOSITORY
from include.deployment.__main__ import parser
from include.deployment.places import CONNECTIONS, EXAMPLE, KEYS, SECRETS
from support.markdown import DOCS, table
from tests.compose.project import official_images, read_compose_file

COMPOSE = read_compose_file()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"check", "init", "demo"}
TEXT = "\n".join(
    (REPOSITORY / name).read_text(encoding="utf-8")
    for name in ("docker-compose.yaml", "docker-compose.development.yaml", "Dockerfile", ".env.example")
)
DURATION = re.compile(r"(\d+)s")

each = pytest.mark.parametrize("name", sorted(SERVICES))
each_lasting = pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
each_secret = pytest.mark.parametrize("name", SECRETS)


def test_all_of_airflow_is_there():
    airflow = {"api-server", "scheduler", "dag-processor", "worker", "triggerer"}

    assert set(SERVICES) == airflow | ONCE | {"postgres", "redis", "simulator"}
    assert SERVICES["worker"]["deploy"]["replicas"] == "${DIMONA_WORKERS:-2}"
    assert SERVICES["triggerer"]["deploy"]["replicas"] == "${DIMONA_TRIGGERERS:-2}"
    assert SERVICES["api-server"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_only_the_demo_has_a_simulator():
    assert {name for name, one in SERVICES.items() if one.get("profiles") == ["demo"]} == {
        "demo",
        "simulator",
    }


@each
def test_nobody_waits_for_a_database_before_the_check(name):
    """The entrypoint of Airflow's image does so for a minute, unless told not to."""
    one = SERVICES[name]

    if "DIMONA_IMAGE" in one["image"]:
        assert one["environment"]["CONNECTION_CHECK_MAX_COUNT"] == "0"


@each
def test_every_service_has_limits(name):
    limits = SERVICES[name]["deploy"]["resources"]["limits"]

    assert set(limits) == {"memory", "cpus", "pids"}


@each
def test_no_service_gains_rights(name):
    one = SERVICES[name]

    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    # PostgreSQL's own entrypoint becomes another user once its volume is prepared.
    assert name == "postgres" or one["user"].split(":")[0] != "0"


@each
def test_logs_of_containers_are_bounded(name):
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@each_lasting
def test_what_lasts_is_watched_started_again_and_given_time_to_end(name):
    one = SERVICES[name]
    grace = DURATION.fullmatch(one["stop_grace_period"])

    assert one["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "retries"} <= set(one["healthcheck"])
    assert grace
    assert int(grace[1]) >= 10


@pytest.mark.parametrize("name", sorted(ONCE))
def test_what_runs_once_is_not_started_again(name):
    assert SERVICES[name]["restart"] == "no"


@each
def test_every_command_of_ours_exists(name):
    words = SERVICES[name].get("command", [])
    called = [words, SERVICES[name].get("healthcheck", {}).get("test", [])]

    for one in called:
        if "include.deployment" in one:
            arguments = one[one.index("include.deployment") + 1 :]
            parser().parse_args([word if "$" not in word else "1" for word in arguments])


def test_nothing_starts_before_the_check():
    def reaches_the_check(name: str) -> bool:
        needed = SERVICES[name]["depends_on"]
        return "check" in needed or any(reaches_the_check(one) for one in needed if one != "simulator")

    open_ = {
        name
        for name in SERVICES
        if name not in {"check", "demo", "simulator"} and not reaches_the_check(name)
    }
    assert not open_
    assert SERVICES["check"]["depends_on"] == {
        "simulator": {"condition": "service_healthy", "required": False}
    }


def test_images_are_pinned_by_version():
    for image in official_images().values():
        assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-python3\.\d+)?", image), image


def test_airflow_is_the_one_that_is_tested():
    (version,) = re.findall(
        r"^apache-airflow==(\S+)", (REPOSITORY / "requirements.in").read_text(), re.MULTILINE
    )

    assert official_images()["airflow"].startswith(f"apache/airflow:{version}-")


def test_the_image_is_named_after_the_version():
    (version,) = re.findall(r'^version = "(.+)"', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)

    assert f"${{DIMONA_IMAGE:-airflow-dimona:{version}}}" in TEXT


@each_secret
def test_every_secret_is_a_file(name):
    (source,) = COMPOSE["secrets"][name].values()

    assert source.startswith("${DIMONA_SECRETS:?")
    assert source.endswith(f"/{name}")
    assert (EXAMPLE / name).is_file()


def test_no_other_secret_is_used():
    used = {name for one in SERVICES.values() for name in one.get("secrets", [])}

    assert used == set(COMPOSE["secrets"]) == set(SECRETS) == {path.name for path in EXAMPLE.iterdir()}


@each_secret
def test_no_secret_stands_in_a_file_of_the_set_up(name):
    if name != CONNECTIONS:
        assert (EXAMPLE / name).read_text().strip() not in TEXT


@each
def test_no_password_stands_in_an_environment(name):
    environment = SERVICES[name].get("environment") or {}

    for variable, value in environment.items():
        if re.search(r"PASSWORD|SECRET_KEY|JWT|FERNET|SQL_ALCHEMY|BROKER|RESULT_BACKEND", variable):
            assert variable.endswith(("_CMD", "_FILE")), variable
            assert "/run/secrets/" in value


@each
def test_secrets_that_a_service_reads_are_given_to_it(name):
    one = SERVICES[name]
    read = set(re.findall(r"/run/secrets/([\w.]+)", str(one)))

    assert read <= set(one.get("secrets", [])), name


def test_every_airflow_can_read_the_keys_and_only_init_writes_them():
    writers = {
        name
        for name, one in SERVICES.items()
        if any(str(v) == f"keys:{KEYS}" for v in one.get("volumes", []))
    }

    assert writers == {"init", "demo", "simulator"}
    assert all(
        f"keys:{KEYS}:ro" in SERVICES[name]["volumes"]
        for name in ("api-server", "scheduler", "dag-processor", "worker", "triggerer")
    )


def test_the_ui_is_for_this_machine_alone_unless_asked():
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}

    assert published == {"api-server": ["${DIMONA_LISTEN:-127.0.0.1}:${DIMONA_PORT:-8080}:8080"]}


def test_every_variable_is_in_the_example():
    example = (REPOSITORY / ".env.example").read_text()
    read = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))

    # A prefix, because the shell goes before .env, and many a shell has a PORT.
    assert all(one.startswith("DIMONA_") for one in read)
    assert read | {"COMPOSE_FILE"} == named


def test_defaults_in_the_example_are_those_of_the_file():
    example = dict(re.findall(r"^#([A-Z_]+)=(.*)$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT))

    set_for_the_demo = {"DIMONA_AUTHORITIES", "DIMONA_DAGS_PAUSED"}
    assert {name: example[name] for name in defaults if name not in set_for_the_demo} == {
        name: value for name, value in defaults.items() if name not in set_for_the_demo
    }


def test_every_setting_is_documented():
    rows = table((DOCS / "deployment.md").read_text(), "variable", "meaning", "default")
    documented = {name.strip() for row in rows for name in row[0].split(",")}

    assert documented == set(re.findall(r"\$\{([A-Z_]+)", TEXT)) | {"COMPOSE_FILE"}


def test_every_secret_is_documented():
    rows = table((DOCS / "deployment.md").read_text(), "secret", "for")

    assert {name.strip() for row in rows for name in row[0].split(",")} == set(SECRETS)


def test_every_service_is_documented():
    rows = table((DOCS / "deployment.md").read_text(), "service", "does", "limits")

    assert {name.strip() for row in rows for name in row[0].split(",")} == set(SERVICES)


def test_all_of_airflow_takes_the_folder_to_develop():
    development = read_compose_file("docker-compose.development.yaml")["services"]

    ours = {name for name, one in SERVICES.items() if "DIMONA_IMAGE" in one["image"]}
    assert set(development) == ours
    for one in development.values():
        assert [volume.split(":")[0] for volume in one["volumes"]] == ["./dags", "./plugins", "./include"]


def test_secrets_and_local_settings_are_never_committed_nor_built_in():
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()
    allowed = [
        line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]

    assert {".env", "airflow.env", "secrets/", "*.dump", "ledger-keys.json*"} <= set(ignored)
    assert set(allowed) == {"!pyproject.toml", "!README.md", "!LICENSE", "!plugins", "!include", "!dags"}
