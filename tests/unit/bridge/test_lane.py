"""The lane of presses outlives a full disk, also when the log lies on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from device_bridge import log_keys
from device_bridge.lane import shares
from device_bridge.lane.arrivals import Arrival, Taken, received_now
from device_bridge.lane.loop import PressLane
from device_bridge.lane.verifier import Verifier
from device_bridge.registry import Registry
from device_bridge.spool.inbox import Inbox, InboxReader, PutAside, Stored
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from evidence import ids, keys, logs
from tests.support.bridge_world import AlarmOrganisation


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
    with full_log():
        with pytest.raises(OSError, match="No space left"):
            os.write(2, b"x")
        stuck = Stuck(tmp_path)
        assert stuck.lane.trouble is not None, "the disk is full"
        assert not stuck.stored
        stuck.free()
        assert stuck.stored == ["first of all"]
        stuck.inbox.close()


class Stuck:
    """A lane whose spool cannot be written until `free` is called; what is stored is noted in order."""

    def __init__(self, folder: Path) -> None:
        people = AlarmOrganisation.found(folder)
        self.devices = [(ids.DeviceId(ids.new_id()), keys.Identity.generate()) for _ in range(3)]
        founding = [*people.founding(), *(people.enrol(name, who.sign_public) for name, who in self.devices)]
        registry = Registry(folder / "registry.jsonl", people.root.sign_public)
        registry.add(len(founding), [one.envelope for one in founding])
        self.inbox = Inbox(folder / "lane.db")
        self.lane = PressLane(self.inbox.add, Verifier(registry, people.bridge))
        self.stored: list[str] = []
        self.answers: list[bytes] = []
        self.inbox._sql.execute("PRAGMA query_only = ON")  # SQLite now refuses to write, as on a full disk
        self.send("first of all", 2, 1)
        assert not self.lane.work()

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
        """The disk takes everything again: store what waits, in its order."""
        self.inbox._sql.execute("PRAGMA query_only = OFF")
        self.work()

    def work(self) -> None:
        while self.lane.due_s is not None:
            assert self.lane.work()

    def rows(self) -> int:
        return int(self.inbox._sql.execute("SELECT count(*) FROM arrival").fetchone()[0])


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Stuck]:
    made = Stuck(tmp_path)
    yield made
    made.inbox.close()


def test_the_next_womans_press_goes_before_a_flood_of_one_device_and_of_strangers(stuck: Stuck) -> None:
    for counter in range(1, 60):
        stuck.send("flood", 0, counter)
    for number in range(2 * shares.MAX_STRANGE):
        stuck.send_bytes("stranger", "up/00/x/a", str(number).encode())
    assert stuck.send("hers", 1, 1)
    stuck.free()
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
    assert stuck.rows() == 2
    assert 1 <= stuck.stored.count("hers") <= shares.MAX_ASKING
    assert stuck.lane.copies == 0


def test_the_copy_of_the_other_broker_is_answered_from_memory_with_the_same_bytes(stuck: Stuck) -> None:
    stuck.free()
    stuck.send("one", 1, 1)
    stuck.work()
    stuck.inbox._sql.execute("PRAGMA query_only = ON")
    assert stuck.send("two", 1, 1, "b")
    assert stuck.stored[-1] == "two", "at once, with a disk that takes nothing"
    assert stuck.answers[-1] == stuck.answers[-2]
    assert stuck.lane.copies == 1


def test_what_memory_does_not_know_any_more_is_one_row_and_answered_anew(
    stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device_bridge.lane.loop.MAX_ANSWERS", 0)
    stuck.free()
    rows = stuck.rows()
    for what in ("one", "two"):
        stuck.send(what, 1, 1)
        stuck.work()
    assert stuck.stored[-2:] == ["one", "two"]
    assert stuck.rows() == rows + 1


def test_her_press_goes_first_among_all_that_brokers_handed_out_while_the_disk_was_stuck(stuck: Stuck) -> None:
    """What a stuck disk leaves behind: all that was not acknowledged comes anew, again and again."""
    for counter in range(1, 40):
        for _handed_out_again in range(20):
            stuck.send("old", 0, counter)
        assert not stuck.lane.work()
    stuck.send("hers", 1, 1)
    stuck.free()
    before = stuck.stored[: stuck.stored.index("hers")]
    assert set(before) <= {"first of all", "old"}
    assert before.count("old") <= shares.MAX_ASKING, "of the other device only its first press goes before hers"
    assert stuck.rows() == 41


def test_a_row_that_was_damaged_holds_up_no_other(stuck: Stuck, tmp_path: Path) -> None:
    stuck.free()
    stuck.send("hers", 1, 1)
    stuck.work()
    stuck.inbox._sql.execute("UPDATE arrival SET said = x'00' WHERE n = 1")
    reader = InboxReader(tmp_path / "lane.db")
    damaged, hers = (row.what for row in reader.rows(9))
    reader.close()
    assert isinstance(damaged, PutAside)
    assert damaged.authentic, "somebody is called to look at it"
    assert isinstance(hers, Stored)


def test_places_of_another_file_mean_nothing(stuck: Stuck, tmp_path: Path) -> None:
    """A file that was put back, or made anew, numbers from the beginning: nothing in it counts as taken in."""
    stuck.free()
    reader = InboxReader(tmp_path / "lane.db")
    reader.taken = reader.rows(9)[-1].n
    before = reader.id
    assert reader.rows(9) == []
    stuck.inbox.close()
    for path in tmp_path.glob("lane.db*"):
        path.unlink()
    stuck.inbox = Inbox(tmp_path / "lane.db")
    stuck.lane._add = stuck.inbox.add
    stuck.send("hers", 1, 1)
    stuck.work()
    assert len(reader.rows(9)) == 1
    assert reader.id not in ("", before)
    reader.close()


def test_for_how_long_a_press_waits_is_known(stuck: Stuck) -> None:
    assert stuck.lane.waits_s > 0
    stuck.free()
    assert stuck.lane.waits_s == 0


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
