"""A founded data folder for the server that is killed, starved or misled in these tests."""

from pathlib import Path

import pytest

from evidence import keys
from server.founding import found
from server.settings import Settings
from tests.support.server_world import settings_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "data")


@pytest.fixture
def root(settings: Settings) -> keys.Identity:
    identity = keys.Identity.generate()
    found(settings, identity, "Filomena")
    return identity
