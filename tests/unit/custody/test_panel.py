"""The panel of witnesses: asked side by side, never waited for long, and none of what comes late is lost."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.custody.errors import CustodyError, ForkError, QuorumError, RollbackError, WitnessUnavailableError
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, NoteVerifier, generate_key
from evidence.custody.witnessing.policy import Policy, VerifiedCheckpoint
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support.heads import MemoryHeadStore
from tests.support.waiting import patience, until

LOG = generate_key("log.example")
LEAVES = [b"leaf %d" % number for number in range(900)]
DEADLINE_S = 0.3


class Distant:
    """A real witness behind a line that can be held up or cut."""

    def __init__(self, folder: Path, name: str) -> None:
        key = generate_key(name, KeyType.COSIGNATURE_V1)
        self.witness = Witness(key, FileWitnessState(folder / name), [LOG.verifier])
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None
        self.asked = 0
        self.answered = 0

    @property
    def name(self) -> str:
        return self.witness.name

    @property
    def verifier(self) -> NoteVerifier:
        return self.witness.verifier

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:
        self.asked += 1
        assert self.open.wait(patience(10))
        try:
            if self.error is not None:
                raise self.error
            return self.witness.add_checkpoint(old_size, proof, note_bytes, now)
        finally:
            self.answered += 1


class Log:
    """A log with three witnesses, of which its readers demand two."""

    def __init__(self, folder: Path) -> None:
        self.witnesses = [Distant(folder, name) for name in ("a.example", "b.example", "c.example")]
        self.integrator = Integrator(
            folder / "log",
            LOG,
            MemoryHeadStore(),
            self.witnesses,
            clock=lambda: datetime.now(UTC),
            witness_deadline_s=DEADLINE_S,
            believed=self.believed,
        )
        self.folder = folder / "log"
        keys = "".join(f"witness {one.name} {one.verifier.vkey}\n" for one in self.witnesses)
        names = " ".join(one.name for one in self.witnesses)
        self.policy = Policy.parse(f"log {LOG.vkey}\n{keys}group most 2 {names}\nquorum most\n")
        self.size = 0

    def believed(self, note: bytes) -> bool:
        try:
            return bool(self.policy.verify(note).cosigned)
        except QuorumError:
            return False

    def published(self) -> VerifiedCheckpoint:
        return self.policy.verify((self.folder / "checkpoint").read_bytes())

    def grow(self, count: int = 5) -> set[str]:
        """Add leaves; return who cosigned, after checking that readers believe the published head."""
        assert self.integrate(count).checkpoint.size == self.size
        published = self.published()
        assert published.size == self.size
        return {one.witness for one in published.cosigned}

    def integrate(self, count: int = 5) -> SignedCheckpoint:
        self.size += count
        return self.integrator.integrate(LEAVES[self.size - count : self.size], start=self.size - count)

    def ask_until(self, names: set[str]) -> None:
        """Ask for the cosignatures that are missing on the newest head until these are there."""

        def cosigned() -> bool:
            self.integrator.integrate(())
            head = self.published()
            return head.size == self.size and {one.witness for one in head.cosigned} == names

        until(cosigned, f"it is cosigned by {names}")


ALL = {"a.example", "b.example", "c.example"}


@pytest.fixture(name="log")
def make_log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_all_are_asked_side_by_side(log: Log) -> None:
    assert log.grow() == ALL
    assert log.integrator.witness_failures == {}


def test_one_dead_and_one_slow_do_not_hold_up_the_log_and_come_back(log: Log) -> None:
    _, dead, slow = log.witnesses
    dead.error = WitnessUnavailableError("no route to host")
    log.grow()
    dead_only = {"a.example", "c.example"}
    assert log.grow() == dead_only
    dead.error = None
    log.ask_until(ALL)

    slow.open.clear()
    assert log.grow() == {"a.example", "b.example"}
    assert set(log.integrator.witness_failures) == {"c.example"}
    asked = slow.asked
    for _ in range(5):
        assert log.grow() == {"a.example", "b.example"}
    assert slow.asked == asked, "it was asked again while it was still busy"
    slow.open.set()
    log.ask_until(ALL)
    assert log.integrator.witness_failures == {}
    assert log.grow() == ALL, "it is prompt again, and waited for"


def test_who_has_cosigned_is_not_asked_again(log: Log) -> None:
    log.grow()
    asked = [one.asked for one in log.witnesses]
    log.integrator.integrate(())
    assert [one.asked for one in log.witnesses] == asked


def test_a_late_cosignature_on_the_newest_head_is_taken(log: Log) -> None:
    slow = log.witnesses[2]
    slow.open.clear()
    log.grow()
    slow.open.set()
    log.ask_until(ALL)
    assert slow.asked <= 2, "what came late was thrown away and asked for again"


def test_without_a_quorum_the_log_grows_and_the_published_head_waits(log: Log) -> None:
    """A reader never meets a head that his policy refuses only because a witness is away."""
    log.grow()
    for one in log.witnesses[1:]:
        one.error = WitnessUnavailableError("down")
    for _ in range(3):
        assert log.integrate().checkpoint.size == log.size
        assert log.published().size == 5
    for one in log.witnesses[1:]:
        one.error = None
    log.ask_until(ALL)


@pytest.mark.parametrize("error", [ForkError("another history"), RollbackError("a longer one")])
def test_a_fork_that_is_told_late_still_stops_the_log(log: Log, error: CustodyError) -> None:
    slow = log.witnesses[2]
    slow.open.clear()
    log.grow()
    slow.error = error
    slow.open.set()
    with pytest.raises(type(error)):
        log.ask_until(ALL)


def test_an_unforeseen_error_of_a_client_is_that_witness_missing(log: Log) -> None:
    log.witnesses[0].error = RuntimeError("a bug")
    assert log.grow() == {"b.example", "c.example"}
    assert isinstance(log.integrator.witness_failures["a.example"], WitnessUnavailableError)
    log.witnesses[0].error = None
    log.ask_until(ALL)
