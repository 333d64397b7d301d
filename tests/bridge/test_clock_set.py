"""The wall clock of a bridge is set by an hour: no deadline moves, no device turns silent, and health says it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from device_bridge.alarm.escalation import unix_ms
from device_bridge.clock import SAID_MS, Step, WallClock
from device_bridge.errors import SpoolError
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import outbox
from evidence import ids
from tests.support.bridge_world import World, world
from tests.support.escalating import after, beat, listed, push, shown
from tests.support.lane_threads import reading_of

HOUR_MS = 3_600_000
WAYS = pytest.mark.parametrize("hour_ms", [HOUR_MS, -HOUR_MS], ids=["forward", "back"])


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


@pytest.fixture
def memory(made: World) -> DeviceMemory:
    return made.new_device()


class Clocks:
    """Two clocks that a test moves."""

    def __init__(self) -> None:
        self.wall = 1_800_000_000_000
        self.steady = 5_000
        self.seen: list[Step] = []
        self.clock = WallClock(lambda: self.wall, lambda: self.steady)
        self.clock.on_step(self.seen.append)

    def pass_by(self, ms: int, *, set_by: int = 0) -> None:
        self.wall += ms + set_by
        self.steady += ms
        self.clock.look()


@WAYS
def test_a_step_is_told_once_and_stands_in_health_for_a_while(hour_ms: int) -> None:
    clocks = Clocks()
    for _ in range(100):
        clocks.pass_by(100)
        clocks.pass_by(100, set_by=1)  # network time pulls it slowly
    assert clocks.seen == []
    clocks.pass_by(100, set_by=hour_ms)
    assert [one.ms for one in clocks.seen] == [hour_ms]
    clocks.pass_by(SAID_MS - 1)
    way = "forward" if hour_ms > 0 else "back"
    assert f"was set {way} by 3600 s" in str(clocks.clock.trouble)
    clocks.pass_by(2)
    assert (len(clocks.seen), clocks.clock.trouble) == (1, None)


def test_a_step_that_could_not_be_carried_is_carried_later_and_twice_by_nobody() -> None:
    clocks, tries = Clocks(), list[int]()

    def carry(step: Step) -> None:
        tries.append(step.ms)
        if len(tries) == 1:
            raise SpoolError("the disk is full")

    clocks.clock.on_step(carry)
    with pytest.raises(SpoolError):
        clocks.pass_by(100, set_by=HOUR_MS)
    clocks.pass_by(100, set_by=-HOUR_MS)
    assert tries == [HOUR_MS, HOUR_MS, -HOUR_MS]
    assert [one.ms for one in clocks.seen] == [HOUR_MS, -HOUR_MS]


@WAYS
def test_what_is_left_of_a_wait_stays(made: World, memory: DeviceMemory, hour_ms: int) -> None:
    made.bridge.watch.stop()  # its clock is ours from here on
    alarm = push(made, memory)
    raised_ms = unix_ms(alarm["raised_at"])
    made.bridge.watch.carry(Step(raised_ms + 4_000, raised_ms + 4_000 + hour_ms))
    passed = hour_ms / 1000
    assert after(made, alarm, passed + 29.9) == 0
    assert after(made, alarm, passed + 30) == 1
    assert shown(made)["escalation"]["stage"] == 1
    made.bridge.watch.carry(Step(raised_ms + hour_ms + 40_000, raised_ms + 40_000))
    assert after(made, alarm, 59.9) == 0
    assert after(made, alarm, 60) == 1
    assert shown(made)["escalation"]["stage"] == 2


@WAYS
def test_an_alarm_that_was_raised_after_the_step_waits_as_ever(made: World, memory: DeviceMemory, hour_ms: int) -> None:
    made.bridge.watch.stop()  # its clock is ours from here on
    alarm = push(made, memory)
    raised_ms = unix_ms(alarm["raised_at"])
    made.bridge.watch.carry(Step(raised_ms - hour_ms + 50, raised_ms + 50))
    assert after(made, alarm, 29.9) == 0
    assert after(made, alarm, 30) == 1


@WAYS
def test_a_route_that_is_to_be_tried_again_is_not_put_off(made: World, memory: DeviceMemory, hour_ms: int) -> None:
    alarm = push(made, memory)
    with made.bridge.spool.write() as spool:
        outbox.queue(spool, ids.AlarmId(alarm["alarm"]), "away", b"", 1_000_000_000_000)
    made.bridge.watch.carry(Step(1_000_000_000_000, 1_000_000_000_000 + hour_ms))
    reading = reading_of(made.bridge)
    assert not outbox.due(reading, "away", 1_000_000_000_000 + hour_ms - 1)
    assert outbox.due(reading, "away", 1_000_000_000_000 + hour_ms)


def test_every_moment_that_is_waited_for_is_carried(made: World) -> None:
    far_ms = 10**13
    with made.bridge.spool.write() as spool:
        tables = [row[0] for row in spool.sql.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        columns = {table: spool.sql.execute(f"PRAGMA table_info({table})").fetchall() for table in tables}
        waits = {(table, one[1]) for table in tables for one in columns[table] if one[1] in ("due_ms", "until_ms")}
        for table, column in waits:
            values = {one[1]: _anything(table, *one[1:3]) for one in columns[table]} | {column: far_ms}
            holders = ", ".join("?" * len(values))
            spool.sql.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({holders})", [*values.values()])  # noqa: S608 - our own
    for carry, _ in made.bridge.clock._carrying:
        carry(Step(far_ms, far_ms + HOUR_MS))
    for table, column in waits - MADE_ANEW:
        rows = reading_of(made.bridge).sql.execute(f"SELECT {column} FROM {table}").fetchall()  # noqa: S608 - our own
        assert {row[0] for row in rows} == {far_ms + HOUR_MS}, f"{table}.{column} stays: carry it, or say why not"
    assert len(waits) >= 5


MADE_ANEW = {("deadline", "due_ms")}
"""Made anew from each open alarm, which is carried itself."""


def _anything(table: str, name: str, kind: str) -> object:
    if name == "state":
        return "waiting" if table == "outbox" else "held"
    return {"TEXT": f"{name:x<32}", "BLOB": b"{}"}.get(kind, 1)


@WAYS
def test_no_device_turns_silent_by_it(made: World, memory: DeviceMemory, hour_ms: int) -> None:
    beat(made, memory, 1, battery=80)
    supervisor = made.bridge.supervisor
    supervisor.stop()
    now_ms = ids_now_ms()
    supervisor.look(now_ms)
    supervisor.carry(Step(now_ms, now_ms + hour_ms))
    supervisor.look(now_ms + hour_ms + 100_000)
    assert (listed(made)["state"], listed(made)["reasons"]) == ("ready", [])
    supervisor.look(now_ms + hour_ms + 200_000)
    assert listed(made)["reasons"] == ["silent"], "its own three minutes count on"


def ids_now_ms() -> int:
    return unix_ms(ids.now())
