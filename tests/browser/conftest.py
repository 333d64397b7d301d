"""Chromium, a true world, and a server for the browser tests. Debian's Chromium; nothing is downloaded for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.web import vendor
from tests.support.chromium import browser, pictures
from tests.support.page_world import World, build
from tests.support.stand_in import StandIn

__all__ = ["browser", "pictures"]  # fixtures


@pytest.fixture(scope="session", autouse=True)
def _libraries() -> None:
    """The pages are served from vendor/: without it every test here would fail for a dull reason."""
    if vendor.differences(vendor.vendor_files(), vendor.read_hashes()):
        pytest.fail("run `npm ci --ignore-scripts` in server/web, then `python -m server.web.vendor`")


@pytest.fixture(scope="module")
def world(pictures: tuple[Path, ...]) -> World:
    """Four months of one case, with real pictures."""
    return build(pictures[:3], pictures[3:])


@pytest.fixture
def server(world: World) -> Iterator[StandIn]:
    """A server with that world."""
    with StandIn(world) as running:
        yield running
