"""Positions while alarmed, as people see them, in Debian's Chromium.

Proven: where she is follows the newest position in place, with the way she went, and moves no focus, no selection and
no siren; only who accepted the alarm or opened its card gets newer positions, and the card is read once however many
come; what cannot be trusted leaves the older one, with its age growing; and her file counts one alarm, with its
positions folded under it and each of them proven.
"""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.page_world import build
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

CLOCK = r"\d{2}:\d{2}:\d{2}"


async def test_the_place_moves_in_place_and_nothing_else_does(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await page.get_by_role("button", name="Dienst starten").click()
        alarm = server.press(seconds_ago=9)
        where = page.locator("section.where")
        await expect(where).to_contain_text("51.934200, 4.457700")
        await page.get_by_role("button", name="Aannemen").click()
        await expect(page.locator(".who .name")).to_have_text("Noor van den Akker")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_hidden()
        announced = await page.get_by_role("alert").first.text_content()
        await page.keyboard.press("c")
        await expect(page.get_by_role("button", name="Echt alarm")).to_be_focused()

        server.move(alarm, "51.934900", "4.458800")
        await expect(where.locator(".moved")).to_have_text(
            re.compile(rf"Positie van {CLOCK} · 110 m verder naar het noordoosten dan de vorige")
        )
        spoken = page.get_by_role("status").filter(has_text="Positie van")
        await expect(spoken).to_have_text(re.compile("110 m verder naar het noordoosten"))
        server.move(alarm, "51.935600", "4.460000")
        await expect(where.locator(".coordinates")).to_have_text("51.935600, 4.460000")
        server.move(alarm, "51.935600", "4.462000")
        await expect(where.locator(".moved")).to_have_text(re.compile("140 m verder naar het oosten dan de vorige"))

        await expect(where.locator("svg .been")).to_have_count(3)
        await expect(where.locator("svg .here")).to_have_count(1)
        await expect(where.locator("figcaption")).to_have_text(
            re.compile(f"De stippen zijn eerdere plekken, vanaf {CLOCK}.")
        )
        await expect(page.locator(".near")).to_contain_text("School 560 m oost")
        await expect(page.get_by_role("button", name="Echt alarm")).to_be_focused()
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        await expect(page.get_by_role("button", name="Sirene stil")).to_be_hidden()
        assert await page.get_by_role("alert").first.text_content() == announced, "no new alarm is called out"
        assert server.reads.count(("daan", f"card of {alarm}")) == 1
        await daan.keep("console-positions")
        await daan.sound()

        await page.get_by_role("button", name="Echt alarm").click()
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "closed")
        await expect(where.locator("svg .been")).to_have_count(0)


async def test_a_second_alarm_keeps_the_selection_when_the_first_one_moves(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        first = server.press(seconds_ago=30)
        await page.wait_for_selector(f"article[data-alarm='{first}']")
        await page.keyboard.press("a")
        await expect(page.locator(".who .name")).to_have_text("Noor van den Akker")
        second = server.press(seconds_ago=2)
        await page.locator(f"button[data-alarm='{second}']").click()

        server.move(first, "51.935600", "4.460000")
        server.move(first, "51.936600", "4.460000")
        server.move(second, "51.930000", "4.450000")

        await expect(page.locator(f"article[data-alarm='{second}'] .behind")).to_contain_text(
            "Er is een nieuwere positie"
        )
        await expect(page.locator("section.where .coordinates")).to_have_text("51.934200, 4.457700")
        await page.locator(f"button[data-alarm='{first}']").click()
        await expect(page.locator("section.where .coordinates")).to_have_text("51.936600, 4.460000")
        await expect(page.locator("svg .been")).to_have_count(2)
        await daan.sound()


async def test_newer_positions_open_for_who_opened_the_card_and_for_nobody_else(
    browser: Browser, server: StandIn
) -> None:
    async with visit(browser, server.url) as daan:
        page = daan.page
        where = page.locator("section.where")
        await daan.console()
        alarm = server.press(seconds_ago=9)
        await page.wait_for_selector(f"article[data-alarm='{alarm}']")
        server.move(alarm, "51.934900", "4.458800")
        await expect(where.locator(".behind")).to_contain_text("Die opent als u het alarm aanneemt of de kaart opent")
        await expect(where.locator(".coordinates")).to_have_text("51.934200, 4.457700")

        colleague = {"kid": "5e" * 16, "label": "Eva Brand (meldkamer)"}
        server.alarms[alarm] |= {"state": "accepted", "accepted_by": colleague}
        server.move(alarm, "51.935600", "4.460000")
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "accepted")
        await expect(where.locator(".coordinates")).to_have_text("51.934200, 4.457700")
        await daan.keep("console-position-waits")
        await daan.sound()

        await page.get_by_role("button", name="Kaart nu openen").click()
        await expect(where.locator(".coordinates")).to_have_text("51.935600, 4.460000")
        await expect(where.locator(".behind")).to_have_count(0)
        assert server.reads.count(("daan", f"card of {alarm}")) == 1


