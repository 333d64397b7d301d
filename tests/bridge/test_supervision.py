"""Supervision of the devices themselves: silence by our own deadline, battery, tampering, overdue tests, and memory.

The rules are tried as a table, the rest on a real bridge whose clock is asked what it will show.
"""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.supervision.rules import HEARTBEAT_S, PROFILE_S, TEST_EVERY_MS, Condition, Profile, Reason, reasons
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from tests.support.bridge_world import World, world
from tests.support.escalating import beat, listed
from tests.support.lane_threads import new_bridge, reading_of

NOW = 1_790_000_000_000
DAY_MS = 86_400_000


def condition(**more: Any) -> Condition:  # noqa: ANN401 - fields of many types
    return Condition(**{"profile": "3min", "since_ms": NOW - DAY_MS, "heard_ms": NOW - 1000, "tested_ms": NOW, **more})


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (condition(), ()),
        (condition(heard_ms=NOW - 180_000), ()),
        (condition(heard_ms=NOW - 180_001), ("silent",)),
        (condition(profile="20s", heard_ms=NOW - 20_001), ("silent",)),
        (condition(profile="30min", heard_ms=NOW - 1_800_000), ()),
        (condition(heard_ms=None), ("never-heard",)),
        (condition(heard_ms=None, since_ms=NOW - 1000), ()),
        (condition(battery=20), ("battery",)),
        (condition(battery=21), ()),
        (condition(tampered=True), ("tamper",)),
        (condition(tested_ms=NOW - TEST_EVERY_MS - 1), ("test-overdue",)),
        (condition(tested_ms=None, since_ms=NOW - TEST_EVERY_MS - 1), ("test-overdue",)),
        (condition(heard_ms=1, battery=0, tampered=True), ("battery", "silent", "tamper")),
    ],
)
def test_what_is_wrong_with_a_device(known: Condition, expected: tuple[Reason, ...]) -> None:
    assert reasons(known, NOW, 0) == expected


def test_a_bridge_that_was_away_does_not_call_every_device_silent() -> None:
    known = condition(heard_ms=NOW - DAY_MS)
    assert reasons(known, NOW, NOW - 1000) == ()
    assert reasons(known, NOW, NOW - 1000, ("silent",)) == ("silent",), "what was silent before has not spoken since"


@pytest.mark.parametrize("profile", ["20s", "3min", "30min"])
def test_three_signs_of_life_fit_into_each_deadline(profile: Profile) -> None:
    assert 3 * HEARTBEAT_S[profile] <= PROFILE_S[profile]


def push(made: World, memory: DeviceMemory, counter: int, kind: Kind) -> None:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(2, counter), 0, None, 0, kind, 50, "t", None)
    answer = httpx.post(made.press_url, params={"topic": topic}, content=message.seal(said, memory.identity, topic))
    answer.raise_for_status()
    made.bridge.taking.take()


def after(made: World, seconds: float) -> None:
    made.bridge.supervisor.look(round((time.time() + seconds) * 1000))


def test_a_device_goes_from_ready_to_fault_and_back_and_its_caseworker_sees_why(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        made.bridge.supervisor.stop()  # its clock is ours from here on
        memory = made.new_device()
        beat(made, memory, 1)
        after(made, 0)
        shown = listed(made)
        assert (shown["state"], shown["reasons"], shown["battery"], shown["firmware"]) == ("ready", [], 80, "fw-7")
        assert shown["profile"] == "3min"
        sign = made.bridge.telemetry.newest(memory.device)
        assert sign is not None
        for passed, state in ((179, "ready"), (181, "fault")):
            made.bridge.supervisor.look(round((sign.at + passed) * 1000))
            assert listed(made)["state"] == state
        assert (listed(made)["state"], listed(made)["reasons"]) == ("fault", ["silent"])
        beat(made, memory, 2, battery=9)
        after(made, 1)
        assert listed(made)["reasons"] == ["battery"]
        push(made, memory, 1, Kind.TAMPER)
        after(made, 1)
        assert listed(made)["reasons"] == ["battery", "tamper"]
        assert [one["reasons"] for one in listed(made)["history"]] == [
            ["battery", "tamper"],
            ["battery"],
            ["silent"],
            [],
        ]
        routes = reading_of(made.bridge).sql.execute("SELECT DISTINCT route FROM outbox").fetchall()
        assert routes == [("console-feed",)], "no alarm centre hears of it"
        after(made, 15 * 86_400)
        assert "test-overdue" in listed(made)["reasons"]
        with made.bridge.spool.write() as spool:
            spool.open_test_window(memory.device, 10**14)
        push(made, memory, 2, Kind.TEST)
        after(made, 0)
        assert listed(made)["tested_at"] is not None
        assert "test-overdue" not in listed(made)["reasons"]


def test_what_was_known_survives_a_restart(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        beat(made, memory, 1, battery=11)
        made.bridge.supervisor.stop()
        after(made, 3600)
        before = listed(made)
        assert before["reasons"] == ["battery", "silent"]
        made.bridge.stop()
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        made.bridge.supervisor.stop()
        after(made, 3601)
        again = listed(made)
        assert {key: again[key] for key in ("reasons", "since", "battery", "heard_at", "history")} == {
            key: before[key] for key in ("reasons", "since", "battery", "heard_at", "history")
        }
        assert json.dumps(again)
