"""The review page with many rows: the first are there before the rest, and what opened once opens without its wraps."""

import asyncio
import json
import re
from dataclasses import replace

import pytest
from playwright.async_api import Browser, Route, expect

from evidence import canonical
from evidence.envelope import pages, rings
from tests.support.ring_bytes import ring
from tests.support.stand_in import StandIn
from tests.support.visitor import Visitor, visit
from tests.support.waiting import patience

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

ROWS = "document.querySelectorAll('.row').length"


async def rows_of(marit: Visitor) -> int:
    await expect(marit.page.locator("getuige-review")).to_have_attribute("data-checked", "true")
    return await marit.page.locator(".row").count()


async def left(server: StandIn, number: int) -> rings.Ring:
    """Wait until the page left a ring of this number, and return what stands in clear on it."""

    def found() -> rings.Ring | None:
        data = server.rings.get("marit", b"")
        return rings.parse(data) if data.startswith(rings.MAGIC) else None

    async with asyncio.timeout(patience(10)):
        while (one := found()) is None or one.number != number:  # noqa: ASYNC110 - the other side is a browser
            await asyncio.sleep(0.05)
    return one


async def test_the_first_rows_are_there_before_the_rest(browser: Browser, server: StandIn) -> None:
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    async def shorter(route: Route) -> None:
        await route.continue_(url=route.request.url.replace("limit=100", "limit=12"))

    async with visit(browser, server.url) as marit:
        await marit.page.route(re.compile(r"limit=100$"), shorter)
        await marit.page.route(re.compile(r"limit=1000$"), hold)
        await marit.sign_in("/review", "marit")
        await marit.until(f"{ROWS} > 0")
        await expect(marit.page.locator("[data-rest]")).to_be_visible()
        assert await marit.page.locator("getuige-overview").count() == 0, "figures of a part would be wrong"
        few = await marit.page.locator(".row").count()
        go_on.set()
        assert await rows_of(marit) > few
        await expect(marit.page.locator("[data-rest]")).to_have_count(0)
        await expect(marit.page.locator("getuige-overview")).to_be_visible()
        await marit.sound()


async def without_wraps(route: Route) -> None:
    """Give every head of a page with wraps that open nothing."""
    answer = await route.fetch()
    page = pages.read(await answer.body())

    def spoilt(head: bytes) -> bytes:
        envelope = json.loads(head)
        said = json.loads(canonical.unb64(envelope["payload"]))
        for wrap in said["wraps"]:
            wrap["wrap"] = canonical.b64(bytes(1168))
        return canonical.encode({**envelope, "payload": canonical.b64(canonical.encode(said))})

    changed = [
        one if one.item is None else replace(one, item=replace(one.item, head=spoilt(one.item.head)))
        for one in page.rows
    ]
    await route.fulfill(response=answer, body=pages.write(canonical.encode(dict(page.facts)), changed))


async def test_what_opened_once_opens_by_the_ring(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        count = await rows_of(marit)
        await left(server, 1)
        await marit.page.route("**/timeline?*", without_wraps)
        await marit.review()
        assert await rows_of(marit) == count
        assert await marit.page.locator(".row .badge.failed").count() > 0, (
            "whose wraps were changed is said all the same"
        )


@pytest.mark.parametrize("kind", ["garbage", "of another reader", "older"])
async def test_a_ring_of_somebody_else_costs_nothing_but_time(browser: Browser, server: StandIn, kind: str) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        count = await rows_of(marit)
        found = await left(server, 1)
        shown = {"garbage": b"x" * 500, "of another reader": ring(5, *found.items), "older": server.rings["marit"]}
        if kind == "older":
            names = "Object.keys(localStorage).filter((one) => one.startsWith('getuige-ring-'))"
            (pin,) = await marit.page.evaluate(names)
            await marit.page.evaluate(f"localStorage.setItem('{pin}', '9')")
        server.rings["marit"] = shown[kind]
        await marit.review()
        assert await rows_of(marit) == count
        again = await left(server, 10 if kind == "older" else 2)
        assert again.items == found.items
        await marit.sound()
