"""Files that no browser shows, names and words that turn the page around, times that cannot be: the page says so.

Every file can be saved as it was sealed, whatever the browser makes of it. See `tests/cases`.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from evidence import canonical, ids
from evidence.edtf import Edtf
from evidence.envelope.meta import Incident
from server.clients.attachments import describe, type_of
from tests.support import odd_items
from tests.support.page_world import World, build
from tests.support.stand_in import StandIn
from tests.support.visitor import Visitor, visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

CASES = Path(__file__).parents[1] / "cases"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)

UNSHOWN = "kan dit bestand"
FILES = {
    "IMG_0042.MOV": UNSHOWN,
    "IMG_5195.HEIC": UNSHOWN,
    "voicemail.amr": UNSHOWN,
    "doorbell.ts": UNSHOWN,
    "gray16.tif": UNSHOWN,
    "truncated.jpg": UNSHOWN,
    "leeg.mp4": "leeg (0 bytes)",
    "call.3gp": "",
    "gps-lower.jpg": "",
}
"""File → what the page says about it; nothing for what it shows."""

RLO = "\u202e"
ARABIC = "كان واقفا أمام الباب\nمرة أخرى"


NOT_UNDERSTOOD = (
    "2026-11-24T25:10",
    "2026-05-06T21:30:00+24:00",
    "2026-05-06T21:30:00+99:99",
    "2016-12-31T23:59:60",
    "2026-13-01T10:00",
    "2026-02-30T10:00",
    "2026-05-12 21:30",
    "gisteren",
    "202X",
    "2026-06/2026-05",
)
AS_TOLD = ("2026-03-29T02:30", "0050-01-01")
"""An hour that was not on the clock, and a slip of the keys."""


async def chosen(marit: Visitor, title: str) -> Locator:
    """Choose an entry and return its part of the page."""
    await marit.page.locator(".row button.title", has_text=title).first.click()
    detail = marit.page.locator("#detail")
    await expect(detail.locator("#detail-title")).to_have_text(title)
    return detail


def add_file(world: World, path: Path, title: str) -> None:
    world.seal(world.phone, describe(path, type_of(path), title, "", None), path)


async def test_every_file_can_be_saved_and_what_is_not_shown_is_said(browser: Browser, tmp_path: Path) -> None:
    world = build(())
    (tmp_path / "IMG_5195.HEIC").write_bytes(HEIC)
    paths = {name: (CASES / name if (CASES / name).exists() else tmp_path / name) for name in FILES}
    for name, path in paths.items():
        add_file(world, path, f"Bestand {name}")
    with StandIn(world) as server:
        async with visit(browser, server.url) as marit:
            await marit.review()
            for name, said in FILES.items():
                detail = await chosen(marit, f"Bestand {name}")
                media = detail.locator("getuige-media.large")
                link = media.get_by_role("link", name=f"{name} opslaan")
                await expect(link).to_have_attribute("download", name)
                async with marit.page.expect_download() as saving:
                    await link.click()
                saved = tmp_path / f"saved-{name}"
                await (await saving.value).save_as(saved)
                assert saved.read_bytes() == paths[name].read_bytes(), name
                if said:
                    await expect(media.locator(".media-note")).to_contain_text(said)
                    assert await media.locator("img, video, audio").count() == 0, name
                else:
                    assert await media.locator("img, video").count() == 1, name
            detail = await chosen(marit, "Bestand IMG_0042.MOV")
            await expect(detail.locator(".facts").nth(1)).to_contain_text("volgens de camera")
            assert "volgens de camera" not in await detail.locator(".facts").nth(0).inner_text()
            await chosen(marit, "Bestand call.3gp")
            await marit.until("document.querySelector('#detail video')?.videoWidth > 0")
            assert not await marit.violations()
            assert not [error for error in marit.errors if "blob:" not in error]


async def test_words_that_turn_the_page_around_stand_alone_and_hidden_characters_are_shown(browser: Browser) -> None:
    world = build(())
    title = f"uitnodiging{RLO}gpj.exe"
    meta = Incident(source="victim", recorded=ids.now(), title=title, text=ARABIC)
    world.seal(world.phone, replace(meta, impact=f"{RLO}omgekeerd", place=f"Markt{RLO}", conduct=(f"\u2066{RLO}tag",)))
    with StandIn(world) as server:
        async with visit(browser, server.url) as marit:
            await marit.review()
            detail = await chosen(marit, "uitnodiging⟨U+202E⟩gpj.exe")
            shown = await marit.page.evaluate("""() => {
              const texts = [document.body.innerText, ...[...document.querySelectorAll("*")].flatMap((one) =>
                [...one.attributes].map(({ value }) => value))];
              return texts.filter((text) => /[\\u202A-\\u202E\\u2066-\\u2069]/.test(text));
            }""")
            assert shown == []
            turned = await marit.page.evaluate("""(words) => [...document.querySelectorAll("body *")]
              .filter((one) => [...one.childNodes].some(({ nodeType, data }) =>
                nodeType === 3 && words.some((word) => data.includes(word))))
              .filter((one) => getComputedStyle(one).unicodeBidi === "normal")
              .map((one) => one.outerHTML.slice(0, 200))""", ["⟨U+", ARABIC[:8]])  # fmt: skip
            assert turned == []
            words, page = detail.locator(".words"), await marit.page.locator("#detail").bounding_box()
            right = await words.evaluate("""(element) => {
              const range = document.createRange();
              range.selectNodeContents(element);
              return [...range.getClientRects()].at(-1).right - element.getBoundingClientRect().right;
            }""")
            assert page is not None
            assert abs(right) < 2, "an Arabic story begins at the right"
            await marit.sound()


async def test_a_time_that_cannot_be_is_shown_as_it_was_told(browser: Browser) -> None:
    world = build(())
    for text in (*NOT_UNDERSTOOD, *AS_TOLD, "9999-12-31"):
        plain = canonical.encode(odd_items.meta(title=f"Op {text!a}", happened=text))
        world.raw(odd_items.Odd(text, "whole", plain))
    for text in ("1970-01-01T00:00:05.000Z", "9998-01-01T00:00:00.000Z"):
        untold = odd_items.meta(title="Klok van de telefoon", recorded=text)
        del untold["happened"]
        world.raw(odd_items.Odd(text, "whole", canonical.encode(untold)))
    world.seal(world.phone, Incident(source="victim", recorded=ids.now(), title="Twee keer",
                                 happened=Edtf("2026-10-25T02:30+01:00")))  # fmt: skip
    with StandIn(world) as server:
        async with visit(browser, server.url, timezone_id="America/New_York") as marit:
            await marit.review()
            rows = marit.page.locator(".row .cell.happened")
            cells = await rows.all_inner_texts()
            assert sum("niet begrepen" in cell for cell in cells) == len(NOT_UNDERSTOOD)
            assert sum("zoals verteld)" in cell for cell in cells) == len(AS_TOLD)
            assert sum("toekomst" in cell for cell in cells) == 1
            assert sum("25 okt 2026" in cell and "02:30 (UTC+1)" in cell for cell in cells) == 1
            assert not any("NaN" in cell or "Invalid" in cell for cell in cells)
            spoken = str(await marit.page.locator("canvas").get_attribute("aria-label"))
            assert "1970" not in spoken, "a clock that was never set does not stretch the axis"
            assert "9998" not in spoken
            await marit.sound()
