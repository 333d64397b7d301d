"""Proves that opening a bundle survives kill -9, power cuts, a full disk and one that errs: whole, or not by its name.

The same command again goes on, and ends with the bytes that an opening ends with which nothing disturbed.
"""

import errno
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.opening import growing
from evidence.bundle.opening.opened import open_bundle
from evidence.errors import DurabilityError, EvidenceError
from tests.support import power, starter
from tests.support.cases_to_open import CaseToOpen, contents
from tests.support.disk import Disk
from tests.support.sizes import sizes
from tests.support.small_disk import small_disk

CHILD = Path(__file__).with_name("opening_crash_child.py").read_text()
MIB = 1024 * 1024
ITEMS = 24


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> CaseToOpen:
    return CaseToOpen.build(tmp_path_factory.mktemp("case"), ITEMS)


def start(case: CaseToOpen, target: Path, group: int) -> starter.Process:
    with Path(os.devnull).open("wb") as nowhere:
        return starter.start(*case.words(target, group), output=nowhere, code=CHILD)


@pytest.mark.parametrize("seed", sizes(1, *range(2, 20)))
def test_killed_at_any_moment_it_goes_on(case: CaseToOpen, tmp_path: Path, seed: int) -> None:
    chance, whole = random.Random(seed), contents(case.whole)
    target, ended = tmp_path / "opened", list[int]()
    while not target.exists():
        process = start(case, target, chance.choice((1, 5, 512)))
        at = chance.randrange(len(whole) if ended else len(whole) // 8)
        if len(ended) < 8:
            while process.poll() is None and files_in(target.with_name("opened.partial")) < at:
                time.sleep(0.001)
            process.kill()
        ended.append(process.wait(60))
        assert ended[-1] in {0, -signal.SIGKILL}
    assert ended[0] == -signal.SIGKILL
    assert contents(target) == whole


def files_in(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


class Watching(power.Disk):
    """Looks at the disk at each promise: when notes are flushed, and when the bag gets its name."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(base, monkeypatch)
        self.noted = 0
        self.rename = os.rename
        monkeypatch.setattr(os, "rename", self.watched_rename)

    def noted_fsync(self, descriptor: int) -> None:
        notes = Path(f"/proc/self/fd/{descriptor}").readlink()
        if notes.name == growing.NOTES:
            told = [json.loads(line) for line in notes.read_text().splitlines()[1:]]
            names = [file["name"] for note in told for file in note["files"]]
            assert all(self.survives(notes.parent / growing.BAG / name) for name in names)
            self.noted = len(told)
        super().noted_fsync(descriptor)

    def watched_rename(self, source: Path, target: Path) -> None:
        assert all(self.survives(path) for path in source.rglob("*") if path.is_file())
        self.rename(source, target)


@pytest.mark.parametrize("group", [1, 7, 512])
def test_a_power_cut_leaves_it_whole_or_visibly_partial(
    case: CaseToOpen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    monkeypatch.setattr(growing, "GROUP_FILES", group)
    disk = Watching(tmp_path, monkeypatch)
    open_bundle(case.bundle, case.reader, tmp_path / "opened")
    assert disk.noted == ITEMS
    assert all(disk.survives(path) for path in (tmp_path / "opened").rglob("*") if path.is_file())
    assert contents(tmp_path / "opened") == contents(case.whole)


def test_a_full_disk_leaves_nothing_that_looks_whole(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "GROUP_FILES", 1)
    case = CaseToOpen.build(tmp_path_factory.mktemp("large"), 9, 2 * MIB)
    with small_disk(tmp_path / "disk", "32m") as disk:
        (disk / "junk").write_bytes(bytes(24 * MIB))
        with pytest.raises(OSError, match="No space left") as full:
            open_bundle(case.bundle, case.reader, disk / "opened")
        assert full.value.errno == errno.ENOSPC
        assert not (disk / "opened").exists()
        for left in (disk / "opened.partial", disk / "opened.partial" / growing.BAG):
            with pytest.raises(EvidenceError):
                verify(left, trust.load(case.book.trust, left))
        (disk / "junk").unlink()
        open_bundle(case.bundle, case.reader, disk / "opened")
        assert contents(disk / "opened") == contents(case.whole)


def test_a_disk_that_errs_is_not_believed(case: CaseToOpen, tmp_path: Path) -> None:
    disk = Disk.build(tmp_path)
    disk.fails()
    variables = {**os.environ, **disk.variables}
    with (tmp_path / "said").open("wb") as said:
        process = starter.start(*case.words(tmp_path / "opened", 5), output=said, code=CHILD, environment=variables)
        assert process.wait(60) == 1
    assert DurabilityError.__name__ in (tmp_path / "said").read_text()
    assert not (tmp_path / "opened").exists()
    assert start(case, tmp_path / "opened", 5).wait(60) == 0
    assert contents(tmp_path / "opened") == contents(case.whole)
