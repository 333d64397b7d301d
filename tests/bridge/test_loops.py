"""Threads that do not die: an error in any loop of a bridge is said, and the loop goes on; one odd alarm costs itself.

Every loop that a bridge has is made to fail. A thread that is none of them stands in the table below with the reason.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from device_bridge.alarm.escalation import unix_ms
from device_bridge.errors import RouteError, SpoolError
from device_bridge.loops import Loop
from device_bridge.mqtt.callout import AuthCallout, CalloutLogin, new_issuer_seed
from device_bridge.process import Bridge
from device_bridge.registry import Registry
from device_bridge.routes import Handed, Unpolled
from device_bridge.routes.delivery import KEPT_FREE, PARALLEL, Delivery
from device_bridge.routes.dispatch import Dispatch
from device_bridge.settings import BridgeSettings
from device_bridge.spool import outbox
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from evidence import ids, keyfile, keys
from tests.support.bridge_world import World, world
from tests.support.escalating import everything, push, silent
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.waiting import until

KEY = b"00112233445566778899aabbccddeeff"
NO_LOOPS = {
    "press-lane": "the lane of presses catches everything by itself and stands in health",
    "dial-": "it makes one connection of the lane, or does not, and ends",
    "feed": "uvicorn's own loop: when it ends every console shows that the bridge is away",
    "paho-mqtt-client-": "paho's own loop: its callbacks are guarded (`device_bridge.mqtt.connection`)",
    "AnyIO worker thread": "of the feed; answers one question and waits for the next",
    "asyncio_": "of a callout; looks up a name",
    "journal-writer": "of the journal that the forwarder holds, which makes it anew after an error",
}


def test_every_thread_of_a_bridge_is_a_loop_or_says_why_not(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with everything(tmp_path) as bridge:
        loops = {loop.name for loop in bridge.loops}
        threads = {one.name for one in set(threading.enumerate()) - before}
        others = {name for name in threads - loops if not name.startswith(tuple(NO_LOOPS))}
        pools = {name for name in others if name.rpartition("_")[0] in {one.name for one in bridge._plan.routes}}
        assert others == pools, "a new thread is a Loop, or stands in the table with its reason"
        assert loops <= threads
        assert len(loops) == len(bridge.loops) >= 15


@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize("fault", [RuntimeError, sqlite3.OperationalError, SystemExit])
def test_an_error_in_a_loop_is_said_and_it_and_the_others_go_on(
    tmp_path: Path, fault: type[BaseException], odd: int
) -> None:
    """Every second loop fails, then the others do: who did not fail goes on meanwhile and has no trouble."""
    with everything(tmp_path) as bridge:
        loops = [loop for loop in bridge.loops if not loop.name.startswith("callout")]  # its one turn waits: see below
        failing, others = loops[odd::2], loops[1 - odd :: 2]
        broken = [_break(loop, fault) for loop in failing]
        done = [loop.turns for loop in others]
        for loop in loops:
            loop.wake()
        for loop in failing:
            until(partial(_says, bridge, f"{loop.name}: {fault.__name__}"), f"health says that {loop.name} failed")
        assert bridge.feed._view.health()["ok"] is False
        for loop, before in zip(others, done, strict=True):
            until(partial(_went_on, loop, before), f"{loop.name} went on beside them")
            assert loop.trouble is None
        done = [loop.turns for loop in failing]
        for one in broken:
            one.clear()
        for loop, before in zip(failing, done, strict=True):
            until(partial(_went_on, loop, before), f"{loop.name} goes on")
            assert loop.trouble is None
            assert not loop.ended


def test_a_callout_that_fails_says_so_and_begins_again(tmp_path: Path) -> None:
    login = CalloutLogin("nats://127.0.0.1:none", "x", "x", new_issuer_seed(os.urandom))
    callout = AuthCallout(login, Registry(tmp_path / "registry.jsonl"))
    callout.start()
    try:
        until(lambda: callout.loop._failed_in_a_row > 1, "it tries again")
        assert callout.loop.trouble == "callout nats://127.0.0.1:none: Error"
        assert not callout.ready.is_set()
    finally:
        callout.stop()


def _went_on(loop: Loop, done: int) -> bool:
    return loop.turns > done


def _break(loop: Loop, fault: type[BaseException]) -> threading.Event:
    """Let every turn of a loop raise `fault` while the event is set."""
    broken, turn = threading.Event(), loop._turn
    broken.set()

    def odd() -> float:
        if broken.is_set():
            raise fault("injected")
        return turn()

    loop._turn = odd
    return broken


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_ended_all_the_same_makes_the_bridge_unready(tmp_path: Path) -> None:
    class UnspeakableError(SpoolError):
        def __str__(self) -> str:
            raise RuntimeError

    with everything(tmp_path) as bridge:
        assert bridge.feed._view.health()["ready"] is True
        _break(bridge.watch.loop, UnspeakableError)
        until(lambda: bridge.watch.loop.ended, "the thread is gone")
        health = bridge.feed._view.health()
        assert (health["ready"], health["ok"]) == (False, False)
        assert "the thread deadlines has ended: start this bridge again" in health["troubles"]


def test_a_loop_waits_longer_after_each_error_and_not_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> float:
        raise SpoolError("the disk is full")

    loop, waited = Loop("odd", fail), list[float]()
    monkeypatch.setattr(loop._stop, "wait", waited.append)
    for _ in range(12):
        loop._go()
    assert loop.trouble == "odd: the disk is full"
    assert [0.1 * 2**n / 2 <= one * 2 for n, one in enumerate(waited[:6])] == [True] * 6
    assert all(2.5 <= one <= 5 for one in waited[-5:])
    assert len(set(waited[-5:])) == 5


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def test_a_table_that_cannot_be_read_stops_a_route_only_as_long_as_that_lasts(made: World) -> None:
    memory, sql = made.new_device(), sqlite3.connect(made.bridge.spool.path, isolation_level=None)
    sql.execute("ALTER TABLE outbox RENAME TO hidden")
    until(lambda: _says(made.bridge, "route console-feed: OperationalError"), "health says it")
    sql.execute("ALTER TABLE hidden RENAME TO outbox")
    sql.close()
    push(made, memory)
    until(lambda: made.bridge.feed._view.alarms()[0]["routes"], "the route reports again")
    until(lambda: not _says(made.bridge, "route console-feed: OperationalError"), "health is over it")


def _says(bridge: Bridge, words: str) -> bool:
    return words in bridge.feed._view.health()["troubles"]


@pytest.mark.parametrize("damage", [b"{", b"{}", b'{"v":2}', b"\xff"])
def test_an_alarm_that_cannot_be_read_holds_up_no_other(made: World, damage: bytes) -> None:
    with silent() as centre:
        keyfile.load_or_create(made.settings.secrets / "alarm-centre-c.key", lambda: KEY)
        made.bridge.stop()
        made.settings = BridgeSettings(**{**made.settings.model_dump(), "second_centres": (f"c=127.0.0.1:{centre}",)})
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        odd = push(made, made.new_device("odd"))["alarm"]
        with made.bridge.spool.write() as spool:
            spool.sql.execute("UPDATE alarm SET document = ? WHERE alarm = ?", (damage, odd))
        well = push(made, made.new_device("well"))
        assert [one["alarm"] for one in made.bridge.feed._view.alarms()] == [well["alarm"]], "consoles see the other"
        made.bridge.watch.look(unix_ms(well["raised_at"]) + 30_000)
        assert reading_of(made.bridge).alarm(ids.AlarmId(well["alarm"])).stage == 1
        rows = "SELECT alarm, route FROM outbox WHERE route = 'dc09-c'"
        told = {row[0] for row in reading_of(made.bridge).sql.execute(rows)}
        assert told == {odd, well["alarm"]}, "nobody can see it, so its second centre is told"
        assert _says(made.bridge, "1 alarm(s) cannot be read; their routes were all told")
        made.bridge.stop()
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        made.bridge.watch.look(unix_ms(well["raised_at"]) + 60_000)
        assert reading_of(made.bridge).alarm(ids.AlarmId(well["alarm"])).stage == 2
        again = push(made, made.new_device("odd-again"))
        assert again["state"] in ("raised", "delivered")


def test_a_receiver_that_is_silent_on_many_alarms_hears_at_once_of_the_next(tmp_path: Path) -> None:
    bridge, board, route = keys.BridgeIdentity.generate(), Board(), _Stubborn()
    with Spool(tmp_path / "spool.db") as spool:
        delivery = Delivery(spool, bridge, board, [route], lambda _device: {})
        delivery.start()
        try:
            first = [_queue(spool, bridge) for _ in range(PARALLEL * 3)]
            board.announce(first)
            until(lambda: len(route.held) == PARALLEL - KEPT_FREE, "retries fill what they may")
            last = _queue(spool, bridge)
            board.announce([last])
            until(lambda: route.tried.count(last) == 1, "the next alarm is tried beside them")
            assert len(route.held) == PARALLEL - KEPT_FREE
        finally:
            route.let_go.set()
            delivery.stop()


class _Stubborn:
    """A receiver that refuses each alarm once and is silent on it from then on."""

    name = "stubborn"
    hears_withdrawal = False

    def __init__(self) -> None:
        self.watch = Unpolled()
        self.tried: list[ids.AlarmId] = []
        self.held: list[ids.AlarmId] = []
        self.let_go = threading.Event()

    def takes(self, kind: str) -> bool:
        return bool(kind)

    def send(self, what: Dispatch) -> Handed:
        again = what.alarm in self.tried
        self.tried.append(what.alarm)
        if again:
            self.held.append(what.alarm)
            self.let_go.wait()
        raise RouteError("not now", code="receiver-refused")


def _queue(spool: Spool, bridge: keys.BridgeIdentity) -> ids.AlarmId:
    name = ids.AlarmId(ids.new_id())
    what = Dispatch(name, ids.DeviceId(ids.new_id()), "press", ids.now(), None)
    with spool.write() as writing:
        outbox.queue(writing, name, "stubborn", bridge.seal(what.to_bytes()), 0)
    return name
