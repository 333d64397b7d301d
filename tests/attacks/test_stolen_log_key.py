"""The log's key was stolen, and the root ended that log: what the thief signs since is refused in every bundle.

The thief of these tests has fooled the witnesses, too: only the rotation stands in the way.
"""

import dataclasses
import hashlib
from pathlib import Path

import pytest

from evidence import canonical, ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.report import Verdict
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.format.rotations import Handover
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.statements.statement import SeenCheckpoint
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.rotating import RotatedOrganisation, pin, rotation_over
from tests.support.stolen_log_key import encoded, rotated, sealed_and_granted, thief_log, unpack


@pytest.fixture(name="book")
def make_book(tmp_path: Path) -> RotatedOrganisation:
    return RotatedOrganisation(tmp_path / "book")


def codes(path: Path, book: Organisation) -> set[str]:
    """Return the codes of the claims that fail."""
    return {claim.code for claim in verify(path, trust.load(book.trust, path)).failed}


def reasons(path: Path, book: Organisation, code: str) -> str:
    failed = verify(path, trust.load(book.trust, path)).failed
    return " ".join(claim.values["why"] for claim in failed if claim.code == code)


def test_an_honest_bundle_over_both_logs_holds(book: RotatedOrganisation, tmp_path: Path) -> None:
    folder = rotated(book, tmp_path)
    assert codes(folder, book) == set(), "with the anchors of before: the root's signature is in the bundle"
    pin(book.trust, *[book.rotation] if book.rotation else [])
    report = verify(folder, trust.load(book.trust, folder))
    assert not report.failed
    assert {"log-rotated"} <= {claim.code for claim in report.claims}


def test_a_bundle_of_before_the_rotation_still_holds_and_says_who_answers_for_it(
    book: RotatedOrganisation, tmp_path: Path
) -> None:
    item = sealed_and_granted(book)
    book.stamp()
    folder = unpack(book.export(item), tmp_path / "out")
    book.seal(incident())
    pin(book.trust, book.rotate())
    report = verify(folder, trust.load(book.trust, folder))
    assert not report.failed
    assert [claim.values["count"] for claim in report.claims if claim.code == "log-unlinked"] == ["2"]


def test_the_old_key_signs_on_after_the_rotation(book: RotatedOrganisation, tmp_path: Path) -> None:
    book.seal(incident())
    pin(book.trust, rotation_over(book.integrate().checkpoint, book.following, book.root))
    folder = unpack(book.export(sealed_and_granted(book)), tmp_path / "out")  # the thief runs the old log on
    assert "event-not-logged" in codes(folder, book)
    assert "was retired at" in reasons(folder, book, "event-not-logged")
    (book.trust / trust.ROTATIONS).unlink()
    assert codes(folder, book) == set(), "without the rotation it would be believed: the test is worth something"


def test_the_old_key_shows_another_past_below_the_end(book: RotatedOrganisation, tmp_path: Path) -> None:
    """The thief rewrites event 3 and proves it under a head that is not too large."""
    folder = rotated(book, tmp_path)
    end = book.line.eras[0].final
    assert end is not None
    fork = thief_log(tmp_path / "thief", book.log, book)
    leaves = [one.leaf for one in book.journal[: end.size]]
    head = fork.integrate([*leaves[:3], b"\x01" + bytes(32), *leaves[4:]], 0)
    tiles = FolderTiles(tmp_path / "thief" / "log")
    target = folder / layout.proof(0)
    target.write_bytes(tlogproof.build_proof(tiles, 0, head).to_bytes())
    regenerate(folder)
    assert codes(folder, book) == {"event-not-logged"}
    assert "not part of the final head" in reasons(folder, book, "event-not-logged")
    smaller = thief_log(tmp_path / "smaller", book.log, book).integrate([*leaves[:3], b"\x01" + bytes(32)], 0)
    target.write_bytes(tlogproof.build_proof(FolderTiles(tmp_path / "smaller" / "log"), 0, smaller).to_bytes())
    regenerate(folder)
    assert "nothing here shows that this head is part of it" in reasons(folder, book, "event-not-logged")


def test_a_successor_that_the_root_did_not_sign(book: RotatedOrganisation, tmp_path: Path) -> None:
    folder = rotated(book, tmp_path)
    file = folder / layout.ROTATIONS
    honest = Handover.parse(file.read_bytes())
    for forger in (keys.Identity.generate(), book.server, book.investigator):
        assert book.line.eras[0].final is not None
        made = rotation_over(book.line.eras[0].final, book.following, forger)
        forged = dataclasses.replace(honest.rotations[0], statement=encoded(made))
        file.write_bytes(dataclasses.replace(honest, rotations=(forged,)).to_bytes())
        regenerate(folder)
        assert {"rotation-bad", "event-not-logged"} <= codes(folder, book)
        assert "root did not sign" in reasons(folder, book, "rotation-bad")


