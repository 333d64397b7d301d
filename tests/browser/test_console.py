"""The dispatcher console in Debian's Chromium: real sealed presses, acts that are signed in the browser.

Proven: a press appears at once with its decrypted position; each act is a statement that the authority rules accept;
the card opens on acceptance and its opening is asked of the server; two desks see each other's acts; the page says
loudly when it is not live; and nothing goes wrong meanwhile.
"""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from evidence import ids, keys
from evidence.envelope import wraps
from evidence.statements import bodies, statement
from tests.support import portrait, published
from tests.support.page_world import build
from tests.support.stand_in import StandIn
from tests.support.visitor import STALE_WITHIN_S, visit
from tests.support.waiting import patience, until

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]


async def test_an_alarm_goes_from_press_to_closed_by_signed_acts(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await expect(page.locator(".unopened")).to_have_count(0)
        await daan.sound()
        await page.get_by_role("button", name="Dienst starten").click()
        await expect(page.locator(".shift")).to_contain_text("Dienst loopt sinds")

        alarm = server.press(seconds_ago=9)
        await page.wait_for_selector(f"[data-alarm='{alarm}'][data-state=delivered]")
        await expect(page.get_by_role("alert").filter(has_text="Nieuw alarm, Paniekknop")).to_have_count(1)
        await expect(page.locator("section.where")).to_contain_text("51.934200, 4.457700")
        for said in ("± 8 m", "satelliet (gps)"):
            await expect(page.locator("section.where")).to_contain_text(said)
        await expect(page.locator(".badge.proven")).to_contain_text("alarmbrug")
        await expect(page.locator(".who")).not_to_contain_text("Noor")
        refused = "meldkamer mk: mislukt – geweigerd 503 Service Unavailable"
        await expect(page.locator(".routes li.failed")).to_contain_text(refused)
        for line in (
            "wie kijkt, staat erbij zodra iemand het oppakt server van de meldtafels",
            "ontvanger van de alarmcentrale heeft het",
            "mislukt: geweigerd 503",
        ):
            await expect(page.locator(".history")).to_contain_text(line)
        await expect(page.locator(".history")).not_to_contain_text("given to the feed")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_visible()
        await daan.keep("console-new")
        await daan.sound()

        await page.get_by_role("button", name="Aannemen").click()
        await expect(page.locator(".who .name")).to_have_text("Noor van den Akker")
        await expect(page.locator(".near")).to_contain_text("School 880 m oost")
        assert ("daan", f"card of {alarm}") in server.reads
        await _card_as_a_patrol_needs_it(page)
        await page.keyboard.press("d")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "dispatched")
        server.press(seconds_ago=3, kind="duress")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_visible()
        await daan.keep("console", curated="console")
        await daan.sound()

        await page.keyboard.press("m")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_hidden()
        await page.keyboard.press("s")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "on_scene")
        await page.keyboard.press("c")
        await page.get_by_role("button", name="Echt alarm").click()
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "closed")
        await expect(page.get_by_role("heading", name="Gesloten")).to_be_visible()
        await expect(page.locator(".who")).to_contain_text("De kaart is weer dicht")
        assert "Noor van den Akker" not in await page.content()
        await daan.keep("console-closed", full_page=True)
        await daan.sound()

    kinds = [act.type for act in server.acts]
    assert kinds == ["alarm.accept", "alarm.dispatch", "alarm.on_scene", "alarm.close"]
    closing = server.acts[-1].body
    assert isinstance(closing, bodies.AlarmClose)
    assert (closing.alarm, closing.reason) == (alarm, "genuine")
    assert all(act.by == server.world.people["daan"].kid and act.case == server.world.case for act in server.acts)


async def _card_as_a_patrol_needs_it(page: Page) -> None:
    first = page.locator(".alarm-body section").first
    await expect(first.locator(".street")).to_have_text("Vlierbesstraat 12, derde etage")
    sizes = "(body) => [...body.querySelectorAll('p, dd, li')].map((one) => parseFloat(getComputedStyle(one).fontSize))"
    largest = max(await page.locator(".alarm-body").evaluate(sizes))
    assert largest == await first.locator(".street").evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")
    call = page.locator(".call-back")
    await expect(call).to_contain_text("Niet bellen, wel een bericht sturen")
    await expect(call).to_contain_text("is de krant er al?")
    await expect(call.get_by_text("06 00 00 00 00")).to_be_hidden()
    await call.get_by_text("Nummer tonen").click()
    await expect(call.get_by_text("06 00 00 00 00")).to_be_visible()
    await expect(page.locator(".suspect img")).to_have_js_property("naturalWidth", portrait.WIDTH)
    await expect(page.locator(".suspect")).to_contain_text("groene jas")
    await expect(page.locator(".orders .ended")).to_contain_text("Huisverbod liep af op")
    await expect(page.locator(".orders .holds")).to_contain_text("Contactverbod geldt tot en met")
    await expect(page.locator(".who")).not_to_contain_text("toekomst")
    for said in ("Gele lelies", "AOL-19", "De buurvrouw op nummer 14", "niet ingevuld"):
        await expect(page.locator(".who")).to_contain_text(said)


