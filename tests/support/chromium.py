"""Debian's Chromium and real pictures, as fixtures; nothing is downloaded for the browser."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from server.demo import media
from tests.support.programs import need

PROJECT = Path(__file__).parents[2]


WITHOUT_GPU = ["--enable-unsafe-swiftshader"]
"""Maps are drawn by the graphics card; a machine for tests has none, and draws them in software."""


@pytest.fixture(scope="session")
def pictures() -> tuple[Path, ...]:
    """Three real photographs, a clip and a recording, from the demonstration's packages (kept in .cache/media)."""
    found = {one.path.name: one.path for one in media.gather(None, PROJECT / ".cache/media", print)}
    return tuple(found[name] for name in ("flower.jpg", "city-at-night.jpg", "starfish.jpg", "bikes.mp4", "speech.wav"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests, each in a fresh profile; with GETUIGE_HEADED=1 one can watch it."""
    program = need("chromium")
    async with async_playwright() as playwright:
        headless = os.environ.get("GETUIGE_HEADED") != "1"
        running = await playwright.chromium.launch(executable_path=str(program), headless=headless, args=WITHOUT_GPU)
        yield running
        await running.close()
