"""Files that no browser shows, names and words that turn the page around, times that cannot be: the page says so.

Every file can be saved as it was sealed, whatever the browser makes of it. See `tests/cases`.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.support.file_cases import (
    FILES,
    HIDDEN,
    RIGHT,
    TURNED,
    TURNED_TITLE,
    hold_times,
    with_files,
    with_odd_times,
    with_turned_words,
)
from tests.support.stand_in import StandIn
from tests.support.visitor import Visitor, visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]


async def chosen(marit: Visitor, title: str) -> Locator:
    """Choose an entry and return its part of the page."""
    await marit.page.locator(".row button.title", has_text=title).first.click()
    detail = marit.page.locator("#detail")
    await expect(detail.locator("#detail-title")).to_have_text(title)
    return detail


async def test_every_file_can_be_saved_and_what_is_not_shown_is_said(browser: Browser, tmp_path: Path) -> None:
    world, paths = with_files(tmp_path)
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
    with StandIn(with_turned_words()) as server:
        async with visit(browser, server.url) as marit:
            await marit.review()
            await chosen(marit, TURNED_TITLE)
            for body in (HIDDEN, TURNED):
                assert await marit.page.evaluate(f"() => {{ {body} }}") == []
            assert abs(await marit.page.evaluate(f"() => {{ {RIGHT} }}")) < 2, "an Arabic story begins at the right"
            await marit.sound()


async def test_a_time_that_cannot_be_is_shown_as_it_was_told(browser: Browser) -> None:
    with StandIn(with_odd_times()) as server:
        async with visit(browser, server.url, timezone_id="America/New_York") as marit:
            await marit.review()
            cells = await marit.page.locator(".row .cell.happened").all_inner_texts()
            hold_times(cells, str(await marit.page.locator("canvas").get_attribute("aria-label")))
            await marit.sound()
