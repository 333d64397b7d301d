"""The lane of presses outlives a full disk, also when the log lies on it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from device_bridge import log_keys
from device_bridge.intake import shares
from device_bridge.intake.lane import PressLane, Waiting
from device_bridge.intake.presses import Arrival, Intake, Taken, received_now
from device_bridge.registry import Registry
from device_bridge.routes.plan import Plan
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from evidence import ids, keys, logs
from tests.support.bridge_world import AlarmOrganisation
from tests.support.waiting import until

DEADLINE_S = 30


@contextmanager
def full_log() -> Iterator[None]:
    """Standard error is a device that is always full."""
    kept = os.dup(2)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 2)
    logs.configure(log_keys.ALLOWED)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(full)
        structlog.reset_defaults()


def test_a_full_log_disk_does_not_end_the_lane(tmp_path: Path) -> None:
    with full_log(), Spool(tmp_path / "spool.db") as spool:
        with pytest.raises(OSError, match="No space left"):
            os.write(2, b"x")
        intake = Intake(
            spool, Registry(tmp_path / "registry.jsonl", None), keys.BridgeIdentity.generate(), Plan(first=())
        )
        lane = PressLane(intake, Board())
        stored = [threading.Event(), threading.Event()]
        lane.start()
        spool._connection.execute("PRAGMA query_only = ON")  # SQLite now refuses to write, as on a full disk
        _submit(lane, b"first", stored[0])
        until(lambda: lane.trouble, "the disk is full")
        assert not stored[0].is_set()
        spool._connection.execute("PRAGMA query_only = OFF")
        assert stored[0].wait(DEADLINE_S), "the lane is dead"
        assert lane.trouble is None
        _submit(lane, b"second", stored[1])
        assert stored[1].wait(DEADLINE_S)
        lane.stop()


class Stuck:
    """A lane whose spool cannot be written until `free` is called; what is stored is noted in order."""

    def __init__(self, folder: Path) -> None:
        people = AlarmOrganisation.found(folder)
        self.devices = [(ids.DeviceId(ids.new_id()), keys.Identity.generate()) for _ in range(3)]
        founding = [*people.founding(), *(people.enrol(name, who.sign_public) for name, who in self.devices)]
        registry = Registry(folder / "registry.jsonl", people.root.sign_public)
        registry.add(len(founding), [one.envelope for one in founding])
        self.spool = Spool(folder / "spool.db")
        self.lane = PressLane(Intake(self.spool, registry, people.bridge, Plan(first=())), Board())
        self.stored: list[str] = []
        self.answers: list[bytes] = []
        self.spool._connection.execute("PRAGMA query_only = ON")
        self.lane.start()
        self.send("first of all", 2, 1)
        until(lambda: self.lane.trouble, "the writer is at it, and cannot")

    def press(self, device: int, counter: int) -> tuple[str, bytes]:
        name, who = self.devices[device]
        topic = str(UpTopic(name, Lane.ALARM))
        said = DeviceMessage(name, PressId(1, counter), 0, None, 0, Kind.PRESS, None, "", None)
        return topic, message.seal(said, who, topic)

    def send(self, what: str, device: int, counter: int, broker: str = "a") -> bool:
        return self.send_bytes(what, *self.press(device, counter), broker)

    def send_bytes(self, what: str, topic: str, payload: bytes, broker: str = "a") -> bool:
        def done(taken: Taken) -> None:
            self.stored.append(what)
            if taken.answer is not None:
                self.answers.append(taken.answer.payload)

        return self.lane.submit(Arrival(topic, payload, received_now(broker)), done)

    def free(self) -> None:
        self.spool._connection.execute("PRAGMA query_only = OFF")

    def taken(self) -> int:
        return self.spool.read().counters().get("taken.press", 0)


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Stuck]:
    made = Stuck(tmp_path)
    yield made
    made.free()
    made.lane.stop()
    made.spool.close()


def test_the_next_womans_press_goes_before_a_flood_of_one_device_and_of_strangers(stuck: Stuck) -> None:
    for counter in range(1, 60):
        stuck.send("flood", 0, counter)
    for number in range(2 * shares.MAX_STRANGE):
        stuck.send_bytes("stranger", "up/00/x/a", str(number).encode())
    assert stuck.send("hers", 1, 1)
    stuck.free()
    until(lambda: "hers" in stuck.stored, "her press is stored")
    before = stuck.stored[: stuck.stored.index("hers")]
    assert before.count("flood") <= 1, "only the flood's own first press goes before hers"
    assert "stranger" not in before


def test_one_device_and_strangers_fill_no_memory(stuck: Stuck) -> None:
    room = [stuck.send("flood", 0, counter) for counter in range(1, 3 * shares.MAX_OF_DEVICE)]
    assert sum(room) <= shares.MAX_OF_DEVICE + 1
    room = [stuck.send_bytes("stranger", "up/00/x/a", str(n).encode()) for n in range(3 * shares.MAX_STRANGE)]
    assert sum(room) == shares.MAX_STRANGE
    assert stuck.send("hers", 1, 1), "there is always room for a first press"
    assert not stuck.send_bytes("too long", stuck.press(0, 1)[0], bytes(5000)), "that is a stranger's, whatever it says"


def test_what_a_broker_hands_out_again_while_nothing_can_be_stored_waits_once(stuck: Stuck) -> None:
    for _round in range(1000):
        assert stuck.send("hers", 1, 1)
    stuck.free()
    until(lambda: stuck.taken() == 2, "both presses are stored")
    until(lambda: "hers" in stuck.stored, "and answered")
    assert stuck.stored.count("hers") <= shares.MAX_ASKING
    assert stuck.spool.read().counters().get("duplicates", 0) == 0, "no transaction was spent on a copy"


def test_the_copy_of_the_other_broker_is_answered_from_memory_with_the_same_bytes(stuck: Stuck) -> None:
    stuck.free()
    stuck.send("one", 1, 1)
    until(lambda: "one" in stuck.stored, "it is stored")
    stuck.spool._connection.execute("PRAGMA query_only = ON")
    assert stuck.send("two", 1, 1, "b")
    assert stuck.stored[-1] == "two", "at once, with a disk that takes nothing"
    assert stuck.answers[-1] == stuck.answers[-2]
    stuck.free()
    until(lambda: stuck.spool.read().counters().get("duplicates") == 1, "it is counted when there is time")


def test_for_how_long_a_press_waits_is_known(stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
    lane = PressLane(stuck.lane._intake, Board())
    assert lane.waits_s == 0
    lane.submit(Arrival(*stuck.press(1, 1), received_now("a")), lambda _taken: None)
    monkeypatch.setattr("device_bridge.intake.lane.LATE_S", 0.0)
    assert Waiting(lane).trouble == "a press has waited for 0 s to be stored"
    assert stuck.lane.waits_s > 0, "also while it is being stored"


def test_after_ten_seconds_a_devices_next_press_is_a_first_one_again() -> None:
    now = [0.0]
    waits = shares.Shares(lambda: now[0])

    def put(payload: bytes, topic: str = "up/aa/x/a", broker: str = "a") -> None:
        assert waits.put(Arrival(topic, payload, received_now(broker)), lambda _taken: None, known=True)

    put(b"1")
    put(b"2")
    put(b"rubbish", broker="http")
    now[0] = shares.FIRST_AGAIN_S + 1
    put(b"3")
    assert [one.arrival.payload for one in waits.take()] == [b"1", b"rubbish", b"3", b"2"]
    assert waits.oldest_s() == 0
    assert len(waits) == 0


def _submit(lane: PressLane, payload: bytes, stored: threading.Event) -> None:
    def done(_taken: Taken) -> None:
        stored.set()

    lane.submit(Arrival("up/0/x/a", payload, received_now("a")), done)
