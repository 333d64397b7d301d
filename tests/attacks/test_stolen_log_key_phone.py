"""The log's key was stolen, and the root ended that log: a phone believes the root alone, and nothing that came after.

The server of these tests is the thief's: it shows whatever it likes, over real HTTP. The witnesses are fooled, too.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import canonical, keys
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.tiles import FolderTiles
from evidence.statements import event
from evidence.statements.statement import Statement
from server.clients import receipts
from server.clients.errors import DistrustError
from server.clients.http import Api
from server.clients.pins import Pins
from server.clients.proofs import Proofs
from server.clients.signing import Signer
from tests.support.incidents import incident
from tests.support.rotating import RotatedOrganisation, rotation_over
from tests.support.shown_log import Shown, showing
from tests.support.stolen_log_key import proof_of, thief_log


@pytest.fixture(name="book")
def make_book(tmp_path: Path) -> RotatedOrganisation:
    return RotatedOrganisation(tmp_path / "book")


@pytest.fixture(name="shown")
def make_shown(book: RotatedOrganisation) -> Iterator[Shown]:
    with showing(Shown({1: book.folder / "log", 2: book.folder / "logs" / "2"})) as shown:
        yield shown


@pytest.fixture(name="proofs")
def make_proofs(book: RotatedOrganisation, shown: Shown) -> Iterator[Proofs]:
    """What a phone checks with, pinned before any rotation."""
    signer = Signer(Api(shown.url), book.phone, Pins(book.root.sign_public, (book.trust / "policy").read_text()))
    yield Proofs(signer)
    signer.api.close()


def show(shown: Shown, *rotations: Statement) -> None:
    shown.rotations = [one.envelope.to_json() for one in rotations]


def seen(folder: Path) -> Path:
    return folder / "seen.json"


def test_a_phone_follows_the_root_into_the_new_log(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    book.seal(incident())
    book.integrate()
    first = proofs.advance(seen(tmp_path))
    show(shown, book.rotate())
    assert proofs.advance(seen(tmp_path)) is None, "the new log shows no head yet: the phone stays where it was"
    book.seal(incident())
    head = book.integrate().checkpoint
    second = proofs.advance(seen(tmp_path))
    assert first is not None
    assert second is not None
    assert (first.log, second.log, second.size) == (None, book.following.name, head.size)
    book.seal(incident())
    book.integrate()
    third = proofs.advance(seen(tmp_path))
    assert third is not None
    assert (third.log, third.size) == (book.following.name, head.size + 1)
    shown.proofs = {one.index: proof_of(book, one.index) for one in book.journal}
    for one in book.journal:
        assert proofs.fetch(one) == shown.proofs[one.index]


def test_a_log_that_has_just_begun_is_no_reason_for_distrust(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    """The first head waits for its witnesses; a log whose head was seen and is gone is another matter."""
    assert proofs.advance(seen(tmp_path)) is None
    with pytest.raises(DistrustError, match="shows no head"):
        proofs.head()
    book.seal(incident())
    book.integrate()
    assert proofs.advance(seen(tmp_path)) is not None
    del shown.logs[1]
    with pytest.raises(DistrustError, match="shows no head"):
        proofs.advance(seen(tmp_path))


@pytest.mark.parametrize("forger", ["thief", "server", "caseworker"])
def test_a_succession_that_the_root_did_not_sign(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path, forger: str
) -> None:
    by = keys.Identity.generate() if forger == "thief" else getattr(book, forger)
    show(shown, rotation_over(book.integrate().checkpoint, book.following, by))
    with pytest.raises(DistrustError, match="root did not sign"):
        proofs.advance(seen(tmp_path))
    assert proofs.signer.pins.rotations == ()


def test_a_succession_that_commits_to_a_shorter_head(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    """The root was fooled: what this phone saw is beyond the end that it signed."""
    early = book.integrate().checkpoint
    book.seal(incident())
    book.integrate()
    before = proofs.advance(seen(tmp_path))
    assert before is not None
    assert before.size > early.size
    show(shown, rotation_over(early, book.following, book.root))
    shown.heads[1] = early_head(book, early.size)
    start_following(book)
    with pytest.raises(DistrustError, match=f"had {before.size} entries and now shows {early.size}"):
        proofs.advance(seen(tmp_path))


def early_head(book: RotatedOrganisation, size: int) -> bytes:
    """Return the old head of this size again, cosigned by a witness who forgot."""
    leaves = [one.leaf for one in book.journal[:size]]
    return thief_log(book.folder / "early", book.log, book).integrate(leaves, 0).to_bytes()


def start_following(book: RotatedOrganisation) -> None:
    """Make a new log of which the thief has the key, too, with whatever the shorter end leaves room for."""
    book.rotate()
    book.integrate()


def test_a_head_of_the_old_log_after_the_rotation(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    show(shown, book.rotate())
    book.integrate()
    assert proofs.advance(seen(tmp_path)) is not None
    thief = thief_log(tmp_path / "thief", book.log, book)
    shown.heads[1] = thief.integrate([one.leaf for one in book.journal], 0).to_bytes()
    with pytest.raises(DistrustError, match=r"did not end with|not in the log"):
        Proofs(proofs.signer).advance(tmp_path / "another-phone.json")
    last = book.journal[-1]
    shown.proofs[last.index] = tlogproof.build_proof(
        FolderTiles(tmp_path / "thief" / "log"), last.index, SignedCheckpoint.parse(shown.heads[1])
    ).to_bytes()
    with pytest.raises(DistrustError, match="was retired at"):
        proofs.fetch(last)


def test_another_past_under_the_old_key(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    first = book.journal[0]
    show(shown, book.rotate())
    book.integrate()
    proofs.signer.refresh()
    leaves = [one.leaf for one in book.journal[:4]]
    thief = thief_log(tmp_path / "thief", book.log, book)
    head = thief.integrate([leaves[0], b"\x01" + bytes(32), *leaves[2:]], 0)
    shown.proofs[0] = tlogproof.build_proof(FolderTiles(tmp_path / "thief" / "log"), 0, head).to_bytes()
    with pytest.raises(DistrustError, match="not part of the final head"):
        proofs.fetch(first)


def test_a_receipt_of_the_old_log_for_an_event_after_it(
    book: RotatedOrganisation, proofs: Proofs, shown: Shown
) -> None:
    """The thief runs the server of before with the server's key, too: his receipts name the log that has ended."""
    book.seal(incident())
    show(shown, book.rotate())
    book.seal(incident())
    pins = proofs.signer.refresh()
    known = pins.certificates([event.parse(one.event).statement.envelope.to_json() for one in book.journal])
    for recorded, origin, holds in (
        (book.journal[-3], book.log.name, True),
        (book.journal[-1], book.following.name, True),
        (book.journal[-1], book.log.name, False),
        (book.journal[-3], book.following.name, False),
    ):
        answer = {
            "receipt": event.issue(book.server, origin, recorded).to_json(),
            "event": canonical.b64(recorded.event),
            "salt": recorded.salt.hex(),
        }
        if holds:
            assert receipts.check(pins, known, answer, recorded.statement).receipt.log == origin
        else:
            with pytest.raises(DistrustError, match="another log"):
                receipts.check(pins, known, answer, recorded.statement)


