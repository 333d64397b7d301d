"""The cases of `tests/browser/test_files.py` in Firefox ESR and in WebKitGTK.

What an engine can show depends on the computer's codecs. What holds in each: a file is shown, or the page says that it
cannot be; and it can be saved as it was sealed.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import DOWNLOADS, UNTIL, Window, firefox, sign_in, webkit
from tests.support.file_cases import (
    FILES,
    HIDDEN,
    RIGHT,
    TURNED,
    TURNED_TITLE,
    UNSHOWN,
    hold_times,
    with_files,
    with_odd_times,
    with_turned_words,
)
from tests.support.stand_in import StandIn
from tests.support.waiting import patience

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
    pytest.mark.faults,  # for their time: Chromium has the same cases, and both engines start the pages, in `make test`
]

Engine = Callable[..., AbstractAsyncContextManager[Window]]
EACH = pytest.mark.parametrize("engine", [firefox, webkit], ids=["firefox", "webkit"])

CHOOSE = """
  const title = %s;
  [...document.querySelectorAll(".row button.title")].find((one) => one.textContent === title).click();
  const chosen = () => document.querySelector("#detail-title")?.textContent === title;
"""
SETTLED = """
  const settled = () => {
    const media = chosen() ? document.querySelector("#detail getuige-media.large") : null;
    if (!media?.querySelector(".media-save a")) return null;
    const note = media.querySelector(".media-note")?.textContent ?? "";
    const shown = media.querySelector("img, video, audio");
    if (!shown) return note ? { note, shown: 0 } : null;
    const size = shown.tagName === "IMG" ? shown.naturalWidth : shown.duration;
    return size > 0 ? { note, shown: size } : null;
  };
"""
"""A picture with pixels, a player with a length, or a note instead: anything else is still on its way."""


async def _review(window: Window, server: StandIn) -> None:
    await sign_in(window, f"{server.url}/review", "marit", "getuige-review[data-checked]")


async def _choose(window: Window, title: str, then: str) -> Any:  # noqa: ANN401 - JSON
    return await window.ask(CHOOSE % json.dumps(title) + then)


@EACH
async def test_a_file_is_shown_or_said_to_be_unshown_and_can_be_saved(engine: Engine, tmp_path: Path) -> None:
    made, home = tmp_path / "made", tmp_path / "home"
    made.mkdir()
    home.mkdir()
    world, paths = with_files(made)
    with StandIn(world) as server:
        async with engine(home) as window:
            await _review(window, server)
            for name, said in FILES.items():
                look = SETTLED + UNTIL % "settled()" + "return settled();"
                found = await _choose(window, f"Bestand {name}", look)
                assert found, f"{name}: neither shown nor said to be unshown"
                if not found["shown"]:
                    assert (said or UNSHOWN) in found["note"], name
                elif found["note"]:
                    assert "alleen het geluid" in found["note"], name
                await window.ask("document.querySelector('#detail .media-save a').click()")
                saved = home / DOWNLOADS / name
                async with asyncio.timeout(patience(20)):
                    while not (saved.exists() and saved.read_bytes() == paths[name].read_bytes()):  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
            shown = await _choose(window, "Bestand gps-lower.jpg", SETTLED + UNTIL % "settled()" + "return settled();")
            assert shown["shown"] > 0, "every engine knows JPEG"


@EACH
async def test_words_that_turn_the_page_around_stand_alone(engine: Engine, tmp_path: Path) -> None:
    with StandIn(with_turned_words()) as server:
        async with engine(tmp_path) as window:
            await _review(window, server)
            await _choose(window, TURNED_TITLE, UNTIL % "chosen()")
            for body in (HIDDEN, TURNED):
                assert await window.ask(body) == []
            assert abs(await window.ask(RIGHT)) < 2, "an Arabic story begins at the right"


@EACH
async def test_a_time_that_cannot_be_is_shown_as_it_was_told(engine: Engine, tmp_path: Path) -> None:
    with StandIn(with_odd_times()) as server:
        async with engine(tmp_path, zone="America/New_York") as window:
            await _review(window, server)
            cells = "[...document.querySelectorAll('.row .cell.happened')].map((one) => one.innerText)"
            label = "document.querySelector('canvas').getAttribute('aria-label')"
            hold_times(await window.ask(f"return {cells};"), await window.ask(f"return {label};"))
