"""Opening that was cut off goes on where it stopped, and comes out byte for byte as if nothing had happened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import files
from evidence.bundle.format import layout
from evidence.bundle.opening import derived, growing
from evidence.bundle.opening.growing import TargetError
from evidence.bundle.opening.opened import open_bundle
from tests.support.cases_to_open import CaseToOpen, contents

ITEMS = 6


class CutOffError(Exception):
    """What ends an opening in the middle."""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> CaseToOpen:
    return CaseToOpen.build(tmp_path_factory.mktemp("case"), ITEMS)


@pytest.fixture(autouse=True)
def flushed_after_each_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "GROUP_FILES", 1)


def cut_off(case: CaseToOpen, target: Path, after: int) -> Path:
    """Open so many items and stop; return the bag so far."""

    def stop(done: int, _all: int) -> None:
        if done == after:
            raise CutOffError

    with pytest.raises(CutOffError):
        open_bundle(case.bundle, case.reader, target, stop)
    assert not target.exists()
    return target.with_name(f"{target.name}.partial") / growing.BAG


@pytest.mark.parametrize("after", range(1, ITEMS + 1))
def test_it_goes_on_after_the_last_item_that_was_noted(case: CaseToOpen, tmp_path: Path, after: int) -> None:
    target = tmp_path / "opened"
    bag = cut_off(case, target, after)
    written = {path.name: path.stat().st_mtime_ns for path in (bag / layout.DESCRIPTIONS).iterdir()}
    assert len(written) == after
    open_bundle(case.bundle, case.reader, target)
    assert contents(target) == contents(case.whole)
    now = {path.name: path.stat().st_mtime_ns for path in (target / layout.DESCRIPTIONS).iterdir()}
    assert {name: now[name] for name in written} == written
    assert not bag.parent.exists()


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [shortened, changed, emptied, Path.unlink])
@pytest.mark.parametrize("which", [layout.ORIGINALS, layout.DESCRIPTIONS, layout.FIELDS, layout.EVENTS])
def test_no_file_is_believed_that_is_not_what_was_written(
    case: CaseToOpen, tmp_path: Path, which: str, spoil: Callable[[Path], None]
) -> None:
    bag = cut_off(case, tmp_path / "opened", 4)
    for path in (bag / which).iterdir():
        spoil(path)
    (bag / layout.DESCRIPTIONS / "0099-stray000.json").write_bytes(b"{}")
    open_bundle(case.bundle, case.reader, tmp_path / "opened")
    assert contents(tmp_path / "opened") == contents(case.whole)


@pytest.mark.parametrize("torn", [1, 40, 400])
@pytest.mark.parametrize("tail", [b"", b"\x00" * 64, b'{"item":1}\n'])
def test_notes_count_up_to_where_they_were_torn(case: CaseToOpen, tmp_path: Path, torn: int, tail: bytes) -> None:
    bag = cut_off(case, tmp_path / "opened", 3)
    notes = bag.parent / growing.NOTES
    notes.write_bytes(notes.read_bytes()[:-torn] + tail)
    open_bundle(case.bundle, case.reader, tmp_path / "opened")
    assert contents(tmp_path / "opened") == contents(case.whole)


def test_another_bundle_or_key_is_refused_and_changes_nothing(case: CaseToOpen, tmp_path: Path) -> None:
    bag = cut_off(case, tmp_path / "opened", 3)
    before = contents(bag.parent)
    with pytest.raises(TargetError, match="the beginning of another bundle, or of this one with another key"):
        open_bundle(case.bundle, case.book.vault, tmp_path / "opened")
    another = case.book.export(*case.book.standing.items)
    with pytest.raises(TargetError, match="the beginning of another bundle, or of this one with another key"):
        open_bundle(another, case.reader, tmp_path / "opened")
    assert contents(bag.parent) == before
    assert not (tmp_path / "opened").exists()


def test_a_folder_that_says_nothing_of_itself_is_left_alone(case: CaseToOpen, tmp_path: Path) -> None:
    partial = tmp_path / "opened.partial"
    partial.mkdir()
    (partial / "dagboek.txt").write_text("van haar")
    with pytest.raises(TargetError, match="Getuige did not begin it"):
        open_bundle(case.bundle, case.reader, tmp_path / "opened")
    assert contents(partial) == {"dagboek.txt": b"van haar"}


def test_notes_without_a_beginning_are_refused(case: CaseToOpen, tmp_path: Path) -> None:
    bag = cut_off(case, tmp_path / "opened", 2)
    (bag.parent / growing.NOTES).write_bytes(b"")
    with pytest.raises(TargetError, match="does not say what was begun there"):
        open_bundle(case.bundle, case.reader, tmp_path / "opened")


def test_two_at_once_do_not_disturb_each_other(case: CaseToOpen, tmp_path: Path) -> None:
    bag = cut_off(case, tmp_path / "opened", 2)
    with files.locked(bag.parent / growing.NOTES), pytest.raises(TargetError, match="another process"):
        open_bundle(case.bundle, case.reader, tmp_path / "opened")
    open_bundle(case.bundle, case.reader, tmp_path / "opened")
    assert contents(tmp_path / "opened") == contents(case.whole)


def test_lines_of_the_timeline_that_were_not_kept_are_made_again(
    case: CaseToOpen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = max(map(len, (case.whole / layout.TIMELINE).read_bytes().splitlines()[1:]))
    monkeypatch.setattr(derived, "KEPT_BYTES", 2 * line)
    open_bundle(case.bundle, case.reader, tmp_path / "opened")
    assert contents(tmp_path / "opened") == contents(case.whole)
