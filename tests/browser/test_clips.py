"""What was cut off is shown as incomplete and opens as far as it arrived; a long clip plays without loading it whole.

THREATS.md: "destroys the phone, also in the middle of a recording", and "server sends bad JavaScript": the worker
behind the player is the only one that a page may start, on this page only, and it goes when the page closes.
"""

import math
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from evidence import ids
from evidence.edtf import Edtf
from evidence.envelope.meta import Media
from tests.support.page_world import World, build
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

RATE = 48_000
SECONDS = 70
FIRST = "document.querySelector('#detail .large audio')"


def tone(path: Path, seconds: int) -> Path:
    """A sound of about 200 kB a second: long ones are too long to be fetched whole."""
    second = b"".join(struct.pack("<hh", *[int(9000 * math.sin(t / 20))] * 2) for t in range(RATE))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(second * seconds)
    return path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, ids.ItemId, ids.ItemId]:
    """A world with a long sound that arrived, and one that was cut off at six tenths."""
    folder = tmp_path_factory.mktemp("clips")
    world = build(())
    meta = [
        Media(kind="sound", source="victim", recorded=ids.now(), title=title, happened=Edtf(ids.now()[:10]))
        for title in ("Lange opname", "Afgebroken opname")
    ]
    whole = world.seal(world.phone, meta[0], tone(folder / "lang.wav", SECONDS))
    return world, whole, world.begin(meta[1], tone(folder / "kort.wav", 20), 0.6)


@pytest.fixture
def clips(told: tuple[World, ids.ItemId, ids.ItemId]) -> Iterator[StandIn]:
    with StandIn(told[0]) as running:
        yield running


async def test_a_long_clip_plays_and_seeks_from_ranges_and_is_saved_whole(
    browser: Browser, clips: StandIn, told: tuple[World, ids.ItemId, ids.ItemId], tmp_path: Path
) -> None:
    world, item, _ = told
    size = len(world.containers[item])
    assert size > 12_000_000
    async with visit(browser, clips.url) as marit:
        await marit.review()
        await marit.page.click(f"#row-{item} .title")
        await marit.page.click("#detail .large button")
        await marit.page.wait_for_selector("#detail .large audio")
        assert "/review/clip/" in str(await marit.page.get_attribute("#detail .large audio", "src"))
        await marit.until(f"{FIRST}.readyState >= 1 && Math.abs({FIRST}.duration - {SECONDS}) < 1")
        await marit.page.evaluate(f"{FIRST}.muted = true; {FIRST}.currentTime = {SECONDS - 8};")
        await marit.page.evaluate(f"{FIRST}.play()")
        await marit.until(f"{FIRST}.currentTime > {SECONDS - 7.5} && {FIRST}.error === null")
        await marit.page.evaluate(f"{FIRST}.pause()")
        assert clips.sent[item] < size / 2, "a part was fetched, not the whole"
        async with marit.page.expect_download() as saving:
            await marit.page.get_by_role("button", name="lang.wav opslaan").click()
        await (await saving.value).save_as(tmp_path / "lang.wav")
        assert (tmp_path / "lang.wav").read_bytes() == tone(tmp_path / "again.wav", SECONDS).read_bytes()
        await marit.sound()


async def test_what_was_cut_off_is_called_incomplete_and_opens_as_far_as_it_arrived(
    browser: Browser, clips: StandIn, told: tuple[World, ids.ItemId, ids.ItemId]
) -> None:
    _, _, item = told
    async with visit(browser, clips.url) as marit:
        await marit.review()
        row = marit.page.locator(f"#row-{item}")
        await expect(row).to_contain_text("onvolledig: 6")
        await expect(row).to_contain_text("bewezen")
        await row.locator(".title").click()
        await expect(marit.page.locator("#detail .part")).to_contain_text("Wat is binnengekomen, is echt en leesbaar")
        await marit.page.wait_for_selector("#detail .large audio")
        await marit.until(f"{FIRST}.readyState >= 1 && {FIRST}.duration > 10 && {FIRST}.error === null")
        await marit.keep("review-incomplete")
        await marit.sound()


async def test_a_byte_changed_in_what_arrived_opens_nothing(
    browser: Browser, clips: StandIn, told: tuple[World, ids.ItemId, ids.ItemId]
) -> None:
    world, _, item = told
    honest = world.containers[item]
    changed = bytearray(honest)
    changed[len(changed) // 2] ^= 1
    world.containers[item] = bytes(changed)
    try:
        async with visit(browser, clips.url) as marit:
            await marit.review()
            await marit.page.click(f"#row-{item} .title")
            await expect(marit.page.locator("#detail .large")).to_contain_text("kon niet worden geopend")
    finally:
        world.containers[item] = honest


async def test_the_worker_stays_on_its_page_and_goes_with_it(
    browser: Browser, clips: StandIn, told: tuple[World, ids.ItemId, ids.ItemId]
) -> None:
    _, item, _ = told
    count = "(async () => (await navigator.serviceWorker.getRegistrations()).length)()"
    async with visit(browser, clips.url) as marit:
        await marit.review()
        assert await marit.page.evaluate(count) == 0
        await marit.page.click(f"#row-{item} .title")
        await marit.page.click("#detail .large button")
        await marit.page.wait_for_selector("#detail .large audio")
        assert await marit.page.evaluate(count) == 1
        await marit.page.goto(f"{clips.url}/console")
        assert await marit.page.evaluate("navigator.serviceWorker.controller") is None
        refused = "navigator.serviceWorker.register('/web/review/clip-worker.js').then(() => 'in', () => 'refused')"
        assert await marit.page.evaluate(refused) == "refused"
        await marit.page.goto(f"{clips.url}/review")
        await marit.page.wait_for_selector("#handle")
        await marit.until(f"{count}.then((left) => left === 0)")


async def test_the_worker_of_another_page_of_this_address_is_left_alone(browser: Browser, clips: StandIn) -> None:
    """A phone's page keeps itself usable without a network by a worker; opening a case must not take it away."""
    scopes = "(async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope))()"
    async with visit(browser, clips.url) as marit:
        await marit.page.goto(f"{clips.url}/web-manifest.json")
        register = "navigator.serviceWorker.register('/web/review/clip-worker.js', {scope: '/review/of-another-page'})"
        scope = await marit.page.evaluate(f"{register}.then(({{ scope }}) => scope)")
        await marit.review()
        assert await marit.page.evaluate(scopes) == [scope]
