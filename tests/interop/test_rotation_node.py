"""The page follows the root from log to log as the verifier does, and refuses what an old key signs after its end."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from evidence import keys
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.statements.statement import Statement
from tests.support.incidents import incident
from tests.support.node_peer import ask, b64
from tests.support.rotating import RotatedOrganisation, rotation_over
from tests.support.stolen_log_key import proof_of, thief_log


@pytest.fixture(name="book", scope="module")
def make_book(tmp_path_factory: pytest.TempPathFactory) -> RotatedOrganisation:
    """Two logs: three events after the rotation's own."""
    book = RotatedOrganisation(tmp_path_factory.mktemp("book"))
    book.seal(incident())
    book.rotate()
    for _ in range(3):
        book.seal(incident())
    book.integrate()
    return book


def told(book: RotatedOrganisation, index: int, proof: bytes, *rotations: Statement) -> Any:  # noqa: ANN401 - JSON
    """Return what the page says of a proof, with these rotations."""
    one = book.journal[index]
    return ask(
        "rotated",
        anchors={"root": book.root.sign_public.hex(), "vkey": book.log.vkey, "origin": book.log.name},
        rotations=[made.envelope.to_json() for made in rotations],
        proof=b64(proof),
        index=index,
        event=b64(one.event),
        salt=b64(one.salt),
    )


def test_events_of_both_logs_are_proven(book: RotatedOrganisation) -> None:
    assert book.rotation is not None
    for index in (book.line.current.first_event - 1, len(book.journal) - 1):
        era = book.line.of_event(index)
        answer = told(book, index, proof_of(book, index), book.rotation)
        assert answer == {"log": era.origin, "place": era.entry_of(index)}


def test_a_rotation_that_the_root_did_not_sign(book: RotatedOrganisation) -> None:
    end = book.line.eras[0].final
    assert end is not None
    made = rotation_over(end, book.following, keys.Identity.generate())
    assert told(book, 0, proof_of(book, 0), made)["error"] == "SignatureError"


def test_rotations_that_make_no_line(book: RotatedOrganisation) -> None:
    end = book.line.eras[0].final
    assert end is not None
    assert book.rotation is not None
    other = rotation_over(dataclasses.replace(end, size=end.size - 1), book.following, book.root)
    stray = rotation_over(dataclasses.replace(end, origin="stray.example/log"), generate_key("x.example"), book.root)
    for made in ([book.rotation, other], [book.rotation, stray]):
        assert told(book, 0, proof_of(book, 0), *made)["error"] == "FormatError"


def test_heads_of_the_old_key_after_its_end(book: RotatedOrganisation, tmp_path: Path) -> None:
    assert book.rotation is not None
    thief = thief_log(tmp_path, book.log, book)
    head: SignedCheckpoint = thief.integrate([one.leaf for one in book.journal], 0)
    proof = tlogproof.build_proof(FolderTiles(tmp_path / "log"), 0, head).to_bytes()
    assert told(book, 0, proof)["log"] == book.log.name, "without the rotation it would be believed"
    assert told(book, 0, proof, book.rotation)["error"] == "ProofError"
