"""Files, words and times that a page must say the truth about: what lies in the case, and what is asked of a page.

`tests/browser/test_files.py` asks Chromium, `tests/browser/test_files_engines.py` two more engines.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from evidence import canonical, ids
from evidence.edtf import Edtf
from evidence.envelope import pieces
from evidence.envelope.meta import Incident
from server.clients.attachments import describe, type_of
from tests.support import odd_items
from tests.support.page_world import World, build

CASES: Final = Path(__file__).parents[1] / "cases"
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


def with_files(folder: Path) -> tuple[World, dict[str, Path]]:
    """Return a case with each of `FILES` as `Bestand <name>`, and where they lie; `folder` takes what is made here."""
    world = build(())
    (folder / "IMG_5195.HEIC").write_bytes(HEIC)
    paths = {name: (CASES / name if (CASES / name).exists() else folder / name) for name in FILES}
    for name, path in paths.items():
        world.seal(world.phone, describe(path, type_of(path), f"Bestand {name}", "", None), path)
    return world, paths


TURNED_TITLE: Final = "uitnodiging⟨U+202E⟩gpj.exe"
"""The title of the entry of `with_turned_words`, as the page shows it."""


def with_turned_words() -> World:
    """Return a case with words that turn the page around."""
    world = build(())
    title = f"uitnodiging{RLO}gpj.exe"
    meta = Incident(source="victim", recorded=ids.now(), title=title, text=pieces.cut(ARABIC))
    world.seal(world.phone, replace(meta, impact=f"{RLO}omgekeerd", place=f"Markt{RLO}", conduct=(f"\u2066{RLO}tag",)))
    return world


HIDDEN: Final = """
  const texts = [document.body.innerText, ...[...document.querySelectorAll("*")].flatMap((one) =>
    [...one.attributes].map(({ value }) => value))];
  return texts.filter((text) => /[\\u202A-\\u202E\\u2066-\\u2069]/.test(text));
"""
"""The body of a function: texts in which a hidden character still turns what stands around it."""

TURNED: Final = """
  return [...document.querySelectorAll("body *")]
    .filter((one) => [...one.childNodes].some(({ nodeType, data }) =>
      nodeType === 3 && ["⟨U+", "STORY"].some((word) => data.includes(word))))
    .filter((one) => getComputedStyle(one).unicodeBidi === "normal")
    .map((one) => one.outerHTML.slice(0, 200));
""".replace("STORY", ARABIC[:8])
"""The body of a function: elements with foreign words that do not stand alone."""

RIGHT: Final = """
  const words = document.querySelector("#detail .words");
  const range = document.createRange();
  range.selectNodeContents(words);
  return [...range.getClientRects()].at(-1).right - words.getBoundingClientRect().right;
"""
"""The body of a function: how far from the right an Arabic story begins, in pixels."""


def with_odd_times() -> World:
    """Return a case with times that cannot be, and some that only look so."""
    world = build(())
    for text in (*NOT_UNDERSTOOD, *AS_TOLD, "9999-12-31"):
        plain = canonical.encode(odd_items.meta(title=f"Op {text!a}", happened=text))
        world.raw(odd_items.Odd(text, "whole", plain))
    for text in ("1970-01-01T00:00:05.000Z", "9998-01-01T00:00:00.000Z"):
        untold = odd_items.meta(title="Klok van de telefoon", recorded=text)
        del untold["happened"]
        world.raw(odd_items.Odd(text, "whole", canonical.encode(untold)))
    twice = Edtf("2026-10-25T02:30+01:00")
    meta = Incident(source="victim", recorded=ids.now(), title="Twee keer", happened=twice)
    world.seal(world.phone, meta)
    return world


def hold_times(cells: list[str], spoken: str) -> None:
    """Hold what a page says of `with_odd_times`: the cells of the column, and what is read out of the overview."""
    assert sum("niet begrepen" in cell for cell in cells) == len(NOT_UNDERSTOOD)
    assert sum("zoals verteld)" in cell for cell in cells) == len(AS_TOLD)
    assert sum("toekomst" in cell for cell in cells) == 1
    assert sum("25 okt 2026" in cell and "02:30 (UTC+1)" in cell for cell in cells) == 1
    assert not any("NaN" in cell or "Invalid" in cell for cell in cells)
    assert "1970" not in spoken, "a clock that was never set does not stretch the axis"
    assert "9998" not in spoken
