"""The integrator: grows the log, asks witnesses, publishes; refuses to go on when histories disagree."""

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.custody.errors import (
    CorruptLogError,
    ForkError,
    HeadMovedError,
    RollbackError,
    TileError,
    WitnessUnavailableError,
)
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.growth import audit
from evidence.custody.log.integrator import Head, Integrator
from evidence.custody.log.note import KeyType, NoteVerifier, generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from evidence.errors import DurabilityError, ImmutableFileError, StorageError
from tests.support import rfc6962
from tests.support.heads import MemoryHeadStore, SqliteHeadStore

LOG = generate_key("log.example")
LEAVES = [b"leaf %d" % number for number in range(900)]
NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)


def witness_in(folder: Path, name: str = "w.example") -> Witness:
    return Witness(generate_key(name, KeyType.COSIGNATURE_V1), FileWitnessState(folder), [LOG.verifier])


def published(folder: Path) -> SignedCheckpoint:
    return SignedCheckpoint.parse((folder / "checkpoint").read_bytes())


class Unreachable:
    """A witness behind a broken line."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.broken = True

    @property
    def name(self) -> str:
        return self.witness.name

    @property
    def verifier(self) -> NoteVerifier:
        return self.witness.verifier

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:
        if self.broken:
            raise WitnessUnavailableError("no route to host")
        return self.witness.add_checkpoint(old_size, proof, note_bytes, now)


@pytest.mark.parametrize("batches", [[1], [256], [255, 1], [3, 300, 1, 400], [1] * 20, [700, 0, 5]])
def test_the_log_grows_and_every_head_is_cosigned(tmp_path: Path, batches: list[int]) -> None:
    first, second = witness_in(tmp_path / "w1", "w1.example"), witness_in(tmp_path / "w2", "w2.example")
    policy = Policy.parse(
        f"log {LOG.vkey}\nwitness A {first.verifier.vkey}\nwitness B {second.verifier.vkey}\n"
        "group both all A B\nquorum both\n"
    )
    folder = tmp_path / "log"
    integrator = Integrator(folder, LOG, MemoryHeadStore(), [first, second], clock=lambda: NOW)
    size = 0
    for count in batches:
        head = integrator.integrate(LEAVES[size : size + count], start=size)
        size += count
        assert head.to_bytes() == (folder / "checkpoint").read_bytes()
        verified = policy.verify(head.to_bytes())
        assert (verified.size, verified.root) == (size, rfc6962.mth(LEAVES[:size]))
        assert {one.at for one in verified.cosigned} == {NOW}
        assert integrator.witness_failures == {}
        audit(FolderTiles(folder), size, verified.root)


def test_a_restart_goes_on_from_the_head_row(tmp_path: Path) -> None:
    heads = SqliteHeadStore(tmp_path / "heads.db")
    for start in range(0, 900, 100):
        Integrator(tmp_path / "log", LOG, heads).integrate(LEAVES[start : start + 100], start=start)
    audit(FolderTiles(tmp_path / "log"), 900, rfc6962.mth(LEAVES))


def test_partial_tiles_of_published_sizes_stay(tmp_path: Path) -> None:
    integrator = Integrator(tmp_path, LOG, MemoryHeadStore())
    for start, end in ((0, 3), (3, 200), (200, 300)):
        integrator.integrate(LEAVES[start:end])
    for size in (3, 200, 300):
        audit(FolderTiles(tmp_path), size, rfc6962.mth(LEAVES[:size]))
        assert (tmp_path / "tile" / "entries" / "000.p" / str(size)).exists() == (size < 256)


def test_of_two_integrators_one_wins_and_the_other_goes_on_after_it(tmp_path: Path) -> None:
    heads, witness = MemoryHeadStore(), witness_in(tmp_path / "w")
    one = Integrator(tmp_path / "log", LOG, heads, [witness])
    two = Integrator(tmp_path / "log", LOG, heads, [witness])
    one.integrate(LEAVES[:5], start=0)
    with pytest.raises(HeadMovedError):
        two.integrate(LEAVES[:3], start=0)
    two.integrate(LEAVES[5:9], start=5)
    one.integrate(LEAVES[9:300], start=9)
    assert len(published(tmp_path / "log").note.signatures) == 2
    audit(FolderTiles(tmp_path / "log"), 300, rfc6962.mth(LEAVES[:300]))


class Overtaking(MemoryHeadStore):
    """A head row that another integrator reaches just before (`late` False) or just after our swap."""

    def __init__(self) -> None:
        super().__init__()
        self.other: Integrator | None = None
        self.late = False

    def swap(self, expected: Head | None, new: Head) -> bool:
        other, self.other = self.other, None
        if other is None:
            return super().swap(expected, new)
        if not self.late:
            other.integrate(LEAVES[:7])
        won = super().swap(expected, new)
        if self.late:
            other.integrate(LEAVES[new.size : new.size + 7])
        return won


def test_a_lost_race_adds_nothing(tmp_path: Path) -> None:
    heads = Overtaking()
    heads.other = Integrator(tmp_path, LOG, heads)
    with pytest.raises(HeadMovedError):
        Integrator(tmp_path, LOG, heads).integrate(LEAVES[:4], start=0)
    assert published(tmp_path).checkpoint.size == 7


def test_an_overtaken_head_does_not_replace_the_newer_checkpoint(tmp_path: Path) -> None:
    heads, witness = Overtaking(), witness_in(tmp_path / "w")
    heads.other = Integrator(tmp_path / "log", LOG, heads, [witness])
    heads.late = True
    slow = Integrator(tmp_path / "log", LOG, heads, [witness])
    assert slow.integrate(LEAVES[:4], start=0).checkpoint.size == 11
    assert published(tmp_path / "log").checkpoint.size == 11
    assert set(slow.witness_failures) == {"w.example"}
    slow.integrate(LEAVES[11:20], start=11)
    assert slow.witness_failures == {}


def test_a_silent_witness_does_not_stop_the_log_and_is_asked_again(tmp_path: Path) -> None:
    line = Unreachable(witness_in(tmp_path / "w1", "w1.example"))
    integrator = Integrator(tmp_path / "log", LOG, MemoryHeadStore(), [line, witness_in(tmp_path / "w2", "w2.example")])
    assert len(integrator.integrate(LEAVES[:5]).note.signatures) == 2
    assert isinstance(integrator.witness_failures["w1.example"], WitnessUnavailableError)
    line.broken = False
    recovered = integrator.recover()
    assert recovered == published(tmp_path / "log")
    assert len(recovered.note.signatures) == 3
    assert integrator.witness_failures == {}


class Lying(Unreachable):
    """A witness that answers with another one's line."""

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:  # noqa: ARG002 - the interface
        return generate_key(self.name, KeyType.COSIGNATURE_V1).cosign(b"x\n", now).line


