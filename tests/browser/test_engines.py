"""The staff pages in three engines: Chromium, Firefox ESR and WebKitGTK, which is the engine of every iPhone.

Proven in each: the landing page, the case and the console start under our headers; a phrase opens the key; every item
of a case is opened and proven; the console is live. Under one header too many no page started in WebKit.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.support.engines import UNTIL, Window, firefox, sign_in, webkit
from tests.support.stand_in import StandIn
from tests.support.visitor import ARTEFACTS, visit

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


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
def engine(
    request: pytest.FixtureRequest, browser: Browser, tmp_path: Path
) -> tuple[str, Callable[[], AbstractAsyncContextManager[Window]]]:
    """The name of an engine, and what opens a window of it."""

    @asynccontextmanager
    async def chromium() -> AsyncIterator[Window]:
        async with visit(browser, "") as visitor:
            yield _Chromium(visitor.page)

    name: str = request.param
    return name, {"chromium": chromium, "firefox": lambda: firefox(tmp_path), "webkit": lambda: webkit(tmp_path)}[name]


async def test_the_staff_pages_start_and_sign_in(
    engine: tuple[str, Callable[[], AbstractAsyncContextManager[Window]]], server: StandIn
) -> None:
    name, opened = engine
    async with opened() as window:
        await window.go(server.url)
        await window.ask(UNTIL % "document.querySelector('.door')")
        assert await window.ask("return document.querySelectorAll('.door').length") == 2

        await sign_in(window, f"{server.url}/review", "marit", "getuige-review[data-checked]")
        total = len(server.world.containers)
        said = await window.ask(
            "return document.querySelector('.verification')?.textContent ?? document.body.textContent"
        )
        assert f"{total} van {total} bewezen" in said
        assert await window.ask("return document.querySelectorAll('.row .badge.proven').length") == total
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        (ARTEFACTS / f"engine-{name}.png").write_bytes(await window.picture())

        await sign_in(window, f"{server.url}/console", "daan", ".freshness.live")
        assert await window.ask("return document.querySelector('.freshness')?.className") == "freshness live"
