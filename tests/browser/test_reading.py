"""A case as its readers work with it: numbers that lead somewhere, an honest filter, keys, a reload, and paper.

Proven on the real page: each number shows exactly the rows that it counted and changes under no filter; a filter is
said, also on paper; a row opens its detail at every width, by hand and by key; Escape and a reload throw nobody out.
"""

import asyncio
import hashlib
import re
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from evidence import ids
from evidence.edtf import Edtf
from evidence.envelope import parts
from evidence.envelope.meta import Alarm
from evidence.statements import bodies, statement
from tests.support.page_world import build
from tests.support.stand_in import StandIn
from tests.support.visitor import ARTEFACTS, Visitor, visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

FOLLOW_EACH = """async () => {
  const page = document.querySelector("getuige-review");
  const every = () => [...document.querySelectorAll("[data-figure]")];
  const said = () => every().map((one) => `${one.dataset.figure} ${one.dataset.count}`).join();
  const [whole, found] = [said(), []];
  for (let at = 0; at < every().length; at += 1) {
    const { figure, count } = every()[at].dataset;
    every()[at].dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await page.updateComplete;
    const bar = document.querySelector(".filter-bar");
    const rows = document.querySelectorAll(".row:not(.heads)").length;
    const [shown, total] = [Number(bar.dataset.shown), Number(bar.dataset.total)];
    found.push({ figure, count: Number(count), rows, shown, total, same: said() === whole, text: bar.textContent });
  }
  return found;
}"""

WALK = """() => {
  const at = document.activeElement;
  const box = at.getBoundingClientRect();
  const name = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
  const [seen, inside] = [box.width > 0 && box.height > 0, Boolean(at.closest("#detail"))];
  return { tag: at.tagName, name: name.trim().slice(0, 60), seen, inside, figure: at.dataset.figure ?? null };
}"""


