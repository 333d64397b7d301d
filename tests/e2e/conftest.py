"""One running server for the reference clients of these tests."""

from collections.abc import Iterator

import pytest

from tests.support.server_world import Person, World, running, settings_in


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = settings_in(tmp_path_factory.mktemp("getuige"))
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))
