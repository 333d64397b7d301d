"""The staff pages in three engines: Chromium, Firefox ESR and WebKitGTK, which is the engine of every iPhone.

Proven in each: the landing page, the case and the console start under our headers; a phrase opens the key; every item
of a case is opened and proven; the console is live. Under one header too many no page started in WebKit.
"""

import pytest

from tests.support.engines import UNTIL, sign_in
from tests.support.stand_in import StandIn
from tests.support.three_engines import Engine, engine
from tests.support.visitor import ARTEFACTS

__all__ = ["engine"]  # a fixture

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


async def test_the_staff_pages_start_and_sign_in(engine: Engine, server: StandIn) -> None:
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
