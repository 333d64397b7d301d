"""The witness: cosigns what extends its memory, refuses forks and roll-back, and remembers before it signs."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.custody.errors import (
    CorruptLogError,
    ForkError,
    KeyFormatError,
    NoteError,
    RollbackError,
    SignatureError,
    StaleSizeError,
    UnknownLogError,
)
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import KeyType, Note, NoteSignature, generate_key
from evidence.custody.log.note_key import load_or_create_key
from evidence.custody.witnessing.witness import DevelopmentWitness, FileWitnessState, Witness
from evidence.errors import StorageError
from tests.support import rfc6962

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
LOG = generate_key("log.example")
KEY = generate_key("w.example", KeyType.COSIGNATURE_V1)
LEAVES = [str(number).encode() for number in range(20)]
FORK = [*LEAVES[:5], b"other", *LEAVES[6:]]


def head(size: int, leaves: Sequence[bytes] = LEAVES) -> bytes:
    return SignedCheckpoint.sign(Checkpoint(LOG.name, size, rfc6962.mth(list(leaves[:size]))), LOG).to_bytes()


def remembered(state: FileWitnessState) -> bytes:
    """Return the remembered head without the witness's own line, after checking that it has one."""
    note = state.load(LOG.name)
    assert note is not None
    signed = SignedCheckpoint.parse(note)
    assert len(KEY.verifier.verify_note(signed.note)) == 1
    return Note(signed.note.text, signed.note.signatures[:-1]).to_bytes()


def proof(old: int, new: int, leaves: Sequence[bytes] = LEAVES) -> list[bytes]:
    return rfc6962.proof(old, list(leaves[:new]))


@pytest.fixture(name="state")
def make_state(tmp_path: Path) -> FileWitnessState:
    return FileWitnessState(tmp_path / "state")


@pytest.fixture(name="witness")
def make_witness(state: FileWitnessState) -> Witness:
    return Witness(KEY, state, [LOG.verifier])


def test_a_growing_log_is_cosigned_step_by_step(witness: Witness) -> None:
    sizes = [0, 0, 1, 3, 3, 8, 17, 20]
    for old, new in zip([0, *sizes], sizes, strict=False):
        line = NoteSignature.parse(witness.add_checkpoint(old, proof(old, new), head(new), NOW))
        assert KEY.verifier.verify(SignedCheckpoint.parse(head(new)).checkpoint.body, line).at == NOW


def test_the_memory_survives_a_restart(witness: Witness, state: FileWitnessState, tmp_path: Path) -> None:
    witness.add_checkpoint(0, [], head(9), NOW)
    again = Witness(KEY, FileWitnessState(tmp_path / "state"), [LOG.verifier])
    with pytest.raises(StaleSizeError) as caught:
        again.add_checkpoint(0, [], head(12), NOW)
    assert caught.value.known_size == 9
    assert remembered(state) == head(9)


def test_a_fork_is_refused_at_the_same_size_and_beyond(witness: Witness, state: FileWitnessState) -> None:
    witness.add_checkpoint(0, [], head(9), NOW)
    attempts = [(9, 9, []), (9, 12, proof(9, 12, FORK)), (9, 12, proof(9, 12)), (9, 12, [])]
    for old, new, hashes in attempts:
        with pytest.raises(ForkError):
            witness.add_checkpoint(old, hashes, head(new, FORK), NOW)
    assert remembered(state) == head(9)
    witness.add_checkpoint(9, proof(9, 12), head(12), NOW)


def test_a_smaller_tree_is_refused(witness: Witness) -> None:
    witness.add_checkpoint(0, [], head(9), NOW)
    with pytest.raises(RollbackError):
        witness.add_checkpoint(9, [], head(4), NOW)
    for old in (0, 4):
        with pytest.raises(StaleSizeError) as caught:
            witness.add_checkpoint(old, proof(old, 4), head(4), NOW)
        assert caught.value.known_size == 9
    with pytest.raises(RollbackError):
        witness.add_checkpoint(-1, [], head(9), NOW)


@pytest.mark.parametrize("damage", ["short", "long", "swapped", "extra for nothing", "far too long"])
def test_a_wrong_proof_is_refused(witness: Witness, damage: str) -> None:
    hashes = proof(6, 11)
    witness.add_checkpoint(0, [], head(6), NOW)
    bad = {
        "short": hashes[:-1],
        "long": [*hashes, hashes[0]],
        "swapped": hashes[::-1],
        "extra for nothing": [b"\x00" * 32],
        "far too long": hashes * 64,
    }[damage]
    with pytest.raises(ForkError):
        witness.add_checkpoint(6, bad, head(11), NOW)
    if damage == "extra for nothing":
        with pytest.raises(ForkError):
            witness.add_checkpoint(6, bad, head(6), NOW)


