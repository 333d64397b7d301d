"""A bridge watches the devices of another one that is not heard: no false silence, and no true one missed.

Who takes over when is tried with a clock of the test's own; what is then said of devices on a real bridge, with its
supervisor asked what it will say.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device_bridge.mqtt.connection import Delivered, other_telemetry_filters, telemetry_filters
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.settings import BridgeSettings
from device_bridge.supervision.takeover import AWAY_AFTER_S, BACK_AFTER_S, Takeover
from tests.support.bridge_world import World, sealed, start_bridge, world
from tests.support.waiting import until

LIMIT_S = 180
"""Of the devices here: enrolled as 3min."""


@dataclass
class Other:
    silent_s: float = 0.0


@dataclass
class Line:
    runs: bool = False

    def start(self) -> None:
        self.runs = True

    def stop(self) -> None:
        self.runs = False


@dataclass
class Watcher:
    told: list[str] = field(default_factory=list)

    def watch_all(self, since_ms: int) -> None:
        assert since_ms > 0
        self.told.append("all")

    def watch_own(self, now_ms: int) -> None:
        assert now_ms > 0
        self.told.append("own")


def test_it_takes_over_once_and_gives_back_when_all_are_heard_for_a_while() -> None:
    others, lines, watcher = [Other(), Other()], [Line(), Line()], Watcher()
    keeper = Takeover(others, lambda: lines, watcher)
    keeper.look(0)
    others[0].silent_s = AWAY_AFTER_S
    keeper.look(1)
    assert watcher.told == [], "a bridge that is started again is back by then"
    others[0].silent_s = AWAY_AFTER_S + 1
    for now_s in (2, 3):
        keeper.look(now_s)
    assert (watcher.told, [one.runs for one in lines]) == (["all"], [True, True])
    others[0].silent_s = 0
    keeper.look(10)
    others[1].silent_s = AWAY_AFTER_S + 1
    keeper.look(10 + BACK_AFTER_S)
    assert watcher.told == ["all"], "the other one is away now"
    others[1].silent_s = 0
    keeper.look(100)
    keeper.look(100 + BACK_AFTER_S - 1)
    assert watcher.told == ["all"]
    keeper.look(100 + BACK_AFTER_S)
    assert (watcher.told, [one.runs for one in lines]) == (["all", "own"], [False, False])


def test_the_shards_of_others_are_all_but_the_own() -> None:
    own = {name for name, _ in telemetry_filters(range(0x40, 0x80))}
    others = {name for name, _ in other_telemetry_filters(range(0x40, 0x80))}
    assert (len(own), len(others), own & others) == (64, 192, set())
    assert other_telemetry_filters(range(256)) == ()


def beat(made: World, memory: DeviceMemory, counter: int) -> None:
    """Let the bridge hear a heartbeat as its network thread would."""
    topic, payload = sealed(memory, counter)
    delivered = Delivered(topic, payload, retain=False, qos=0, mid=0, epoch=0)
    before = made.bridge.telemetry.read
    made.bridge.telemetry.take(None, delivered)  # type: ignore[arg-type] # the connection is not looked at
    until(lambda: made.bridge.telemetry.read > before, "it is read")


def test_a_device_of_another_bridge_is_unknown_until_it_was_heard_or_listened_to(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        elsewhere = "00-00" if int(memory.device[:2], 16) else "01-01"
        made.bridge.stop()
        made.settings = BridgeSettings.model_validate({**made.settings.model_dump(), "shards": elsewhere})
        made.bridge = start_bridge(made.settings)
        supervisor = made.bridge.supervisor
        supervisor.stop()  # its clock is ours from here on

        def shown(after_s: float) -> list[tuple[str, tuple[str, ...]]]:
            supervisor.look(round((time.time() + after_s) * 1000))
            return [(one["state"], tuple(one["reasons"])) for one in supervisor.devices()]

        assert shown(0) == [], "not ours"
        supervisor.watch_all(ms(0))
        assert shown(1) == shown(LIMIT_S - 1) == [("unknown", ())], "nothing is said before anybody could know"
        beat(made, memory, 1)
        assert shown(LIMIT_S - 1) == [("ready", ())]
        assert shown(LIMIT_S + 2) == [("fault", ("silent",))], "a true silence is not missed"
        supervisor.watch_own(ms(LIMIT_S + 3))
        assert shown(LIMIT_S + 4) == []
        supervisor.watch_all(ms(4000))
        assert shown(4001) == [("unknown", ())], "what was heard an hour ago is no silence of now"
        assert shown(4000 + LIMIT_S + 1) == [("fault", ("silent",))]
        supervisor.watch_own(ms(4000 + LIMIT_S + 2))
        rows = [one["reasons"] for one in supervisor_history(made, memory)]
        assert rows == [["silent"], ["silent"], []], "newest first; that it was given back is no news to people"


def test_one_that_was_never_heard_here_is_silent_and_no_test_is_overdue(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        made.bridge.stop()
        elsewhere = "00-00" if int(memory.device[:2], 16) else "01-01"
        made.settings = BridgeSettings.model_validate({**made.settings.model_dump(), "shards": elsewhere})
        made.bridge = start_bridge(made.settings)
        supervisor = made.bridge.supervisor
        supervisor.stop()
        supervisor.watch_all(ms(0))
        supervisor.look(ms(30 * 86_400))
        assert [one["reasons"] for one in supervisor.devices()] == [["silent"]], (
            "the other bridge heard it, and tested it"
        )


def ms(after_s: float) -> int:
    return round((time.time() + after_s) * 1000)


def supervisor_history(made: World, memory: DeviceMemory) -> list[dict[str, Any]]:
    supervisor = made.bridge.supervisor
    supervisor.watch_all(ms(10_000))
    supervisor.look(ms(10_001))
    return next(list(one["history"]) for one in supervisor.devices() if one["device"] == memory.device)
