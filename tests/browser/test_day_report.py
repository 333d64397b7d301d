"""The daily report in Chromium: for dispatchers and caseworkers, by day, on paper, and when nothing is known."""

from datetime import date, timedelta

import pytest
from playwright.async_api import Browser, expect

from evidence import ids
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]


async def test_a_dispatcher_reads_and_prints_what_became_of_a_day(browser: Browser, server: StandIn) -> None:
    server.press()
    done = server.alarms[server.press()]
    done |= {
        "state": "closed",
        "closed": {"reason": "accidental", "by": {"kid": "5a" * 16, "label": "x"}, "at": ids.now()},
    }
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await page.get_by_role("button", name="Dagrapport").click()
        sums = page.locator(".report-sums")
        for name, count in (
            ("presses", 2),
            ("open", 1),
            ("accidental", 1),
            ("genuine", 0),
            ("weak", 1),
            ("unheard", 0),
        ):
            await expect(sums.locator(f"[data-count={name}] dd")).to_have_text(str(count))
        await expect(page.locator(f"tr[data-device='{server.world.device}']")).to_contain_text("14 %")
        for width in (1440, 390):
            await page.set_viewport_size({"width": width, "height": 900})
            await expect(sums.locator("[data-count=presses] dd")).to_be_visible()
            await daan.keep(f"day-report-{width}", full_page=True)
            await page.emulate_media(media="print")
            await expect(page.locator(".report-table")).to_be_visible()
            for hidden in (".listing", ".freshness", ".report-tools"):
                await expect(page.locator(hidden).first).to_be_hidden()
            await page.emulate_media(media="screen")
            await daan.sound()


async def test_a_day_is_one_of_amsterdam_and_is_asked_for_anew(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        await daan.console()
        await daan.page.get_by_role("button", name="Dagrapport").click()
        await expect(daan.page.locator(".report-sums")).to_be_visible()
        for day, hours in (("2026-03-29", 23), ("2025-10-26", 25), ("2026-07-01", 24)):
            asked = len(server.reports)
            await daan.page.get_by_label("Dag", exact=True).fill(day)
            await daan.page.get_by_label("Dag", exact=True).dispatch_event("change")
            await expect(daan.page.locator("#day-report-title")).to_contain_text(day[:4])
            await expect(daan.page.locator(".report-sums")).to_be_visible()
            since, until = server.reports[asked]
            first, last = map(ids.moment_of, (since, until))
            assert (last - first) == timedelta(hours=hours)
            assert (first + timedelta(hours=2)).date() == date.fromisoformat(day)
        await daan.sound()


async def test_a_caseworker_reads_it_too_and_nothing_known_is_no_zero(browser: Browser, server: StandIn) -> None:
    server.deaf = True
    async with visit(browser, server.url) as marit:
        await marit.review()
        await marit.page.get_by_role("button", name="Dagrapport").click()
        await expect(marit.page.locator(".day-report")).to_contain_text("niets te zeggen")
        await expect(marit.page.locator(".report-sums")).to_have_count(0)
        server.deaf = False
        await marit.page.get_by_role("button", name="Sluiten", exact=True).last.click()
        await marit.page.get_by_role("button", name="Dagrapport").click()
        await expect(marit.page.locator(".report-sums")).to_be_visible()
        await marit.sound()