async def test_every_number_leads_to_exactly_the_rows_that_it_counted(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        found: list[dict[str, Any]] = await marit.page.evaluate(FOLLOW_EACH)

        kinds = {one["figure"].partition(":")[0] for one in found}
        assert kinds == {
            "proof",
            "wide",
            "conduct",
            "dated",
            "undated",
            "happened",
            "week",
            "week-left",
            "severity",
            "alarms",
            "breaches",
            "media",
            "impact",
            "hour",
            "hour-left",
            "source",
            "alone",
        }
        for one in found:
            assert one["rows"] == one["count"] == one["shown"], one
            assert one["total"] == len(server.world.containers)
            assert one["same"], f"{one['figure']} changes other numbers"
        assert any("Aard: Bedreiging" in one["text"] for one in found), "every conduct is named"
        await marit.sound()


async def test_a_filter_is_said_and_is_cleared_by_escape_also_in_the_field(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        total = len(server.world.containers)
        whole = await marit.page.locator(".pattern").inner_text()
        await marit.page.keyboard.press("/")
        await marit.page.keyboard.type("ernst 4")
        await expect(marit.page.locator(".row .title")).to_have_text(["Aan de deur, met een dreigement"])
        await expect(marit.page.locator("#entries-title")).to_have_text(f"1 van {total} items getoond")
        assert await marit.page.locator(".pattern").inner_text() == whole
        await marit.page.keyboard.press("Escape")
        await expect(marit.page.locator("#entries-title")).to_have_text(f"{total} items")
        assert await marit.page.input_value("#filter") == ""
        assert marit.page.url == f"{server.url}/review"

        await marit.page.fill("#filter", "zoiets staat hier niet")
        await expect(marit.page.locator(".listing")).to_contain_text("maak het filter leeg")
        await marit.page.get_by_role("button", name="Alles tonen").click()
        await expect(marit.page.locator("#entries-title")).to_have_text(f"{total} items")


@pytest.mark.parametrize("width", [1440, 1200, 390])
async def test_choosing_a_row_shows_its_detail_at_every_width(browser: Browser, server: StandIn, width: int) -> None:
    async with visit(browser, server.url, viewport={"width": width, "height": 800}) as marit:
        await marit.review()
        page = marit.page
        title = page.get_by_role("button", name="Bij de tramhalte", exact=True)
        await title.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#detail")).to_be_focused()
        await expect(page.locator("#detail-title")).to_have_text("Bij de tramhalte")
        await expect(page.locator("#detail-title")).to_be_in_viewport()
        await page.keyboard.press("Tab")
        assert (await page.evaluate(WALK))["inside"], "what is in the detail is the next stop"
        await page.keyboard.press("j")
        await expect(page.locator("#detail-title")).to_have_text("Bij de halte")
        await marit.keep(f"review-{width}")
        await marit.sound()
        await page.keyboard.press("Escape")
        chosen = page.locator(".row", has=page.get_by_role("button", name="Bij de halte", exact=True)).locator(".title")
        await expect(chosen).to_be_focused()
        assert page.url == f"{server.url}/review"


async def test_the_tab_key_reaches_everything_and_is_caught_nowhere(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        page = marit.page
        stops: list[dict[str, Any]] = []
        await page.evaluate("document.activeElement.blur()")
        for _ in range(200):
            await page.keyboard.press("Tab")
            stop = await page.evaluate(WALK)
            if stop["tag"] == "BODY":
                break
            stops.append(stop)
        else:
            pytest.fail("the walk does not end")
        assert all(stop["name"] for stop in stops), [stop for stop in stops if not stop["name"]]
        assert all(stop["seen"] for stop in stops), [stop for stop in stops if not stop["seen"]]
        assert len([stop for stop in stops if stop["tag"] == "g"]) == 2, "a chart is one stop"
        titles = await page.locator(".row .title").all_inner_texts()
        assert set(titles) <= {stop["name"] for stop in stops}

        first = page.locator("g[data-figure^='week:']").first
        await first.focus()
        await page.keyboard.press("ArrowRight")
        assert await page.evaluate("document.activeElement.dataset.figure") != await first.get_attribute("data-figure")
        await page.keyboard.press("Enter")
        await expect(page.locator(".filter-bar")).to_contain_text("Week van")
        await expect(page.locator("#entries-title")).to_be_focused()


async def _again(marit: Visitor) -> None:
    await marit.page.reload()
    await expect(marit.page.locator("#phrase")).to_be_focused()
    await expect(marit.page.locator(".sign-in")).to_contain_text("gaat u verder waar u was")
    assert await marit.page.input_value("#handle") == "marit"


async def test_a_reload_asks_for_the_phrase_and_comes_back_to_the_same_place(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        await marit.page.click("[data-figure='conduct:following']")
        await marit.page.fill("#filter", "halte")
        await marit.page.get_by_role("button", name="Weer bij de halte").click()
        rows = await marit.page.locator(".row .title").all_inner_texts()
        sessions = len(server._sessions)
        kept = await marit.page.evaluate("JSON.stringify(sessionStorage)")
        assert "halte" not in kept, "what was looked for is not kept in clear"
        assert "following" not in kept
        await _again(marit)
        await marit.page.fill("#phrase", "een heel andere zin")
        await marit.page.click("button[type=submit]")
        await expect(marit.page.get_by_role("alert")).to_contain_text("niet gelukt")
        assert await marit.page.locator(".row").count() == 0, "keys are not kept"

        await marit.sign_in_again()
        await expect(marit.page.locator(".filter-bar")).to_contain_text("Aard: Volgen of wachten · “halte”")
        assert await marit.page.locator(".row .title").all_inner_texts() == rows
        await expect(marit.page.locator("#detail-title")).to_have_text("Weer bij de halte")
        assert len(server._sessions) == sessions, "the session went on"


async def test_an_alarm_tells_who_accepted_it_who_was_sent_and_why_it_was_closed(
    browser: Browser, server: StandIn
) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        await marit.page.locator(".row", has=marit.page.locator(".kind-alarm")).locator(".title").click()
        story = marit.page.locator(".story li")
        await expect(story).to_have_count(4)
        for line, words in enumerate(("aangenomen", "eenheid gestuurd", "ter plaatse", "gesloten: Echt alarm")):
            await expect(story.nth(line)).to_contain_text(words)
            await expect(story.nth(line)).to_contain_text("Daan Okafor (meldkamer) (Meldkamer)")
        await marit.page.get_by_role("button", name="Kaart meldkamer", exact=True).click()
        await expect(marit.page.locator("#detail")).to_contain_text("Sleutel bij de buurvrouw op nummer 14")
        await expect(marit.page.locator("#detail")).to_contain_text("Woning, School, Zus")
        await marit.sound()


async def test_a_caseworker_is_asked_to_look_at_a_close_that_was_quick_or_none(
    browser: Browser, server: StandIn
) -> None:
    world = server.world
    (alarm,) = {made.body.alarm for made in world.statements if isinstance(made.body, bodies.AlarmRaise)}
    words = "closed as accidental: every desk is asked to look at it too"
    async with visit(browser, server.url) as marit:
        look = marit.page.locator("#detail .second-look")
        await marit.review()
        await marit.page.locator(".row", has=marit.page.locator(".kind-alarm")).locator(".title").click()
        await expect(look).to_have_count(0)
        asks = bodies.AlarmDeliver(alarm, "second-look", "delivered", words, ids.now())
        world.record(statement.sign(world.bridge, "alarm.deliver", asks, case=world.case))
        await marit.review()
        await marit.page.locator(".row", has=marit.page.locator(".kind-alarm")).locator(".title").click()
        await expect(look).to_contain_text("Vraag haar of dat klopt")
        await expect(marit.page.locator(".story li")).to_have_count(4)
        await marit.sound()


async def test_a_press_that_was_moved_counts_in_the_alarm_that_it_was_moved_to(browser: Browser) -> None:
    world = build(())  # of its own: other tests count what is in theirs
    pressed = world.press()
    alarm, at = ids.AlarmId(str(pressed["alarm"])), ids.now()
    push = bodies.Press(3, next(world.counters))
    meta = Alarm(
        source="sensor",
        recorded=at,
        title="Alarm",
        happened=Edtf(at),
        alarm=parts.Alarm(alarm, world.device, push.boot, push.counter, "press", ids.Base64("gw=="), at, 4, "gnss"),
    )
    item, digest = world.seal(world.bridge, meta, desk=True), ids.Sha256("d" * 64)
    with StandIn(world) as server:
        async with visit(browser, server.url) as marit:
            counted = marit.page.locator("[data-figure='alarms']").first
            await marit.review()
            before = int(await counted.get_attribute("data-count") or 0)
            following, blind = ids.AlarmId("1" * 32), ids.AlarmId("2" * 32)
            raised = bodies.AlarmRaise(blind, world.device, push, "press", item, digest, digest, at, "a", (), alarm)
            for name, body in (("alarm.raise", raised), ("alarm.fold", bodies.AlarmFold(blind, following))):
                if name == "alarm.fold":
                    first = bodies.Press(3, next(world.counters))
                    known = bodies.AlarmRaise(
                        following, world.device, first, "press", item, digest, digest, at, "a", ()
                    )
                    world.record(statement.sign(world.bridge, "alarm.raise", known, case=world.case))
                world.record(statement.sign(world.bridge, name, body, case=world.case))
            daan = world.people["daan"]
            world.record(statement.sign(daan, "alarm.take_over", bodies.AlarmAct(following), case=world.case))
            await marit.review()
            await expect(counted).to_have_attribute("data-count", str(before + 1))
            await marit.page.locator(".row", has_text=item).locator(".title").click()
            await expect(marit.page.locator(".story li")).to_contain_text("overgenomen")
            await marit.sound()


async def test_paper_is_a_document_with_her_words_and_says_that_a_filter_was_on(
    browser: Browser, server: StandIn
) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        page = marit.page
        await page.click("[data-figure='conduct:threat']")
        await page.emulate_media(media="print")

        for hidden in (".top", ".chart-tools", "#filter", "#detail", ".filter-bar button"):
            await expect(page.locator(hidden).first).to_be_hidden()
        paper = page.locator(".filter-on-paper")
        await expect(paper).to_contain_text("Aard: Bedreiging")
        await expect(paper).to_contain_text(f"2 van {len(server.world.containers)} items")
        words = page.locator(".row .words-on-paper")
        await expect(words).to_have_count(2)
        await expect(words.nth(0)).to_contain_text("Na een kwartier liep hij weg")
        await expect(words.nth(0)).to_contain_text("Mijn dochter slaapt weer bij mij in bed")
        await expect(words.nth(1)).to_contain_text("De politie is geweest.")
        await expect(page.locator(".case-head")).to_contain_text("Afgedrukt")
        foot = "getComputedStyle(document.documentElement).getPropertyValue('--paper-%s')"
        assert server.world.case in await page.evaluate(foot % "case")
        assert "Marit Verhoeven" in await page.evaluate(foot % "reader")
        assert "Bedreiging" in await page.evaluate(foot % "filter")
        sheets = await page.pdf(format="A4", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", sheets)) >= 2


async def test_paper_has_no_blank_where_a_picture_was_not_loaded(browser: Browser, server: StandIn) -> None:
    """A blank could be taken for the picture; the name and the hash of a file stand on paper in any case."""
    world = server.world
    sums = {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in world.photos}
    async with visit(browser, server.url) as marit:
        page = marit.page
        held = asyncio.Event()

        async def hold(route: Route) -> None:
            await held.wait()
            await route.continue_()

        await page.route("**/container", hold)
        await marit.review()
        await page.emulate_media(media="print")
        photos = page.locator(".row", has=page.locator(".kind-photo"))
        await expect(photos).to_have_count(len(sums))
        for at in range(len(sums)):
            await expect(photos.nth(at).locator(".not-on-paper")).to_have_text("Beeld niet geladen")
            await expect(photos.nth(at).locator(".not-on-paper")).to_be_visible()
            await expect(photos.nth(at).locator(".placeholder")).to_be_hidden()
            told = await photos.nth(at).locator(".words-on-paper").inner_text()
            (sha256,) = (one for one in sums if one in told)
            assert sums[sha256] in told
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        await page.pdf(path=ARTEFACTS / "paper-not-loaded.pdf", format="A4", prefer_css_page_size=True)

        held.set()
        await page.emulate_media(media="screen")
        for at in range(len(sums)):
            await photos.nth(at).scroll_into_view_if_needed()
            await photos.nth(at).locator("img").wait_for()
        await expect(page.locator(".not-on-paper")).to_have_count(0)
        await marit.sound()


async def test_no_row_moves_while_a_picture_opens(browser: Browser, server: StandIn) -> None:
    """A row that moves between the press of a button and its release is not chosen."""
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    heights = (
        "() => [...document.querySelectorAll('.row:not(.heads)')].map((row) => row.getBoundingClientRect().height)"
    )
    async with visit(browser, server.url) as marit:
        await marit.page.route("**/api/v1/items/*/container", hold)
        await marit.review()
        thumbnails = marit.page.locator(".cell.thumbnail getuige-media")
        count = await thumbnails.count()
        assert count > 1
        await marit.page.evaluate("scrollTo(0, 0)")
        waiting = await marit.page.evaluate(heights)
        for at in range(count):
            await thumbnails.nth(at).scroll_into_view_if_needed()
            await expect(thumbnails.nth(at).locator(".spinner")).to_be_visible()
        assert await marit.page.evaluate(heights) == waiting
        let_go.set()
        await expect(marit.page.locator(".cell.thumbnail img")).to_have_count(count)
        assert await marit.page.evaluate(heights) == waiting
        await marit.page.unroute_all(behavior="wait")
        await marit.sound()
