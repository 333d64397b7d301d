"""The optional map of the console, in Debian's Chromium: drawn from a file on the dispatcher's own disk.

Proven: pieces of the map around the press appear, with the marks on them; it follows her until somebody looks
elsewhere; nothing is asked of any server while looking, so that no server learns which place is looked at; a file that
is no map leaves the sketch; and nothing is blocked.
"""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Request, expect
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from tests.support.stand_in import StandIn
from tests.support.visitor import visit
from tests.support.waiting import patience

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

MAP = "document.querySelector('getuige-map').map"
GREEN = (34, 139, 84)
ZOOM, MIDDLE = 15, (16789, 10833)
"""The tile of the press (51.9342, 4.4577) at this zoom, by the usual division of web maps."""


def write_map(path: Path) -> None:
    """Write a map of green tiles with their numbers on them, around the press."""
    with path.open("wb") as file:
        writer: Any = Writer(file)  # type: ignore[no-untyped-call] # the package has no types
        tiles = [
            (zxy_to_tileid(ZOOM, x, y), (x, y))
            for x in range(MIDDLE[0] - 4, MIDDLE[0] + 5)
            for y in range(MIDDLE[1] - 4, MIDDLE[1] + 5)
        ]
        for tile, (x, y) in sorted(tiles):
            picture = Image.new("RGB", (256, 256), GREEN)
            ImageDraw.Draw(picture).text((100, 120), f"{x} {y}", fill="white")
            out = io.BytesIO()
            picture.save(out, "PNG")
            writer.write_tile(tile, out.getvalue())
        corner = {"min_lon_e7": 44000000, "min_lat_e7": 519000000, "max_lon_e7": 45000000, "max_lat_e7": 519700000}
        header = {
            "tile_type": TileType.PNG,
            "tile_compression": Compression.NONE,
            "min_zoom": ZOOM,
            "max_zoom": ZOOM,
            "center_zoom": ZOOM,
            "center_lon_e7": 44577000,
            "center_lat_e7": 519342000,
            **corner,
        }
        writer.finalize(header, {"attribution": '<a href="https://elsewhere.example">© Makers of the map</a>'})


async def test_a_map_from_the_own_disk_is_drawn_and_nobody_is_asked(
    browser: Browser, server: StandIn, tmp_path: Path
) -> None:
    write_map(tmp_path / "rotterdam.pmtiles")
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        server.press(seconds_ago=9)
        await expect(page.locator("section.where")).to_contain_text("51.934200, 4.457700")
        asked: list[str] = []

        def note(request: Request) -> None:
            if not re.search(r"/web/|/api/v1/(alarms|time|log)", request.url):
                asked.append(request.url)

        page.on("request", note)
        await page.get_by_label("Kaart van deze computer kiezen").set_input_files(tmp_path / "rotterdam.pmtiles")
        await expect(page.locator(".map[data-drawn]")).to_be_visible(timeout=patience(30_000))
        assert await page.locator(".map").get_attribute("data-problem") is None
        shot = Image.open(io.BytesIO(await page.locator(".map canvas").screenshot())).convert("RGB")
        colours = {colour: count for count, colour in shot.getcolors(maxcolors=1 << 20) or []}
        of_the_map = sum(count for colour, count in colours.items() if _near(colour, GREEN))
        assert of_the_map > shot.width * shot.height / 2, "the pieces of the map are on the screen"
        assert any(_near(colour, (179, 38, 30)) for colour in colours), "and the mark of the press on them"
        await expect(page.locator("section.where")).to_contain_text("© Makers of the map")
        await expect(page.locator("svg.sketch")).to_be_visible()
        await page.get_by_role("button", name="Dichterbij").click()
        await page.evaluate(
            "element => { element.been = []; }", await page.query_selector("getuige-map")
        )  # as each second
        await daan.until(f"{MAP}.getZoom() === 17 && !{MAP}.isMoving()")
        await page.get_by_role("button", name="Terug naar de plek").click()
        await daan.until(f"{MAP}.getZoom() === 16")
        assert not [one for one in asked if not one.startswith("blob:")], "what is looked at stays here"
        await daan.keep("console-map")
        await daan.sound()