def test_the_thief_s_own_log_takes_over(book: RotatedOrganisation, tmp_path: Path) -> None:
    """He signs no rotation himself, but replaces the heads beside the root's."""
    folder = rotated(book, tmp_path)
    file = folder / layout.ROTATIONS
    honest = Handover.parse(file.read_bytes())
    end = book.line.eras[0].final
    assert end is not None
    own = thief_log(tmp_path / "own", generate_key("thief.example/log"), book)
    head = own.integrate([*book.line.current.opening, *(one.leaf for one in book.journal[end.size :])], 0)
    entry = tlogproof.build_proof(FolderTiles(tmp_path / "own" / "log"), 0, head).to_bytes()
    for change in ({"entry": canonical.b64(entry)}, {"final": canonical.b64(head.to_bytes())}):
        forged = dataclasses.replace(honest.rotations[0], **change)  # type: ignore[arg-type]
        file.write_bytes(dataclasses.replace(honest, rotations=(forged,)).to_bytes())
        regenerate(folder)
        assert "rotation-bad" in codes(folder, book)


def test_a_rotation_that_commits_to_a_shorter_log_contradicts_who_saw_more(
    book: RotatedOrganisation, tmp_path: Path
) -> None:
    """The root was fooled into signing an earlier end, so that what came after it could be left out."""
    item = sealed_and_granted(book)
    early = book.integrate().checkpoint
    more = book.seal(incident())
    seen = book.stamp()
    later = book.seal(incident(), seen=seen)
    book.grant(more, later)
    folder = unpack(book.export(item, more, later), tmp_path / "out")
    pin(book.trust, rotation_over(early, book.following, book.root))
    assert "event-not-logged" in codes(folder, book)
    assert "was retired at" in reasons(folder, book, "event-not-logged")


def test_two_endings_of_one_log_are_none(book: RotatedOrganisation, tmp_path: Path) -> None:
    folder = rotated(book, tmp_path)
    early = dataclasses.replace(SignedCheckpoint.parse(book.tiles(1).read("checkpoint")).checkpoint, size=5)
    pin(book.trust, rotation_over(early, generate_key("other.example/log"), book.root))
    assert "rotation-bad" in codes(folder, book)
    assert "two different ways" in reasons(folder, book, "rotation-bad")


def test_what_is_held_back_proves_nothing(book: RotatedOrganisation, tmp_path: Path) -> None:
    folder = rotated(book, tmp_path)
    (folder / layout.ROTATIONS).unlink()
    regenerate(folder)
    assert "event-not-logged" in codes(folder, book), "anchors of before know no second log"
    pin(book.trust, *[book.rotation] if book.rotation else [])
    assert "nothing here shows" in reasons(folder, book, "event-not-logged"), "and the old heads lead nowhere"
    (book.trust / trust.ROTATIONS).unlink()
    policy = book.trust / trust.POLICY
    policy.write_text(f"log {book.log.vkey}\nlog {book.following.vkey}\n" + policy.read_text().split("\n", 1)[1])
    assert "rotation-bad" in codes(folder, book), "a policy that knows more than the rotations fails closed"


def test_heads_that_nobody_witnessed_must_lead_to_the_end(book: RotatedOrganisation, tmp_path: Path) -> None:
    item = sealed_and_granted(book)
    book.stamp()
    folder = unpack(book.export(item), tmp_path / "out")
    book.seal(incident())
    pin(book.trust, book.rotate())
    (book.trust / trust.POLICY).write_text(f"log {book.log.vkey}\nquorum none\n")
    assert "event-not-logged" in codes(folder, book)


def test_who_saw_the_new_log_is_placed_in_it(book: RotatedOrganisation, tmp_path: Path) -> None:
    """A head of the new log is small and young: its size must not be compared with sizes of the old one."""
    first = sealed_and_granted(book)
    old = book.stamp()
    second = book.seal(incident(), seen=old)
    book.rotate()
    new = book.stamp()
    assert (new.log, new.size < old.size) == (book.following.name, True)
    third = book.seal(incident(), seen=new)
    fitting = book.seal(incident(), seen=book.stamp())
    book.grant(second, third, fitting)
    folder = unpack(book.export(first, second, third, fitting), tmp_path / "out")
    report = verify(folder, trust.load(book.trust, folder))
    assert not report.failed
    newer = book.stamp()
    lie = SeenCheckpoint(newer.size, ids.Sha256(hashlib.sha256(b"another").hexdigest()), newer.log)
    fourth = book.seal(incident(), seen=lie)
    book.grant(fourth)
    told = unpack(book.export(third, fourth), tmp_path / "lie")
    report = verify(told, trust.load(book.trust, told))
    assert [claim.verdict for claim in report.claims if claim.code == "seen-differs"] == [Verdict.NOTE]
    assert not report.failed, "the word of one key spoils nothing that others sealed"