def test_a_line_that_does_not_verify_is_left_out(tmp_path: Path) -> None:
    integrator = Integrator(tmp_path / "log", LOG, MemoryHeadStore(), [Lying(witness_in(tmp_path / "w"))])
    assert len(integrator.integrate(LEAVES[:5]).note.signatures) == 1
    assert set(integrator.witness_failures) == {"w.example"}


def test_a_database_that_was_put_back_is_noticed(tmp_path: Path) -> None:
    heads = MemoryHeadStore()
    Integrator(tmp_path, LOG, heads).integrate(LEAVES[:5])
    old = heads.head
    Integrator(tmp_path, LOG, heads).integrate(LEAVES[5:9])
    for put_back in (old, None):
        heads.head = put_back
        with pytest.raises(RollbackError):
            Integrator(tmp_path, LOG, heads).recover()
        with pytest.raises(RollbackError):
            Integrator(tmp_path, LOG, heads).integrate(LEAVES[5:7])


def test_a_machine_that_was_put_back_whole_is_noticed_by_its_witness(tmp_path: Path) -> None:
    heads, witness, folder = MemoryHeadStore(), witness_in(tmp_path / "w"), tmp_path / "log"
    Integrator(folder, LOG, heads, [witness]).integrate(LEAVES[:5])
    backup = heads.head
    shutil.copytree(folder, tmp_path / "backup")
    Integrator(folder, LOG, heads, [witness]).integrate(LEAVES[5:9])
    heads.head = backup
    with pytest.raises(RollbackError):
        Integrator(tmp_path / "backup", LOG, heads, [witness]).integrate([b"another"])
    assert published(tmp_path / "backup").checkpoint.size == 5


