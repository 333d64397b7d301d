"""Erasures on the review page: a banner with the date and a way out of one press, and erased items as visible gaps.

Proven with real statements: what the page signs is judged by the authority rules, and a cancelled erasure stays so.
"""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from evidence import ids
from evidence.statements import bodies, statement
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]


def ask(server: StandIn) -> ids.ErasureId:
    """Let her ask that her first incident is erased."""
    world = server.world
    item = next(name for name, one in world.standing.items.items() if one.by == world.phone.kid)
    body = bodies.EraseRequest(ids.ErasureId(ids.new_id()), (item,))
    link = world.standing.next_link(world.vault.kid)
    world.record(statement.sign(world.vault, "erase.request", body, case=world.case, chain=link))
    return body.erasure


async def test_a_caseworker_sees_the_date_and_calls_it_off_with_one_press(browser: Browser, server: StandIn) -> None:
    erasure = ask(server)
    async with visit(browser, server.url) as marit:
        await marit.review()
        banner = marit.page.locator(f"[data-erasure='{erasure}']")
        await expect(banner).to_have_attribute("data-state", "asked")
        due = datetime.now(UTC) + timedelta(days=14)
        await expect(banner.locator("h2")).to_contain_text(f"{due.day} ")
        await marit.sound()
        await banner.locator("summary").click()
        await expect(banner).to_contain_text("Spreek haar eerst alleen")
        await banner.get_by_role("button", name="Ik sprak haar alleen en stem in").click()
        await expect(banner).to_have_attribute("data-state", "waiting")
        await banner.get_by_role("button", name="Niet wissen").click()
        await expect(banner).to_have_count(0)
        assert [one.type for one in server.statements] == ["erase.approve", "erase.cancel"]
        assert server.world.standing.erasures[erasure].ended
        await marit.sound()


async def test_what_was_erased_is_a_gap_that_says_so(browser: Browser, server: StandIn) -> None:
    item = ids.new_id()
    server.erased = [
        {
            "index": 7, "received_at": "2026-05-03T10:00:00.000Z", "type": "item.seal", "items": [item],
            "erasure": ids.new_id(), "erased_at": "2026-06-01T10:00:00.000Z", "leaf": "01" + "ab" * 32,
        }
    ]  # fmt: skip
    async with visit(browser, server.url) as marit:
        await marit.review()
        row = marit.page.locator(f"[data-erased='{item}']")
        await expect(row).to_contain_text("gewist op 1 jun 2026")
        await expect(row).to_contain_text("ontvangen op 3 mei 2026")
        await marit.sound()