async def test_the_map_follows_her_until_somebody_looks_elsewhere(
    browser: Browser, server: StandIn, tmp_path: Path
) -> None:
    write_map(tmp_path / "rotterdam.pmtiles")
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        alarm = server.press(seconds_ago=9)
        await page.wait_for_selector(f"article[data-alarm='{alarm}']")
        await page.keyboard.press("a")
        await expect(page.locator(".who .name")).to_have_text("Noor van den Akker")
        await page.get_by_label("Kaart van deze computer kiezen").set_input_files(tmp_path / "rotterdam.pmtiles")
        await expect(page.locator(".map[data-drawn]")).to_be_visible(timeout=patience(30_000))

        server.move(alarm, "51.934900", "4.458800")
        await daan.until(f"Math.abs({MAP}.getCenter().lng - 4.4588) < 1e-6")
        await page.get_by_label("Kaart van deze computer. Noord is boven.").focus()
        await page.keyboard.press("ArrowRight")
        await daan.until(f"{MAP}.getCenter().lng > 4.459 && !{MAP}.isMoving()")
        looked = await page.evaluate(f"{MAP}.getCenter().lng")
        server.move(alarm, "51.935600", "4.457000")
        await expect(page.locator("section.where .coordinates")).to_have_text("51.935600, 4.457000")
        marks = (
            f"{MAP}.getSource('marks').serialize().data.features.filter(({{properties}}) => properties.kind === 'been')"
        )
        await daan.until(f"{marks}.length === 2")
        assert await page.evaluate(f"{MAP}.getCenter().lng") == looked, "nobody takes the view away"
        await daan.keep("console-map-track")
        await page.get_by_role("button", name="Terug naar de plek").click()
        await daan.until(f"Math.abs({MAP}.getCenter().lng - 4.457) < 1e-6")
        await daan.sound()


async def test_a_map_is_chosen_before_there_is_an_alarm_and_is_there_at_the_next_visit(
    browser: Browser, server: StandIn, tmp_path: Path
) -> None:
    write_map(tmp_path / "rotterdam.pmtiles")
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        await page.get_by_label("Kaart van deze computer kiezen").set_input_files(tmp_path / "rotterdam.pmtiles")
        await expect(page.get_by_text("Deze browser onthoudt de kaart")).to_be_visible()
        await daan.keep("console-map-ahead")
        assert await daan.axe() == []
        await daan.console()  # loads the page anew
        server.press(seconds_ago=9)
        await expect(page.locator(".map[data-drawn]")).to_be_visible(timeout=patience(30_000))
        await expect(page.locator("getuige-map-choice")).to_contain_text("rotterdam.pmtiles")
        await daan.sound()


async def test_a_browser_that_keeps_nothing_says_so_and_draws_all_the_same(
    browser: Browser, server: StandIn, tmp_path: Path
) -> None:
    write_map(tmp_path / "rotterdam.pmtiles")
    async with visit(browser, server.url) as daan:
        page = daan.page
        full = "navigator.storage.getDirectory = async () => { throw new DOMException('full', 'QuotaExceededError'); }"
        await page.add_init_script(full)
        await daan.console()
        server.press(seconds_ago=9)
        await page.get_by_label("Kaart van deze computer kiezen").set_input_files(tmp_path / "rotterdam.pmtiles")
        await expect(page.get_by_text("kon de kaart niet bewaren")).to_be_visible()
        await expect(page.locator(".map[data-drawn]")).to_be_visible(timeout=patience(30_000))
        await daan.sound()


async def test_a_file_that_is_no_map_leaves_the_sketch(browser: Browser, server: StandIn, tmp_path: Path) -> None:
    (tmp_path / "other.pmtiles").write_bytes(b"no map at all" * 100)
    async with visit(browser, server.url) as daan:
        page = daan.page
        await daan.console()
        server.press(seconds_ago=9)
        await page.get_by_label("Kaart van deze computer kiezen").set_input_files(tmp_path / "other.pmtiles")
        await expect(page.locator("section.where .problem")).to_contain_text("De schets hierboven klopt en blijft")
        await expect(page.locator("svg.sketch")).to_be_visible()


def _near(colour: object, wanted: tuple[int, int, int]) -> bool:
    return isinstance(colour, tuple) and all(abs(a - b) < 12 for a, b in zip(colour, wanted, strict=True))
