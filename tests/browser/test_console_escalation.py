"""The console in Chromium when nobody accepts, when a claim is held, and when a screen is behind.

Proven: an escalation sounds the siren again for who had silenced it and says in words what happens; a claim is renewed
for as long as the page is open; an act carries the revision that was on the screen, and a refusal as stale says so.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from evidence import ids
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

RENEWED_WITHIN_MS = 12_000
"""The page renews its claims every ten seconds."""


def change(server: StandIn, alarm: str, **members: Any) -> None:  # noqa: ANN401 - members of many types
    server.alarms[alarm] |= members
    server.tell("alarm", server.alarms[alarm])


async def test_the_siren_comes_back_when_nobody_accepts(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await page.get_by_role("button", name="Dienst starten").click()
        alarm = server.press()
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_visible()
        await page.keyboard.press("m")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_hidden()

        first = {"stage": 1, "at": ids.now(), "why": "not-accepted"}
        change(server, alarm, escalation=first, revision=0)
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_visible()
        await expect(page.locator("article.alarm-view .escalated")).to_contain_text("30 seconden niet aangenomen")
        await expect(page.get_by_role("alert").filter(has_text="30 seconden")).to_have_count(1)
        await daan.sound()

        await page.get_by_role("button", name="Ik kijk").click()
        await expect(page.locator(f"button[data-alarm='{alarm}']")).to_contain_text("bekeken door Daan Okafor")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_visible()
        await expect(page.locator("article.alarm-view .escalated")).to_contain_text("Nu proberen wij de tweede")
        at = ids.now()
        nobody = {"route": "on-call", "outcome": "failed", "at": at, "code": "nobody-on-call", "detail": ""}
        told = {"route": "device", "outcome": "delivered", "at": at, "code": "device-told-112", "detail": ""}
        change(server, alarm, escalation={**first, "stage": 2, "at": at}, routes=[nobody, told])
        line = page.locator("article.alarm-view .escalated")
        await expect(line).to_contain_text("Er is geen achterwacht ingesteld")
        await expect(line).not_to_contain_text("proberen")
        await expect(line).to_contain_text("De knop kreeg de opdracht te zeggen: bel 112")
        change(server, alarm, escalation={**first, "stage": 2, "at": ids.now(), "rounds": 2}, routes=[nobody, told])
        await expect(line).to_contain_text("Ronde 2")
        await expect(line).to_contain_text("Er is geen achterwacht ingesteld")
        await expect(line).not_to_contain_text("proberen")
        await page.wait_for_timeout(RENEWED_WITHIN_MS)
        assert server.leases == [("daan", alarm)], "the page says that it is still there, for its own claim only"

        await page.keyboard.press("a")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        await expect(page.locator(".escalated")).to_have_count(0)
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_hidden()


async def test_an_alarm_that_was_accepted_and_left_calls_again_and_says_who_left_it(
    browser: Browser, server: StandIn
) -> None:
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await page.get_by_role("button", name="Dienst starten").click()
        alarm = server.press()
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_visible()
        await page.keyboard.press("m")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_hidden()
        left = {"route": "console-siren", "outcome": "delivered", "at": ids.now(), "code": "siren-not-dispatched",
                "about": "Sanne de Wit"}  # fmt: skip
        entry = {"at": ids.now(), "what": "accepted, nobody dispatched", "by": "Sanne de Wit"}
        again = {"at": ids.now(), "what": "escalated again: round 3", "by": "bridge"}
        change(server, alarm, routes=[left], history=[*server.alarms[alarm]["history"], entry, again])
        await expect(page.locator("article.alarm-view .escalated")).to_contain_text(
            "Sanne de Wit nam dit aan, maar na 5 minuten was geen eenheid gestuurd"
        )
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_visible()
        await expect(page.locator(".history")).to_contain_text("stuurde in 5 minuten geen eenheid")
        await expect(page.locator(".history")).to_contain_text("opnieuw gewaarschuwd: ronde 3")
        await expect(page.locator(".routes")).to_contain_text("klinkt op tafels waar een dienst is begonnen")
        await daan.sound()


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_quick_close_is_shown_to_whoever_did_not_close_it(
    browser: Browser, server: StandIn, width: int
) -> None:
    async with visit(browser, server.url, viewport={"width": width, "height": 900}) as daan:
        page = daan.page
        await daan.console()
        alarm, own = server.press(), server.press()
        await page.wait_for_selector(f"button[data-alarm='{own}']")
        at = ids.time_of(ids.moment_of(server.alarms[alarm]["raised_at"]) + timedelta(seconds=12))
        closed = {"reason": "accidental", "by": {"kid": "5a" * 16, "label": "Sanne de Wit"}, "at": at}
        change(server, alarm, state="closed", closed=closed, flags=["second-look"])
        await expect(page.get_by_role("alert").filter(has_text="Kijk mee met een gesloten alarm")).to_have_count(1)
        title = page.locator(".second-look-title")
        await expect(title).to_be_visible()
        await page.locator(f"button[data-alarm='{alarm}']").click()
        await expect(page.locator("div.second-look")).to_contain_text(
            "Per ongeluk, 12 s na de druk gesloten door Sanne de Wit."
        )
        await daan.keep(f"console-second-look-{width}", full_page=True)
        assert await daan.axe() == []
        await page.get_by_role("button", name="Gezien").click()
        await expect(title).to_have_count(0)
        await expect(page.locator("div.second-look")).not_to_contain_text("Klopt dat?")
        await expect(page.locator("div.second-look")).to_contain_text("Daan Okafor (meldkamer) keek mee om")
        assert [act.type for act in server.acts] == ["alarm.look"]

        mine = {"kid": server.world.people["daan"].kid, "label": "Daan Okafor"}
        change(server, own, state="closed", closed={**closed, "by": mine}, flags=["second-look"])
        await page.locator(f"button[data-alarm='{own}']").click()
        await expect(page.locator("div.second-look")).to_contain_text("Andere meldtafels is gevraagd mee te kijken")
        await expect(title).to_have_count(0)
        await expect(page.locator(".earlier")).to_have_text("1 op deze tafel: 0 echt, 1 niet echt")
        await daan.sound()


async def test_a_screen_that_is_behind_is_told_so(browser: Browser, server: StandIn) -> None:
    sent: list[dict[str, str]] = []
    behind = False

    async def refuse(route: Route) -> None:
        if not behind:
            await route.continue_()
            return
        sent.append(route.request.headers)
        problem = {"type": "urn:getuige:problem:bridge-refused", "title": "x", "status": 409, "reason": "stale"}
        await route.fulfill(status=409, content_type="application/problem+json", body=json.dumps(problem))

    async with visit(browser, server.url) as daan:
        page = daan.page
        await page.route("**/acts", refuse)  # before there is a page: it holds for a request a moment later only then
        await daan.console()
        alarm = server.press()
        change(server, alarm, revision=6)
        await page.wait_for_selector(f"article[data-alarm='{alarm}']")
        change(server, alarm, revision=7)  # what shows it as accepted carries this too, so the screen has seen it
        async with page.expect_response("**/acts"):  # the answer is here before the screen falls behind
            await page.keyboard.press("a")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        behind = True
        await page.keyboard.press("d")

        await expect(page.locator(".problem").first).to_contain_text("intussen veranderd")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        assert [one["if-match"] for one in sent] == ['"7"']
