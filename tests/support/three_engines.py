"""A window in each of three engines: Chromium, Firefox ESR and WebKitGTK, which is the engine of every iPhone."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.support.engines import Window, firefox, webkit
from tests.support.visitor import visit

Engine = tuple[str, Callable[[], AbstractAsyncContextManager[Window]]]
"""The name of an engine, and what opens a window of it."""


class _Chromium:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def go(self, url: str) -> None:
        await self._page.goto(url)

    async def ask(self, body: str) -> object:
        return await self._page.evaluate(f"(async () => {{ {body} }})()")

    async def picture(self) -> bytes:
        return await self._page.screenshot()


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Engine:
    """Each engine after the other."""

    @asynccontextmanager
    async def chromium() -> AsyncIterator[Window]:
        async with visit(browser, "") as visitor:
            yield _Chromium(visitor.page)

    name: str = request.param
    return name, {"chromium": chromium, "firefox": lambda: firefox(tmp_path), "webkit": lambda: webkit(tmp_path)}[name]
