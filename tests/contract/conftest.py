"""The service that the scenarios run against: the simulator in both its forms, or the one that is named."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from support.contract import QUICK, SLOW, Service, elsewhere, in_process, over_http

_FORMS = {"in-process": in_process, "over-http": over_http}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--dimona", metavar="URL", help="run the contract tests against this Dimona service")


def _named(config: pytest.Config) -> str | None:
    # Without tests/contract on the command line, pytest reads this file too late for the option to exist.
    return config.getoption("dimona", None) or os.environ.get("DIMONA_URL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    forms = ["elsewhere"] if _named(metafunc.config) else list(_FORMS)
    for name in {"service", "slow_service"} & set(metafunc.fixturenames):
        metafunc.parametrize(name, forms, indirect=True, scope="session")


def _made(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory, processing: float
) -> Iterator[Service]:
    url = _named(request.config)
    folder = folders.mktemp(request.param)
    with elsewhere(url) if url else _FORMS[request.param](folder, processing) as made:
        yield made


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give the service under test."""
    yield from _made(request, tmp_path_factory, QUICK)


@pytest.fixture(scope="session")
def slow_service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Give the service under test, slow enough to be looked at before it has processed anything."""
    yield from _made(request, tmp_path_factory, SLOW)


@pytest.fixture
def simulated(service: Service) -> Service:
    """Give the service, for a scenario that only the simulator knows."""
    if not service.is_simulator:
        pytest.skip("a scenario of the simulator")
    return service
