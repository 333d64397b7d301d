"""Her vault holds a bundle against the receipts that her computer keeps, without a pass phrase and without a server."""

from pathlib import Path

import pytest

from server.clients.numbering import Numbers
from tests.support.command_line import Ended, getuige
from tests.support.rows import Story, kept_beside
from tests.support.tampered_times import ROWS

ROW = "a receipt that was kept: {}"


def checked(name: str, folder: Path) -> Ended:
    (row,) = (one for one in ROWS if one.name == ROW.format(name))
    bundle, anchors = row.make(Story.build(folder / "story"), folder)
    (kept,) = kept_beside(bundle)
    kept.rename(Numbers.beside(folder / "vault.json").receipts)
    return getuige("vault", "check-export", bundle, "--key", folder / "vault.json", "--trust", anchors)


def test_an_export_that_knows_less_than_her_receipts_is_named(tmp_path: Path) -> None:
    done = checked("of a number that the export does not know", tmp_path)
    assert (done.code, "The server contradicts itself" in done.out) == (1, True), done.out
    assert "NOT RIGHT" in done.out


@pytest.mark.parametrize("name", ["of one that it knows", "of what came later"])
def test_an_export_that_knows_what_she_knows_holds(name: str, tmp_path: Path) -> None:
    done = checked(name, tmp_path)
    assert (done.code, "NOT RIGHT" in done.out) == (0, False), done.out


def test_a_computer_that_keeps_nothing_says_so(tmp_path: Path) -> None:
    story = Story.build(tmp_path / "story")
    words = ("vault", "check-export", story.bundle, "--key", tmp_path / "vault.json", "--trust", story.book.trust)
    done = getuige(*words)
    assert (done.code, "keeps no receipt" in done.out) == (0, True), done.out
