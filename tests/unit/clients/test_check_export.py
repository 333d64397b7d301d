"""Vault and phone hold a bundle against the receipts that they keep, without a pass phrase and without a server."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from server.clients.numbering import Numbers
from tests.support.command_line import Ended, getuige
from tests.support.rows import Story, kept_beside
from tests.support.tampered_times import ROWS

ROW = "a receipt that was kept: {}"


@dataclass(frozen=True)
class Keeper:
    """Who keeps receipts, where below a folder, and how it is told where."""

    name: str
    receipts: Callable[[Path], Path]
    option: Callable[[Path], tuple[object, ...]]

    def check(self, bundle: Path, anchors: Path, folder: Path) -> Ended:
        return getuige(self.name, "check-export", bundle, "--trust", anchors, *self.option(folder))


KEEPERS: Final = (
    Keeper("vault", lambda at: Numbers.beside(at / "vault.json").receipts, lambda at: ("--key", at / "vault.json")),
    Keeper("phone", lambda at: at / "phone/receipts", lambda at: ("--folder", at / "phone")),
)
EACH: Final = pytest.mark.parametrize("keeper", KEEPERS, ids=lambda keeper: keeper.name)


def checked(keeper: Keeper, name: str, folder: Path) -> Ended:
    (row,) = (one for one in ROWS if one.name == ROW.format(name))
    bundle, anchors = row.make(Story.build(folder / "story"), folder)
    (kept,) = kept_beside(bundle)
    keeper.receipts(folder).parent.mkdir(exist_ok=True)
    kept.rename(keeper.receipts(folder))
    return keeper.check(bundle, anchors, folder)


@EACH
def test_an_export_that_knows_less_than_her_receipts_is_named(keeper: Keeper, tmp_path: Path) -> None:
    done = checked(keeper, "of a number that the export does not know", tmp_path)
    assert (done.code, "The server contradicts itself" in done.out) == (1, True), done.out
    assert "NOT RIGHT" in done.out


@EACH
@pytest.mark.parametrize("name", ["of one that it knows", "of what came later"])
def test_an_export_that_knows_what_she_knows_holds(keeper: Keeper, name: str, tmp_path: Path) -> None:
    done = checked(keeper, name, tmp_path)
    assert (done.code, "NOT RIGHT" in done.out) == (0, False), done.out


@EACH
def test_what_keeps_nothing_says_so(keeper: Keeper, tmp_path: Path) -> None:
    story = Story.build(tmp_path / "story")
    done = keeper.check(story.bundle, story.book.trust, tmp_path)
    assert (done.code, "keeps no receipt" in done.out) == (0, True), done.out
