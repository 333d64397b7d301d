"""Opening and verifying a case of 2,000 items takes the memory of 200, and a row for each item more.

Each in a process of its own, by its peak. An item is 100 KiB, so whoever kept items, or descriptions, would show.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.envelope import sealing
from tests.support.incidents import photo
from tests.support.organisation import Organisation

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
FEW, MANY = 200, 2_000
CONTENT_BYTES, TEXT_CHARACTERS = 64 * 1024, 36 * 1024
ROW_KIB = 24
"""Of an item: its events as they are parsed, the names and hashes of its files, its claim."""


def peaks(folder: Path, items: int) -> list[int]:
    """Return the peaks of opening, of verifying what was opened, and of verifying what was sealed, KiB."""
    book = Organisation(folder / "book")
    text = "Een zin die zij opschreef. " * (TEXT_CHARACTERS // 27)
    for number in range(items):
        content = sealing.Content.of_bytes(os.urandom(CONTENT_BYTES), "foto.jpg", "image/jpeg")
        book.seal(photo(f"Foto {number}", text=(text,)), content)
    everything = list(book.standing.items)
    for start in range(0, items, 1_000):  # a grant is at most `canonical.MAX_DOCUMENT_BYTES`
        book.grant(*everything[start : start + 1_000])
    bundle = book.export(*everything)
    seeds = (book.investigator.sign_seed.hex(), book.investigator.xwing_seed.hex())
    return [
        peak(bundle, *seeds, folder / "opened"),
        peak(folder / "opened", book.trust),
        peak(bundle, book.trust),
    ]


def peak(*words: object) -> int:
    command = [sys.executable, "-m", "tests.faults.bundle_memory_child", *map(str, words)]
    return int(subprocess.check_output(command, cwd=ROOT))


def test_memory_does_not_grow_with_the_case(tmp_path: Path) -> None:
    few, many = peaks(tmp_path / "few", FEW), peaks(tmp_path / "many", MANY)
    grown = [(after - before) / (MANY - FEW) for before, after in zip(few, many, strict=True)]
    assert max(grown) < ROW_KIB, (few, many)