def test_another_history_is_refused_by_the_witness_and_not_published(tmp_path: Path) -> None:
    witness = witness_in(tmp_path / "w")
    Integrator(tmp_path / "one", LOG, MemoryHeadStore(), [witness]).integrate(LEAVES[:5])
    with pytest.raises(ForkError):
        Integrator(tmp_path / "two", LOG, MemoryHeadStore(), [witness]).integrate(LEAVES[1:9])
    assert not (tmp_path / "two" / "checkpoint").exists()


def test_other_leaves_at_a_staged_place_are_an_error(tmp_path: Path) -> None:
    Integrator(tmp_path, LOG, MemoryHeadStore()).integrate(LEAVES[:300])
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(ImmutableFileError):
        Integrator(tmp_path, LOG, MemoryHeadStore()).integrate(LEAVES[1:301])


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1", "checkpoint"])
def test_a_damaged_log_is_not_continued(tmp_path: Path, path: str) -> None:
    heads = MemoryHeadStore()
    Integrator(tmp_path, LOG, heads).integrate(LEAVES[:300])
    data = bytearray((tmp_path / path).read_bytes())
    data[0] ^= 1
    (tmp_path / path).write_bytes(data[:-1] if path == "checkpoint" else data)
    with pytest.raises(CorruptLogError):
        Integrator(tmp_path, LOG, heads).integrate(LEAVES[300:301])


def test_a_damaged_head_row_is_not_continued(tmp_path: Path) -> None:
    heads = MemoryHeadStore()
    Integrator(tmp_path, LOG, heads).integrate(LEAVES[:5])
    (tmp_path / "checkpoint").unlink()
    good = heads.head
    assert good is not None
    stranger = generate_key(LOG.name)
    foreign = SignedCheckpoint.sign(Checkpoint(LOG.name, 5, good.root), stranger).to_bytes()
    for bad in (Head(5, good.root, b""), Head(5, bytes(32), good.note), Head(5, good.root, foreign)):
        heads.head = bad
        with pytest.raises(CorruptLogError):
            Integrator(tmp_path, LOG, heads).recover()


def test_another_checkpoint_of_the_same_size_is_never_replaced(tmp_path: Path) -> None:
    integrator = Integrator(tmp_path, LOG, MemoryHeadStore())
    integrator.integrate(LEAVES[:5])
    other = SignedCheckpoint.sign(Checkpoint(LOG.name, 6, bytes(32)), LOG).to_bytes()
    (tmp_path / "checkpoint").write_bytes(other)
    with pytest.raises(ForkError):
        integrator.integrate(LEAVES[5:6])
    assert (tmp_path / "checkpoint").read_bytes() == other


def test_an_entry_that_is_too_long_changes_nothing(tmp_path: Path) -> None:
    heads = MemoryHeadStore()
    with pytest.raises(TileError):
        Integrator(tmp_path, LOG, heads).integrate([b"x" * 65_536])
    assert heads.head is None
    assert not (tmp_path / "tile").exists()


def test_a_log_that_was_never_signed_has_nothing_to_recover(tmp_path: Path) -> None:
    integrator = Integrator(tmp_path, LOG, MemoryHeadStore())
    assert integrator.recover() is None
    assert integrator.integrate(()).checkpoint.size == 0
    assert integrator.recover() == published(tmp_path)


def test_a_disk_that_refuses_leaves_the_head_alone(tmp_path: Path) -> None:
    heads = MemoryHeadStore()
    integrator = Integrator(tmp_path, LOG, heads)
    (tmp_path / "tile").write_text("in the way")
    with pytest.raises(StorageError):
        integrator.integrate(LEAVES[:5])
    assert heads.head is None
    (tmp_path / "tile").unlink()
    assert integrator.integrate(LEAVES[:5]).checkpoint.size == 5


def test_after_a_failed_fsync_the_integrator_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may forget a failed fsync, so trying again would prove nothing."""
    heads = MemoryHeadStore()
    integrator = Integrator(tmp_path, LOG, heads)

    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(DurabilityError):
            integrator.integrate(LEAVES[:5])
    with pytest.raises(DurabilityError, match="stopped"):
        integrator.integrate(LEAVES[:5])
    assert heads.head is None
    assert Integrator(tmp_path, LOG, heads).integrate(LEAVES[:5]).checkpoint.size == 5