async def test_what_cannot_be_trusted_leaves_the_older_place_with_its_age(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        alarm = server.press(seconds_ago=60)
        await page.wait_for_selector(f"article[data-alarm='{alarm}']")
        await page.keyboard.press("a")
        await expect(page.locator(".who .name")).to_have_text("Noor van den Akker")
        server.move(alarm, "51.934900", "4.458800", seconds_ago=20)
        where = page.locator("section.where")
        await expect(where.locator(".coordinates")).to_have_text("51.934900, 4.458800")
        other = server.press(seconds_ago=1)
        mine = server.alarms[alarm]["item"]

        server.move(alarm, "52.100000", "5.100000", desk=False)
        await expect(where.locator(".behind")).to_contain_text("kon niet worden geopend")
        server.move(alarm, "52.100000", "5.100000", signer=server.world.people["marit"])
        await expect(where.locator(".behind")).to_contain_text("kon niet worden geopend")
        server.alarms[alarm]["item"] = server.alarms[other]["item"]
        server.tell("alarm", dict(server.alarms[alarm]))
        await expect(where.locator(".behind")).to_contain_text("kon niet worden geopend")
        server.alarms[alarm]["item"] = mine
        server.tell("alarm", dict(server.alarms[alarm]))

        await expect(where.locator(".behind")).to_have_count(0)
        await expect(where.locator(".coordinates")).to_have_text("51.934900, 4.458800")
        facts = "document.querySelector('section.where .facts').textContent"
        await daan.until(f"/(2[2-9]|[3-9][0-9]|1[0-9][0-9]) s|[0-9] min/.test({facts})")
        await daan.sound()


async def test_her_file_counts_one_alarm_however_often_its_device_said_where_it_was(
    browser: Browser, pictures: tuple[Path, ...]
) -> None:
    world = build(pictures[:1])
    with StandIn(world) as server:
        alarm = server.press(seconds_ago=60)
        for seconds, lat in ((40, "51.934900"), (30, "51.935600"), (20, "51.936300")):
            server.move(alarm, lat, "4.458800", seconds_ago=seconds)
        async with visit(browser, server.url) as marit:
            page = marit.page
            await marit.review()
            await expect(page.get_by_role("button", name="2 alarmen")).to_be_visible()  # one of weeks ago, and this one
            total = len(world.containers)
            await expect(page.locator(".verification")).to_contain_text(f"{total} van {total} bewezen")
            rows = page.locator(".row:not(.heads)")
            await expect(rows).to_have_count(total - 3)
            unfold = page.get_by_role("button", name="3 posities tijdens dit alarm")
            await expect(unfold).to_have_attribute("aria-expanded", "false")
            await unfold.click()
            await expect(unfold).to_have_attribute("aria-expanded", "true")
            await expect(page.locator(".row.position")).to_have_count(3)
            await expect(page.locator(".row.position .badge.proven")).to_have_count(3)
            await page.locator(".row.position").first.get_by_role("button", name="Positie").click()
            detail = page.locator("#detail")
            await expect(detail.locator(".eyebrow")).to_contain_text("Positie tijdens alarm")
            await expect(detail).to_contain_text("51.934900, 4.458800")
            await expect(detail).to_contain_text("Bericht van de knop")
            await page.locator(".row.position").first.scroll_into_view_if_needed()
            await marit.keep("review-positions")
            await marit.sound()

            await page.get_by_role("button", name="2 alarmen").click()
            await expect(rows).to_have_count(2)
            await expect(page.locator(".pattern")).to_contain_text("2 alarmen")


async def test_where_she_was_going_is_shown_beside_where_she_is_until_it_is_closed(
    browser: Browser, server: StandIn
) -> None:
    """An overdue check-in says both, and a newer position takes only the place of the older one."""
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await page.get_by_role("button", name="Dienst starten").click()
        alarm = server.press(seconds_ago=9, kind="overdue", note="Langs het Spaarne naar huis")
        await expect(page.locator("#alarm-title")).to_contain_text("Niet teruggemeld")
        going = page.locator("dl.facts").filter(has_text="Waar zij heen ging")
        await expect(going).to_contain_text("Langs het Spaarne naar huis")
        await page.get_by_role("button", name="Aannemen").click()
        server.move(alarm, "51.934900", "4.458800")
        await expect(page.locator("section.where .coordinates")).to_have_text("51.934900, 4.458800")
        await expect(going).to_contain_text("Langs het Spaarne naar huis")
        await page.keyboard.press("c")
        await page.get_by_role("button", name="Per ongeluk").click()
        await expect(page.locator("article.alarm-view")).to_have_attribute("data-state", "closed")
        await expect(going).to_have_count(0)
        await daan.sound()