async def test_a_desk_whose_key_does_not_open_is_told_and_keeps_no_alarm_away(browser: Browser) -> None:
    world = build(())
    daan, desk = world.people["daan"], keys.Identity.generate()
    world.record(statement.sign(world.root, "key.publish", published.certificate(desk, "desk", "Meldtafel B")))
    for_another = wraps.wrap(desk.xwing_seed, wraps.NO_ID, wraps.NO_ID, desk.xwing_public)
    share = bodies.KeyShare(published.opens(desk), daan.kid, for_another, wraps.SUITE)
    world.record(statement.sign(world.root, "key.share", share))
    with StandIn(world) as server:
        async with visit(browser, server.url) as visitor:
            await visitor.console()
            told = visitor.page.locator(".unopened")
            await expect(told).to_contain_text("1 sleutel van een meldtafel opent hier niet")
            await expect(told).to_contain_text("Bel uw beheerder")
            server.press()
            for width in (1440, 390):
                await visitor.page.set_viewport_size({"width": width, "height": 900})
                await expect(told).to_be_visible()
                await expect(visitor.page.locator("section.where")).to_contain_text("51.934200, 4.457700")
                await visitor.keep(f"console-unopened-{width}")
                await visitor.sound()


async def test_a_place_that_is_not_sealed_yet_follows_and_nobody_is_told_that_there_is_none(
    browser: Browser, server: StandIn
) -> None:
    async with visit(browser, server.url) as daan:
        await daan.console()
        alarm = server.press(sealed=False)
        where = daan.page.locator("section.where")
        await expect(where).to_contain_text("De plaats volgt")
        await expect(where).not_to_contain_text("gaf geen positie")
        await daan.page.keyboard.press("a")
        await expect(daan.page.locator(".street")).to_have_text("Vlierbesstraat 12, derde etage")
        server.seal(alarm)
        await expect(where).to_contain_text("51.934200, 4.457700")
        await expect(where).not_to_contain_text("volgt")

        old = server.press(sealed=False)
        server.alarms[old]["raised_at"] = "2026-11-30T10:00:00.000Z"
        server.tell("alarm", dict(server.alarms[old]))
        await daan.page.locator(f"button[data-alarm='{old}']").click()
        await expect(where).to_contain_text("De plaats is er nog niet")
        await daan.sound()