def test_a_rotation_that_was_known_is_not_forgotten(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    show(shown, book.rotate())
    book.integrate()
    assert proofs.advance(seen(tmp_path)) is not None
    show(shown)
    del shown.logs[2]
    with pytest.raises(DistrustError):
        proofs.advance(seen(tmp_path))
    assert len(proofs.signer.pins.rotations) == 1


def test_two_endings_that_the_root_signed_are_believed_by_nobody(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    show(shown, book.rotate())
    book.integrate()
    proofs.advance(seen(tmp_path))
    end = book.line.eras[0].final
    assert end is not None
    show(shown, rotation_over(dataclasses.replace(end, size=end.size - 1), book.following, book.root))
    with pytest.raises(DistrustError, match="two different ways"):
        proofs.advance(seen(tmp_path))


def test_the_new_log_must_begin_with_the_end_of_the_old_one(
    book: RotatedOrganisation, shown: Shown, proofs: Proofs, tmp_path: Path
) -> None:
    """Whoever has the new key, and no more, cannot cut the new log loose from the old one."""
    show(shown, book.rotate())
    loose: Integrator = thief_log(tmp_path / "loose", book.following, book)
    loose.integrate([one.leaf for one in book.journal], 0)
    shown.logs[2] = tmp_path / "loose" / "log"
    with pytest.raises(DistrustError, match="not in the log"):
        proofs.advance(seen(tmp_path))
