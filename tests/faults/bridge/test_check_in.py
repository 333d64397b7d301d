"""A promise that two bridges hold: kept, it is nothing; broken, it is one alarm, whatever was killed meanwhile."""

import signal
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from device_bridge.alarm import promise
from device_bridge.clock import Step
from device_bridge.process import Bridge
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import promises
from device_bridge.wire import codes
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic, seal
from evidence import canonical
from evidence.statements import bodies
from tests.support.bridge_world import World, bridge_process, world
from tests.support.clock import Clock
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.many_bridges import Several, several
from tests.support.ports import free_port
from tests.support.waiting import never, patience, until

pytestmark = pytest.mark.need("nats-server")
HERE = Location(51.9244, 4.4777, 12, 3, "gps")
PINS = ("1379", "2480")
HOUR_MS = 3_600_000


def promised(
    memory: DeviceMemory, counter: int, wait_s: int, pin: str | None = None, *, ago_s: int = 0
) -> tuple[str, bytes]:
    """Return a check-in that was made `ago_s` seconds ago, and the topic."""
    topic, number = str(UpTopic(memory.device, Lane.ALARM)), PressId(1, counter)
    code = None if pin is None else codes.code_of(codes.pin_key(memory.code_salt, pin), memory.device, number)
    wall_ms = time.time_ns() // 1_000_000 - 1000 * ago_s
    said = DeviceMessage(memory.device, number, 0, wall_ms, 2, Kind.CHECK_IN, 50, "t", HERE, code, wait_s, "naar huis")
    return topic, seal(said, memory.identity, topic)


def post(made: Several, of: int, topic: str, payload: bytes) -> None:
    send(made.bridges[of].feed_port, topic, payload).raise_for_status()
    made.bridges[of].taking.take()


def send(port: int, topic: str, payload: bytes) -> httpx.Response:
    return httpx.post(f"http://127.0.0.1:{port}/press", params={"topic": topic}, content=payload, trust_env=False)


def shown(made: World, port: int) -> list[str]:
    """Return the kinds of the alarms that a bridge in a process of its own tells consoles of."""
    headers = {"Authorization": f"Bearer {made.settings.token_file.read_text().strip()}"}
    answer = httpx.get(f"http://127.0.0.1:{port}/alarms", headers=headers, trust_env=False)
    return [one["kind"] for one in answer.raise_for_status().json()["alarms"]]


def awaited(bridge: Bridge, memory: DeviceMemory) -> int | None:
    """Return the counter of the check-in that is awaited first."""
    first = promise.deadline(promises.held(reading_of(bridge), memory.device))
    return None if first is None else first.counter


def all_await(made: Several, memory: DeviceMemory, counter: int | None) -> None:
    until(lambda: {awaited(one, memory) for one in made.bridges} == {counter}, f"all await {counter}")


def is_overdue(made: Several) -> None:
    until(lambda: all(made.alarms(of) for of in range(len(made.bridges))), "she is overdue at every bridge")
    made.agree()
    assert all(one.silent for of in range(len(made.bridges)) for one in made.alarms(of)), "the device hears nothing"
    names = {(one.alarm, one.kind, one.repeats) for of in range(len(made.bridges)) for one in made.alarms(of)}
    assert len(names) == 1
    assert names.pop()[1:] == ("overdue", 0)


def test_a_promise_that_is_kept_is_nothing_and_one_that_is_broken_is_one_alarm(tmp_path: Path) -> None:
    """The device itself keeps the first; then it is smashed, and both bridges know it."""
    with several(tmp_path) as made:
        memory = made.world.new_device(pins=PINS)
        made.knows(memory.device)
        with made.world.switched_on(memory) as device:
            for wait_s, pin in ((3600, None), (7200, PINS[0]), (0, PINS[0])):
                said = device.check_in(wait_s, HERE, pin, "naar huis")
                assert device.wait(said, Told.STORED, patience(10)) is not None
                all_await(made, memory, said.counter if wait_s else None)
            assert not made.alarms(0)
        topic, payload = promised(memory, 99, 60, ago_s=60)
        post(made, 0, topic, payload)
        post(made, 1, topic, payload)
        is_overdue(made)
        made.forwarded()
        journal = made.world.organisation.journal()
        (raised,) = [one.body for one in journal if isinstance(one.body, bodies.AlarmRaise)]
        assert (raised.kind, raised.press.counter) == ("overdue", 99)
        assert [one.type for one in journal].count("item.seal") == 1, "nothing is told of a promise that was kept"
        item = reading_of(made.bridges[0]).newest_item(raised.alarm)
        assert item is not None
        opened = made.world.organisation.open_item(canonical.b64(item.container))
        assert (opened.words, opened.position is not None, opened.alarm.kind) == ("naar huis", True, "check-in")
        assert opened.kind == "check-in", "what she sealed is a check-in; that it did not come in time says the journal"
        for bridge in made.bridges:
            assert "statements.refused" not in reading_of(bridge).counters()


def test_one_bridge_alone_has_it_and_the_other_opens_the_alarm(tmp_path: Path) -> None:
    """It reached the first over HTTP; that one is gone when her time is over, and comes back later."""
    with several(tmp_path) as made:
        memory = made.world.new_device(pins=PINS)
        made.knows(memory.device)
        post(made, 0, *promised(memory, 1, 60, ago_s=45))
        all_await(made, memory, 1)
        made.stop(0)
        until(lambda: made.alarms(1), "the other opens the alarm")
        made.start(0)
        is_overdue(made)


