"""The note that a dispatcher may add when closing an alarm: the close goes first and waits for nothing.

Whatever becomes of the note is said, and words that are not kept stay on the screen. That it arrives, sealed for the
case alone, is proven with the whole (`test_whole.py`), in Node and at the server.
"""

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from tests.support.stand_in import StandIn
from tests.support.visitor import Visitor, visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

WORDS = "Hij was weg. De buurvrouw blijft vannacht."


async def _close_with_a_note(visitor: Visitor, server: StandIn) -> str:
    page = visitor.page
    await visitor.console()
    alarm = server.press(seconds_ago=9)
    await page.wait_for_selector(f"[data-alarm='{alarm}'][data-state=delivered]")
    await page.keyboard.press("a")
    await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
    await page.keyboard.press("c")
    await expect(page.locator(".reasons button").first).to_be_focused()
    await page.get_by_label("Notitie voor het dossier").fill(WORDS)
    await visitor.keep("console-note")
    await visitor.sound()
    await page.get_by_role("button", name="Echt alarm").click()
    await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "closed")
    return alarm


async def test_what_cannot_be_sealed_is_said_with_its_words_and_the_alarm_is_closed(
    browser: Browser, server: StandIn
) -> None:
    asked: list[list[str]] = []

    async def nobody(route: Route) -> None:
        asked.append([act.type for act in server.acts])
        await route.fulfill(json={"xwing": "AAAA", "vault": "00" * 32, "events": [], "lists": [], "readers": {}})

    async with visit(browser, server.url) as daan:
        await daan.page.route("**/readers", nobody)
        alarm = await _close_with_a_note(daan, server)
        told = daan.page.locator("[data-note=unsealed]")
        await expect(told).to_contain_text("versleutelen lukte niet. Het alarm is wel gesloten")
        await expect(told).to_contain_text(WORDS)
        await daan.keep("console-note-unsealed")
        await daan.sound()
        await told.get_by_role("button", name="Weghalen").click()
        await expect(told).to_have_count(0)
    assert asked == [["alarm.accept", "alarm.close"]], "the close was written down before anything of the note began"
    assert server.acts[-1].body.alarm == alarm  # type: ignore[attr-defined] # a close


async def test_a_server_that_says_nothing_of_readers_holds_up_no_close_and_no_next_alarm(
    browser: Browser, server: StandIn
) -> None:
    silent = asyncio.Event()

    async def wait(_route: Route) -> None:
        silent.set()  # and nobody answers

    async with visit(browser, server.url) as daan:
        await daan.page.route("**/readers", wait)
        await _close_with_a_note(daan, server)
        await asyncio.wait_for(silent.wait(), 10)
        await expect(daan.page.locator("[data-note=sealing]")).to_be_visible()
        following = server.press(seconds_ago=1)
        await daan.page.locator(f"button.alarm[data-alarm='{following}']").click()
        await daan.page.keyboard.press("a")
        await expect(daan.page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        await daan.sound()
    assert [act.type for act in server.acts] == ["alarm.accept", "alarm.close", "alarm.accept"]


async def test_without_words_nobody_is_asked_and_a_refused_close_keeps_the_words(
    browser: Browser, server: StandIn
) -> None:
    asked: list[str] = []

    async def note(route: Route) -> None:
        asked.append(route.request.url)
        await route.abort()

    async with visit(browser, server.url) as daan:
        page = daan.page
        await page.route("**/readers", note)
        await daan.console()
        alarm = server.press(seconds_ago=9)
        await page.wait_for_selector(f"[data-alarm='{alarm}'][data-state=delivered]")
        await page.keyboard.press("a")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        await page.keyboard.press("c")
        field = page.get_by_label("Notitie voor het dossier")
        await field.fill(WORDS)
        refusal = {"type": "urn:getuige:problem:bridge-refused", "title": "Nee", "status": 409, "reason": "state"}
        await page.route("**/acts", lambda route: route.fulfill(status=409, json=refusal))
        await page.get_by_role("button", name="Echt alarm").click()
        await expect(page.locator(".desk .problem").first).to_be_visible()
        await expect(field).to_have_value(WORDS)
        await page.unroute("**/acts")
        await field.fill("  ")
        await page.get_by_role("button", name="Echt alarm").click()
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "closed")
        await expect(page.locator(".closing-note")).to_have_count(0)
        daan.errors.clear()  # the refusal was meant
    assert asked == []
