"""Words for a lead on the review page: who reads, what changed under her phrase, what was corrected and by whom."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from evidence import ids
from evidence.statements import bodies, statement
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]


async def test_a_case_without_a_reader_and_a_change_under_her_phrase_stand_above_the_case(
    browser: Browser, server: StandIn
) -> None:
    changed = ids.time_of(datetime.now(UTC) - timedelta(days=2))
    server.readers = {"count": 0, "until": None, "ends_within_days": None, "next_from": None, "changed_at": changed}
    async with visit(browser, server.url, viewport={"width": 390, "height": 900}) as marit:
        await marit.review()
        nobody, change = (marit.page.locator(f"[data-readers={one}]") for one in ("none", "changed"))
        await expect(nobody).to_contain_text("Niemand leest mee wat er nu bij komt")
        await expect(change).to_contain_text("Doe de controle die bij de intake is afgesproken")
        await expect(marit.page.locator("[data-readers]")).to_have_count(2)
        await marit.sound()


async def test_a_list_that_ends_soon_is_said_with_the_day(browser: Browser, server: StandIn) -> None:
    until = "2026-12-04T11:00:00.000Z"
    server.readers = {"count": 2, "until": until, "ends_within_days": 7, "next_from": None, "changed_at": None}
    async with visit(browser, server.url) as marit:
        await marit.review()
        ends = marit.page.locator("[data-readers=end]")
        await expect(ends).to_contain_text("loopt af op 4 dec 2026, 12:00")
        await expect(ends).to_contain_text("2 lezers")


async def test_a_grant_that_ends_soon_and_what_a_server_can_hold_back_are_said(
    browser: Browser, server: StandIn
) -> None:
    soon, until = "2026-12-04T11:00:00.000Z", "2027-03-04T11:00:00.000Z"
    server.readers = {"count": 2, "until": until, "ends_within_days": None, "next_from": soon, "changed_at": None}
    server.readers["grant_ends_at"] = soon
    async with visit(browser, server.url) as marit:
        await marit.review()
        grant, following = (marit.page.locator(f"[data-readers={one}]") for one in ("grant", "next"))
        await expect(grant).to_contain_text("Wat zij aan iemand gaf, loopt af op 4 dec 2026, 12:00")
        await expect(following).to_contain_text("kan een nieuwe lijst achterhouden")
        await marit.sound()


async def test_her_correction_counts_and_what_a_phone_adds_alone_does_not(browser: Browser, server: StandIn) -> None:
    world = server.world
    hers = [item for item, one in world.standing.items.items() if one.by == world.phone.kid]
    (phone,) = (one.body.device for one in world.statements if isinstance(one.body, bodies.DeviceEnrol))
    async with visit(browser, server.url) as marit:
        await marit.review()
        await expect(marit.page.locator("[data-mark]")).to_have_count(0)
    old, new, alone = hers[0], hers[1], hers[2]
    for who, body in ((world.vault, bodies.ItemAmend(new, old)), (world.phone, bodies.ItemAmend(alone, new))):
        link = world.standing.next_link(who.kid)
        world.record(statement.sign(who, "item.amend", body, case=world.case, chain=link))
    async with visit(browser, server.url) as marit:
        await marit.review()
        for item, mark, words in (
            (old, "mark-replaced", "Door haar verbeterd"),
            (new, "mark-correction", "Verbetering door haar"),
            (alone, "mark-unconfirmed", "niet door haar bevestigd"),
        ):
            badge = marit.page.locator(f"#row-{item} [data-mark]")
            await expect(badge).to_have_attribute("data-mark", mark)
            await expect(badge).to_contain_text(words)
        await marit.page.locator(f"#row-{alone} .title").click()
        await expect(marit.page.locator("#detail")).to_contain_text("Telt niet mee")
        await marit.sound()
    window = (ids.Time("2020-01-01T00:00:00.000Z"), ids.now())
    link = world.standing.next_link(world.vault.kid)
    dispute = bodies.Dispute(phone, *window)
    world.record(statement.sign(world.vault, "dispute", dispute, case=world.case, chain=link))
    async with visit(browser, server.url) as marit:
        await marit.review()
        await expect(marit.page.locator("[data-mark=mark-disputed]")).to_have_count(len(hers))