@pytest.mark.faults
def test_what_was_ended_while_a_bridge_was_away_opens_nothing_when_it_is_back(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device(pins=PINS)
        made.knows(memory.device)
        post(made, 0, *promised(memory, 1, 60, ago_s=45))
        all_await(made, memory, 1)
        made.stop(0)
        post(made, 1, *promised(memory, 2, 0, PINS[0]))
        assert awaited(made.bridges[1], memory) is None
        time.sleep(20)  # until her time is over
        made.start(0)
        all_await(made, memory, None)
        never(lambda: made.alarms(0) or made.alarms(1), "an alarm", 12)


def test_a_wrong_code_puts_nothing_off_and_a_duress_code_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device(pins=PINS)
        made.knows(memory.device)
        post(made, 0, *promised(memory, 1, 3600))
        post(made, 1, *promised(memory, 2, 7200, "1111"))
        post(made, 0, *promised(memory, 3, 7200, PINS[1]))
        all_await(made, memory, 1)
        until(lambda: made.alarms(0) and made.alarms(1), "both know of the duress")
        made.agree()
        (alarm,) = made.alarms(1)
        assert (alarm.kind, alarm.silent) == ("duress", True)


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS], ids=["forward", "back"])
def test_a_clock_that_is_set_moves_no_promise(tmp_path: Path, by_ms: int) -> None:
    with several(tmp_path, count=1) as made:
        memory = made.world.new_device()
        post(made, 0, *promised(memory, 1, 7200))
        (bridge,) = made.bridges
        now_ms = time.time_ns() // 1_000_000 + 1
        bridge.overdue._carry(Step(now_ms, now_ms + by_ms))
        assert bridge.overdue.look(now_ms + by_ms + 7_190_000) == 0
        assert bridge.overdue.look(now_ms + by_ms + 7_201_000) == 1
        assert [one.kind for one in made.alarms(0)] == ["overdue"]


def test_in_an_open_alarm_a_check_in_is_shown_and_what_it_promises_is_held(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device(pins=PINS)
        made.knows(memory.device)
        post(made, 0, *promised(memory, 1, 60, ago_s=60))
        is_overdue(made)
        post(made, 0, *promised(memory, 2, 3600, PINS[0]))
        all_await(made, memory, 2)
        made.agree()
        (alarm,) = made.alarms(1)
        assert "cancel-right-code" in alarm.flags
        people, name = made.world.organisation, alarm.alarm
        made.bridges[0].acts.carry_out(name, people.act(people.dispatcher, "accept", name))
        made.bridges[0].acts.carry_out(name, people.act(people.dispatcher, "close", name, "accidental"))
        made.agree()
        for bridge in made.bridges:
            bridge.overdue.look(time.time_ns() // 1_000_000 + 2 * HOUR_MS)
        until(lambda: [len(made.alarms(of)) for of in (0, 1)] == [2, 2], "the second promise is an alarm of its own")
        made.agree()
        assert len({one.alarm for of in (0, 1) for one in made.alarms(of)}) == 2


@pytest.mark.faults
@pytest.mark.need("gcc")
@pytest.mark.parametrize("by", [3600, -3600])
def test_killed_with_its_clock_set_by_an_hour_a_bridge_looks_for_her_when_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: int
) -> None:
    """The only bridge, a process: somebody sets its clock, then it is killed; nobody was overdue before that."""
    clock, port, wait_s = Clock.build(tmp_path), free_port(), 25
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        made.bridge.stop()
        for name, value in clock.variables.items():
            monkeypatch.setenv(name, value)
        with bridge_process(made, port) as process:
            until(lambda: answers(made, port), "the bridge answers")
            told = promised(memory, 1, 3600, ago_s=3600 - wait_s)
            until(lambda: send(port, *told).is_success, "the lane is there and takes it")
            begun, awaited_ms = time.monotonic(), until(lambda: due_ms(made), "the promise is taken in")
            clock.set_off(by)
            until(lambda: due_ms(made) != awaited_ms, "the bridge saw that its clock was set")
            early = shown(made, port)
            assert not early or time.monotonic() - begun >= wait_s
            process.send_signal(signal.SIGKILL)
            process.wait()
        with bridge_process(made, port):
            until(lambda: answers(made, port) and shown(made, port) == ["overdue"], "she is looked for")
            assert time.monotonic() - begun >= wait_s - 1
            never(lambda: shown(made, port) != ["overdue"], "a second alarm", 5)
        for name in clock.variables:
            monkeypatch.delenv(name)
        made.bridge = new_bridge(made.settings)
        made.bridge.start()


def answers(made: World, port: int) -> bool:
    try:
        return shown(made, port) is not None
    except httpx.HTTPError:
        return False


def due_ms(made: World) -> int | None:
    """Return when what a bridge in a process of its own awaits is overdue, by that bridge's clock."""
    with sqlite3.connect(f"file:{made.settings.folder / 'spool.db'}?mode=ro", uri=True) as spool:
        found: tuple[int] | None = spool.execute("SELECT due_ms FROM promise").fetchone()
        return found and found[0]


def test_a_promise_that_cannot_be_read_holds_up_no_press_and_runs_out_once(tmp_path: Path) -> None:
    with several(tmp_path, count=1) as made:
        memory = made.world.new_device()
        post(made, 0, *promised(memory, 1, 3600))
        (bridge,) = made.bridges
        with bridge.spool.write() as spool:
            spool.sql.execute("UPDATE promise SET document = ?", (b"{}",))
        post(made, 0, *promised(memory, 2, 7200))
        with made.world.switched_on(memory) as device:
            assert device.wait(device.press(), Told.STORED, patience(10)) is not None
        later_ms = time.time_ns() // 1_000_000 + HOUR_MS + 60_000
        assert [bridge.overdue.look(later_ms) for _ in range(3)] == [1, 0, 0]
        assert sorted(one.kind for one in made.alarms(0)) == ["overdue", "press"]
        assert "quarantined" not in reading_of(bridge).counters()
