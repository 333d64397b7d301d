"""The review page in Debian's Chromium: real sealed items are opened, checked and shown in the browser itself.

Proven: sign-in with a phrase; every item verified up to the pinned root and into the log; photographs decrypted to the
very pixels of the originals; a forged item and a swapped root are noticed; keys, language, zoom and print; and nothing
goes wrong meanwhile: no console error, no policy violation, no accessibility violation.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from evidence import canonical, keys
from evidence.envelope import pages
from evidence.statements import dsse
from tests.support.entries import INCIDENTS
from tests.support.page_world import World
from tests.support.stand_in import StandIn
from tests.support.visitor import PIXELS, Visitor, pixels_of_file, visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def signed_in(browser: Browser, world: World) -> AsyncIterator[Visitor]:
    """The caseworker, signed in once, with every item checked: for the tests that look and change nothing."""
    with StandIn(world) as server:
        async with visit(browser, server.url) as marit:
            await marit.review()
            yield marit


@pytest_asyncio.fixture(loop_scope="session")
async def marit(signed_in: Visitor) -> Visitor:
    """The caseworker as she was when every item had been checked: nothing open, and nothing noticed since."""
    page = signed_in.page
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    for _ in range(2):
        await page.keyboard.press("Escape")
    await expect(page.locator(".row[aria-current=true]")).to_have_count(0)
    signed_in.errors.clear()
    return signed_in


async def test_a_caseworker_signs_in_and_reads_a_case_that_is_proven_item_by_item(marit: Visitor, world: World) -> None:
    await marit.page.set_viewport_size({"width": 1440, "height": 1480})
    total = len(world.containers)
    await expect(marit.page.locator(".verification")).to_have_attribute("data-state", "proven")
    await expect(marit.page.locator(".verification")).to_contain_text(f"{total} van {total} bewezen")
    assert await marit.page.locator(".row .badge.proven").count() == total
    for told in INCIDENTS:
        await expect(marit.page.get_by_role("button", name=told.title, exact=True)).to_be_visible()
    assert f"Tijdlijn met {total} items" in str(await marit.page.locator("canvas").get_attribute("aria-label"))
    await marit.page.get_by_role("button", name="Aan de deur, met een dreigement").click()
    await expect(marit.page.locator("#detail")).to_contain_text("De politie is geweest.")
    await expect(marit.page.locator("#detail")).to_contain_text("Telefoon van de zaak")
    await marit.page.evaluate("scrollTo(0, 0)")
    await marit.keep("review", curated="review")
    await marit.keep("review-whole", full_page=True)
    await marit.sound()


@pytest.mark.parametrize(
    ("name", "title"), [("flower.jpg", "Bloemen op de mat"), ("starfish.jpg", "De straat die avond")]
)
async def test_a_photograph_is_decrypted_to_the_pixels_of_the_original(
    browser: Browser, marit: Visitor, pictures: tuple[Path, ...], name: str, title: str
) -> None:
    original = next(path for path in pictures if path.name == name).read_bytes()
    await marit.page.get_by_role("button", name=title, exact=True).click()
    image = marit.page.locator("#detail .large img")
    await image.wait_for()

    shown = await image.evaluate(PIXELS)

    assert shown == await pixels_of_file(browser, marit.url, original, "image/jpeg")
    assert shown[0] > 0
    thumbnails = marit.page.locator(".row .thumbnail img")
    await thumbnails.first.scroll_into_view_if_needed()
    assert await thumbnails.first.evaluate("(image) => image.naturalWidth") > 0
    assert await image.get_attribute("src") is not None
    assert str(await image.get_attribute("src")).startswith("blob:")
    await marit.sound()


async def test_a_caseworker_sees_who_has_the_alarm_device_and_that_the_review_is_overdue(marit: Visitor) -> None:
    devices = marit.page.locator("getuige-devices")
    await expect(devices).to_contain_text("had al opnieuw bekeken moeten zijn")
    await devices.locator("summary").click()
    await expect(devices).to_contain_text("AWARE-convenant 12")
    await expect(devices).to_contain_text("12 minuten")
    await expect(devices).to_contain_text("Per ongeluk")
    await marit.sound()


async def test_film_and_sound_open_and_can_be_played(marit: Visitor) -> None:
    for title, tag in (("Beeld van de deurbel", "video"), ("Geluid aan de deur", "audio")):
        await marit.page.get_by_role("button", name=title, exact=True).click()
        player = marit.page.locator(f"#detail {tag}")
        await player.wait_for()
        await marit.until(f"document.querySelector('#detail {tag}').readyState >= 1")
        assert await player.evaluate("(player) => player.duration") > 5
    await marit.sound()


async def test_a_wrong_phrase_is_refused_in_plain_words(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as stranger:
        await stranger.sign_in("/review", "marit", "een heel andere zin")

        await expect(stranger.page.get_by_role("alert")).to_contain_text("Er is niets veranderd")
        await stranger.keep("sign-in-refused")
        assert await stranger.axe() == []
        assert not server.reads


async def test_a_dispatcher_does_not_get_into_the_review_page(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        await daan.sign_in("/review", "daan")

        await expect(daan.page.get_by_role("alert")).to_contain_text("past niet bij uw werk")
        await daan.sound()


async def test_an_item_signed_by_an_uncertified_key_is_not_proven(browser: Browser, server: StandIn) -> None:
    rogue = keys.Identity.generate()

    async def forge(route: Route) -> None:
        answer = await route.fetch()
        page = pages.read(await answer.body())
        place, chosen = next((place, one) for place, one in enumerate(page.rows) if one.item is not None)
        event = json.loads(chosen.event)
        payload = canonical.unb64(event["dsse"]["payload"])
        event["dsse"] = dsse.sign(dsse.STATEMENT_TYPE, payload, rogue).to_json()
        forged = replace(chosen, event=canonical.encode(event))
        rows = [*page.rows[:place], forged, *page.rows[place + 1 :]]
        await route.fulfill(response=answer, body=pages.write(canonical.encode(dict(page.facts)), rows))

    async with visit(browser, server.url) as marit:
        await marit.page.route("**/timeline?*", forge)
        await marit.review()

        await expect(marit.page.locator(".verification")).to_have_attribute("data-state", "failed")
        await expect(marit.page.locator(".verification")).to_contain_text("1 item klopt niet")
        assert await marit.page.locator(".row .badge.failed").count() == 1
        await marit.sound()


async def test_a_server_that_names_another_root_is_not_believed(browser: Browser, server: StandIn) -> None:
    other = keys.Identity.generate().sign_public.hex()

    async def swap(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        await route.fulfill(response=answer, json={**body, "root": {"sign": other, "label": "x"}})

    async with visit(browser, server.url) as marit:
        await marit.review()
        await marit.page.route("**/api/v1/trust", swap)
        await marit.sign_in("/review", "marit")

        await expect(marit.page.get_by_role("alert")).to_contain_text("Log niet in")
        root = marit.page.locator("[data-root]")
        assert await root.get_attribute("data-root") == server.world.root.sign_public.hex()


async def test_keys_lead_through_the_case_and_escape_closes_what_is_open(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        await marit.page.keyboard.press("j")
        await marit.page.keyboard.press("j")
        await marit.page.keyboard.press("k")
        first = marit.page.locator(".row[aria-current=true] .title")
        await expect(first).to_have_count(1)
        for key in ("+", "ArrowRight", "-", "ArrowLeft", "0"):
            await marit.page.keyboard.press(key)
        await marit.page.keyboard.press("/")
        await marit.page.keyboard.type("lelies")
        titles = ["Bloemen zonder kaartje", "Kaart meldkamer"]  # her words, and the safe word on the card
        await expect(marit.page.locator(".row .title")).to_have_text(titles)
        await marit.page.locator("main").focus()
        await marit.page.keyboard.press("?")
        await expect(marit.page.get_by_role("dialog")).to_be_visible()
        assert await marit.axe() == []
        await marit.page.keyboard.press("Escape")
        await expect(marit.page.get_by_role("dialog")).to_be_hidden()

        for _ in range(3):  # the detail, the filter, and then nothing more: nobody is thrown out
            await marit.page.keyboard.press("Escape")
        await expect(marit.page.locator(".filter-bar")).to_have_count(0)
        await expect(marit.page.locator(".row[aria-current=true]")).to_have_count(0)
        assert marit.page.url == f"{server.url}/review"

        await marit.page.get_by_role("button", name="Weg van deze pagina").click()
        await marit.page.wait_for_url(f"{server.url}/")
        assert await marit.page.evaluate("sessionStorage.length") == 0
        await marit.page.go_back()

        assert "lelies" not in await marit.page.content()
        assert await marit.page.locator(".row").count() == 0
        assert marit.errors == []


async def test_the_language_is_switched_and_remembered(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        await marit.page.get_by_role("button", name="EN", exact=True).click()
        await expect(marit.page.locator(".verification")).to_contain_text("proven")
        assert await marit.page.evaluate("document.documentElement.lang") == "en"
        await marit.sound()

        await marit.page.reload()
        await expect(marit.page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(("path", "handle"), [("/review", "marit"), ("/console", "daan")])
async def test_at_200_percent_nothing_has_to_be_scrolled_sideways(
    browser: Browser, server: StandIn, path: str, handle: str
) -> None:
    """A window of 1280 px at 200 % is 640 CSS px wide (WCAG 2.2, 1.4.4 and 1.4.10)."""
    zoomed = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}
    async with visit(browser, server.url, **zoomed) as person:
        if handle == "marit":
            await person.review()
        else:
            server.press()
            await person.console()
            await person.page.wait_for_selector(".alarm-view")
        wide = await person.page.evaluate("document.documentElement.scrollWidth")
        await person.keep(f"zoom{path.replace('/', '-')}")

        assert wide <= 640
        await person.sound()


async def test_dark_colours_keep_their_contrast(marit: Visitor) -> None:
    await marit.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await marit.page.keyboard.press("j")
    await marit.keep("review-dark")
    await marit.sound()


async def test_a_device_that_nobody_heard_is_not_in_order(browser: Browser, server: StandIn, marit: Visitor) -> None:
    """After a restart of the bridges the supervisor may call it ready; the page needs a word of the device itself."""
    mark = "getuige-devices summary .badge"
    await expect(marit.page.locator(mark)).to_have_text("In orde")
    server.device["heard_at"] = None
    async with visit(browser, server.url) as later:
        await later.review()
        await expect(later.page.locator(mark)).to_have_text("Niet bekend")
        await later.page.locator("getuige-devices summary").click()
        await expect(later.page.locator("getuige-devices .facts").first).to_contain_text("onbekend")
        await later.sound()