def test_only_known_logs_are_cosigned(witness: Witness) -> None:
    stranger = generate_key("log.example")
    body = Checkpoint("log.example", 1, b"\x01" * 32).body
    with pytest.raises(SignatureError):
        witness.add_checkpoint(0, [], Note(body, (stranger.sign(body),)).to_bytes(), NOW)
    bad = NoteSignature(LOG.name, LOG.verifier.key_id, bytes(64))
    with pytest.raises(SignatureError):
        witness.add_checkpoint(0, [], Note(body, (LOG.sign(body), bad)).to_bytes(), NOW)
    other = generate_key("other.example")
    body = Checkpoint("other.example", 1, b"\x01" * 32).body
    with pytest.raises(UnknownLogError):
        witness.add_checkpoint(0, [], Note(body, (other.sign(body),)).to_bytes(), NOW)
    with pytest.raises(NoteError):
        witness.add_checkpoint(0, [], b"", NOW)


def test_each_log_has_a_memory_of_its_own(state: FileWitnessState) -> None:
    other = generate_key("other.example")
    witness = Witness(KEY, state, [LOG.verifier, other.verifier])
    witness.add_checkpoint(0, [], head(9), NOW)
    small = SignedCheckpoint.sign(Checkpoint("other.example", 1, merkle.leaf_hash(b"x")), other)
    witness.add_checkpoint(0, [], small.to_bytes(), NOW)


def test_only_the_logs_own_lines_are_remembered(witness: Witness, state: FileWitnessState) -> None:
    junk = NoteSignature("junk.example", b"abcd", b"x" * 1000)
    witness.add_checkpoint(0, [], SignedCheckpoint.parse(head(3)).with_signatures([junk]).to_bytes(), NOW)
    assert remembered(state) == head(3)


def test_monitors_are_shown_what_was_cosigned_last(witness: Witness) -> None:
    """tlog-witness: with the log's own signature and the cosignature that was given out."""
    origin_hash = hashlib.sha256(LOG.name.encode()).hexdigest()
    assert witness.newest(origin_hash) is None
    line = witness.add_checkpoint(0, [], head(9), NOW)
    assert witness.newest(origin_hash) == head(9) + line.encode()
    for unknown in ("", "../witness.skey", origin_hash.upper(), hashlib.sha256(b"other.example").hexdigest()):
        assert witness.newest(unknown) is None


class RacingState(FileWitnessState):
    """A state in which another request for the same log always finishes between our reading and our writing."""

    def swap(self, origin: str, expected: bytes | None, new: bytes) -> bool:
        super().swap(origin, expected, head(12))
        return super().swap(origin, expected, new)


def test_two_requests_at_once_cannot_roll_the_witness_back(tmp_path: Path) -> None:
    state = RacingState(tmp_path)
    with pytest.raises(StaleSizeError) as caught:
        Witness(KEY, state, [LOG.verifier]).add_checkpoint(0, [], head(9), NOW)
    assert caught.value.known_size == 12
    assert state.load(LOG.name) == head(12)


def test_without_a_durable_memory_nothing_is_cosigned(
    witness: Witness, state: FileWitnessState, tmp_path: Path
) -> None:
    (tmp_path / "state" / ".lock").mkdir()  # the disk now refuses the lock, so nothing can be written
    with pytest.raises(StorageError):
        witness.add_checkpoint(0, [], head(9), NOW)
    assert state.load(LOG.name) is None


def test_a_damaged_memory_stops_the_witness(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(0, [], head(9), NOW)
    (memory,) = (path for path in (tmp_path / "state").iterdir() if not path.name.startswith("."))
    memory.write_bytes(memory.read_bytes()[:20])
    with pytest.raises(CorruptLogError):
        witness.add_checkpoint(9, proof(9, 12), head(12), NOW)


def test_a_witness_needs_a_cosigners_key(state: FileWitnessState) -> None:
    with pytest.raises(KeyFormatError):
        Witness(LOG, state, [LOG.verifier])


def test_the_development_witness_keeps_its_key_and_says_what_it_is(tmp_path: Path) -> None:
    first = DevelopmentWitness.in_folder(tmp_path, "development.example", [LOG.verifier])
    second = DevelopmentWitness.in_folder(tmp_path, "development.example", [LOG.verifier])
    assert first.verifier == second.verifier
    assert first.development
    assert not Witness.development
    assert (tmp_path / "witness.skey").stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFormatError):
        DevelopmentWitness.in_folder(tmp_path, "another.example", [LOG.verifier])
    (tmp_path / "witness.skey").write_bytes(b"\xff\xff")
    with pytest.raises(KeyFormatError):
        load_or_create_key(tmp_path / "witness.skey", "development.example", KeyType.COSIGNATURE_V1)