async def test_a_shift_is_written_down_when_it_begins_and_when_it_ends(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        await daan.console()
        server.deaf = True
        await daan.page.get_by_role("button", name="Dienst starten").click()
        await expect(daan.page.locator(".shift")).to_contain_text("Dienst loopt sinds")
        await expect(daan.page.locator(".shift")).to_contain_text("Staat nog niet in het logboek")
        server.deaf = False
        await expect(daan.page.locator(".shift")).to_contain_text("Staat in het logboek", timeout=patience(15_000))
        await daan.page.get_by_role("button", name="Dienst beëindigen").click()
        await expect(daan.page.get_by_role("button", name="Dienst starten")).to_be_visible()
        await asyncio.to_thread(until, lambda: len(server.statements) == 2, "the end is handed in")
        assert all(re.search("503", error) for error in daan.errors)
        daan.errors.clear()
        await daan.sound()
    begun, ended = server.statements
    assert (begun.type, ended.type, begun.case) == ("shift.begin", "shift.end", None)
    assert begun.body == ended.body
    assert begun.by == server.world.people["daan"].kid
    assert begun.at <= ended.at


async def test_the_page_says_when_the_screen_may_go_dark_and_asks_again(browser: Browser, server: StandIn) -> None:
    keep = "const ask = navigator.wakeLock.request.bind(navigator.wakeLock);"
    keep += "navigator.wakeLock.request = async (kind) => (window.lock = await ask(kind));"
    async with visit(browser, server.url) as daan:
        await daan.page.add_init_script(keep)
        await daan.console()
        await daan.page.get_by_role("button", name="Dienst starten").click()
        shift = daan.page.locator(".shift")
        await expect(shift).to_contain_text("Scherm blijft aan")
        await daan.page.evaluate("window.lock.release()")  # as a browser does when the page is hidden
        await expect(shift).to_contain_text("Scherm kan uitgaan")
        await daan.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(shift).to_contain_text("Scherm blijft aan")
        await daan.sound()


def accepted_by(sanne: keys.Identity, state: str) -> dict[str, object]:
    """Return what an alarm says of itself once a colleague accepted it."""
    line = {"at": ids.now(), "what": "accepted", "by": "Sanne de Wit"}
    return {"state": state, "accepted_by": {"kid": sanne.kid, "label": "Sanne de Wit"}, "history": [line]}


async def test_who_comes_next_takes_over_by_name_what_was_open(browser: Browser, server: StandIn) -> None:
    world = server.world
    sanne, name = keys.Identity.generate(), ids.ShiftId(ids.new_id())
    world.record(statement.sign(world.root, "key.publish", published.certificate(sanne, "dispatcher", "Sanne de Wit")))
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        alarm, own = server.press(), server.press()
        server.alarms[alarm] |= accepted_by(sanne, "dispatched")
        server.tell("alarm", dict(server.alarms[alarm]))
        left = page.locator(".hand-over")
        world.record(statement.sign(sanne, "shift.begin", bodies.ShiftMark(name)))
        world.record(statement.sign(sanne, "shift.end", bodies.ShiftMark(name)))
        await expect(left).to_contain_text("Sanne de Wit eindigde de dienst om", timeout=patience(15_000))
        await expect(left).to_contain_text("1 open alarm")
        await expect(left).to_contain_text("Start uw dienst om over te nemen")
        await page.get_by_role("button", name="Dienst starten").click()
        await daan.keep("console-hand-over", full_page=True)
        await page.get_by_role("button", name="Ik neem over van Sanne de Wit").click()
        await expect(left).to_have_count(0)
        row = page.locator(f"button[data-alarm='{alarm}']")
        await expect(row).to_contain_text("aangenomen door Sanne de Wit, overgenomen door Daan Okafor (meldkamer) om")
        begun, taken = server.statements
        assert [(act.type, act.body) for act in server.acts] == [
            ("alarm.take_over", bodies.AlarmAct(ids.AlarmId(alarm)))
        ]
        assert begun.type == "shift.begin"
        assert isinstance(begun.body, bodies.ShiftMark)
        assert taken.body == bodies.ShiftTakeOver(name, begun.body.shift, (ids.AlarmId(alarm),))

        await page.locator(f"button[data-alarm='{own}']").click()
        await page.keyboard.press("a")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        await page.get_by_role("button", name="Dienst beëindigen").click()
        await expect(left).to_contain_text("2 open alarmen op uw naam", timeout=patience(15_000))
        await expect(left.get_by_role("button")).to_have_count(0)
        assert await daan.axe() == []
        await daan.sound()


async def test_a_console_that_went_dark_has_its_alarms_taken_over_too(browser: Browser, server: StandIn) -> None:
    world = server.world
    sanne, name = keys.Identity.generate(), ids.ShiftId(ids.new_id())
    world.record(statement.sign(world.root, "key.publish", published.certificate(sanne, "dispatcher", "Sanne de Wit")))
    world.record(statement.sign(sanne, "shift.begin", bodies.ShiftMark(name)))
    awake = [sanne.kid, world.people["daan"].kid]
    server.health = {**server.health, "watching": {"consoles": 2, "on_shift": awake}}
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await page.get_by_role("button", name="Dienst starten").click()
        alarm = server.press()
        server.alarms[alarm] |= accepted_by(sanne, "accepted")
        server.tell("alarm", dict(server.alarms[alarm]))
        row = page.locator(f"button[data-alarm='{alarm}']")
        await expect(row).to_contain_text("aangenomen door Sanne de Wit")
        left = page.locator(".hand-over")
        await asyncio.to_thread(until, lambda: server.awake.count("daan") >= 2, "our own console says that it is awake")
        await expect(left).to_have_count(0)
        server.health = {**server.health, "watching": {"consoles": 1, "on_shift": awake[1:]}}
        server.tell("health", server.health)
        gone = "De meldtafel van Sanne de Wit is niet meer te horen, met 1 open alarm"
        await expect(left).to_contain_text(gone, timeout=patience(30_000))
        await page.get_by_role("button", name="Ik neem over van Sanne de Wit").click()
        await expect(row).to_contain_text("overgenomen door Daan Okafor (meldkamer) om")
        await expect(left).to_have_count(0)
        assert [act.type for act in server.acts] == ["alarm.take_over"]
        assert server.alarms[alarm]["accepted_by"]["kid"] == awake[1]
        await daan.sound()


async def test_a_desk_knows_how_many_check_ins_are_awaited_and_not_whose(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        await daan.console()
        shown = daan.page.locator(".check-ins")
        await expect(shown).to_have_count(0)
        server.health = {**server.health, "check_ins": {"awaited": 2, "first_at": "2026-11-30T20:40:00.000Z"}}
        server.tell("health", server.health)
        await expect(shown).to_contain_text("2 terugmeldingen worden verwacht, de eerste uiterlijk 21:40")
        await daan.sound()


async def test_the_second_desk_sees_at_once_who_has_it(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as first, visit(browser, server.url) as second:
        await first.console()
        await second.console()
        alarm = server.press()
        for desk in (first, second):
            await desk.page.wait_for_selector(f"[data-alarm='{alarm}']")

        await first.page.get_by_role("button", name="Ik kijk").click()

        row = second.page.locator(f"button[data-alarm='{alarm}']")
        await expect(row).to_contain_text("bekeken door Daan Okafor", timeout=patience(1500))
        await expect(row).to_contain_text("IN BEKIJK")
        await first.sound()
        await second.sound()


async def test_a_frozen_server_is_shown_within_eight_seconds_and_so_is_its_return(
    browser: Browser, server: StandIn
) -> None:
    async with visit(browser, server.url) as daan:
        await daan.console()
        server.frozen = True

        bar = daan.page.locator(".freshness.stale")
        await bar.wait_for(timeout=patience(STALE_WITHIN_S * 1000))
        await expect(bar).to_contain_text("NIET ACTUEEL – gebruik telefoon")
        width = await bar.evaluate("(bar) => bar.getBoundingClientRect().width / document.documentElement.clientWidth")
        assert width > 0.99
        await expect(daan.page.locator(".listing")).not_to_contain_text("Geen alarmen")
        await daan.keep("console-stale")
        assert await daan.axe() == []

        server.frozen = False
        await daan.page.locator(".freshness.live").wait_for(timeout=patience(10_000))


async def test_trouble_behind_the_server_is_shown_just_as_loudly_and_so_is_its_end(
    browser: Browser, server: StandIn
) -> None:
    well = server.health
    troubles: tuple[tuple[dict[str, object], str], ...] = (
        ({"reachable": False, "bridge": None}, "De alarmbrug is niet bereikbaar"),
        (
            {"brokers": [{"name": "a", "connected": False}, {"name": "b", "connected": True}]},
            "verbinding met de knoppen",
        ),
        ({"journal": {"trouble": "database is locked"}}, "De opslag"),
    )
    async with visit(browser, server.url) as daan:
        await daan.console()
        for change, words in troubles:
            server.health = {**well, **change, "ok": False}
            server.tell("health", server.health)
            await expect(daan.page.locator(".freshness.stale")).to_contain_text("NIET ACTUEEL")
            await expect(daan.page.locator(".freshness.stale")).to_contain_text(words)
            await daan.sound()
            server.health = well
            server.tell("health", server.health)
            await expect(daan.page.locator(".freshness.live")).to_be_visible()


async def test_an_act_that_does_not_arrive_is_not_shown_as_done(browser: Browser, server: StandIn) -> None:
    async def refuse(route: Route) -> None:
        await route.abort()

    async with visit(browser, server.url) as daan:
        await daan.page.route("**/acts", refuse)  # before there is a page: only then does it hold for every request
        await daan.console()
        alarm = server.press()
        await daan.page.wait_for_selector(f"article[data-alarm='{alarm}']")
        await daan.page.keyboard.press("a")

        await expect(daan.page.locator(".problem")).to_contain_text("Niet bevestigd")
        await expect(daan.page.locator("article.alarm-view")).to_have_attribute("data-state", "delivered")
        assert not server.acts
        assert all(re.search("ERR_FAILED", error) for error in daan.errors)


async def test_a_caseworker_does_not_get_the_console(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.sign_in("/console", "marit")

        await expect(marit.page.get_by_role("alert")).to_contain_text("past niet bij uw werk")
        await marit.sound()
