"""Chromium, a true world, and a server for the browser tests. Debian's Chromium; nothing is downloaded for it."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from server.demo import media
from server.web import vendor
from tests.browser.stand_in import StandIn
from tests.browser.world import World, build
from tests.conftest import need

PROJECT = Path(__file__).parents[2]
ARTEFACTS = PROJECT / "tests/artefacts"
WITHOUT_GPU = ["--enable-unsafe-swiftshader"]
"""Maps are drawn by the graphics card; a machine for tests has none, and draws them in software."""


@pytest.fixture(scope="session", autouse=True)
def _libraries() -> None:
    """The pages are served from vendor/: without it every test here would fail for a dull reason."""
    if vendor.differences(vendor.vendor_files(), vendor.read_hashes()):
        pytest.fail("run `npm ci --ignore-scripts` in server/web, then `python -m server.web.vendor`")


@pytest.fixture(scope="session")
def pictures() -> tuple[Path, ...]:
    """Three real photographs, a clip and a recording, from the demonstration's packages (kept in .cache/media)."""
    found = {one.path.name: one.path for one in media.gather(None, PROJECT / ".cache/media", print)}
    return tuple(found[name] for name in ("flower.jpg", "city-at-night.jpg", "starfish.jpg", "bikes.mp4", "speech.wav"))


@pytest.fixture(scope="module")
def world(pictures: tuple[Path, ...]) -> World:
    """Four months of one case, with real pictures."""
    return build(pictures[:3], pictures[3:])


@pytest.fixture
def server(world: World) -> Iterator[StandIn]:
    """A server with that world."""
    with StandIn(world) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests, each in a fresh profile; with GETUIGE_HEADED=1 one can watch it."""
    program = need("chromium")
    async with async_playwright() as playwright:
        headless = os.environ.get("GETUIGE_HEADED") != "1"
        running = await playwright.chromium.launch(executable_path=str(program), headless=headless, args=WITHOUT_GPU)
        yield running
        await running.close()
