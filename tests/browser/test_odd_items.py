"""Odd items of every kind in one case: the review page shows the rest, and names what does not open."""

import pytest
from playwright.async_api import Browser, expect

from tests.support import odd_items
from tests.support.entries import INCIDENTS
from tests.support.page_world import build
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]


async def test_the_review_page_goes_on_and_names_what_does_not_open(browser: Browser) -> None:
    world = build(())
    good = len(world.containers)
    odd = {world.raw(one): one for one in (*odd_items.few(), *odd_items.kinds())}
    closed = {item for item, one in odd.items() if one.opens == "nothing"}
    with StandIn(world) as server:
        async with visit(browser, server.url) as marit:
            await marit.review()

            for told in INCIDENTS:
                await expect(marit.page.get_by_role("button", name=told.title, exact=True)).to_be_visible()
            assert await marit.page.locator("[role=row][id^=row-]").count() == good + len(odd) - len(closed)
            assert await marit.page.locator(".row .badge.failed").count() == 0
            section = marit.page.locator("details.unopened")
            await expect(section.locator("summary")).to_contain_text(f"{len(closed)} items openen niet")
            await section.locator("summary").click()
            await expect(section).to_contain_text("Telefoon van de zaak")
            named = await section.locator("li").evaluate_all("(rows) => rows.map((row) => row.dataset.item)")
            assert set(named) == closed
            await marit.page.get_by_role("button", name="Net niet te lang", exact=True).click()
            await expect(marit.page.locator("#detail")).to_contain_text("Net niet te lang")
            for kind in odd_items.FULL:  # each says what it is, and all that it says
                row = marit.page.locator(f"[role=row] .kind-{kind}")
                await expect(row.first).to_be_attached()
            await marit.page.get_by_role("button", name="Papier: trace", exact=True).click()
            detail = marit.page.locator("#detail")
            for said in ("zender", "Plat zendertje in de fietstas", "Haar zus", "ISDi 1.4", "Alleen voor mij"):
                await expect(detail).to_contain_text(said)
            assert not await marit.violations()
            assert not marit.errors
