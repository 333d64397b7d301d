"""One running server for the tests of the API; each test makes the cases and phones that it needs."""

from collections.abc import Iterator

import pytest
import structlog

from tests.support.server_world import CONNECTIONS, CaseOfHers, Person, World, running, settings_in


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    settings = settings_in(tmp_path_factory.mktemp("getuige"))
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))
    CONNECTIONS.close()


@pytest.fixture
def case(world: World) -> CaseOfHers:
    return world.open_case()


@pytest.fixture
def phone(case: CaseOfHers) -> Person:
    return case.phone()
