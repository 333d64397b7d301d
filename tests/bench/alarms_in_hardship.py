"""The next woman's press while others storm, after a fault, after a kill; and what bridge and lane cost at rest.

Run by `make bench-alarms`, into the same file. Each storm is measured against her own presses without it, in turns of
the same run, because what matters is what others do to her.
"""

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bench.alarm_figures import Figures, figures, p99
from tests.bench.alarm_setting import Setting, restart, setting
from tests.support import process_tree
from tests.support.crowd import CrowdDevice
from tests.support.small_disk import fill, small_disk
from tests.support.storms import STORMS, raging
from tests.support.waiting import until

FIXTURES = (figures,)
ROUNDS = int(os.environ.get("GETUIGE_STORM_ROUNDS", "40"))
TURNS = 3
FAULT_TURNS = 2
FAULT_S = 10.0
IDLE_S = 20.0
KILLS = 4

KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]


# ------------------------------------------------------------------------------------------------------------ storms
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_the_next_womans_press_in_a_storm(tmp_path: Path, figures: Figures, kind: str) -> None:
    with setting(tmp_path, kind, count=1) as made:
        asyncio.run(_storms(made, figures))


async def _storms(made: Setting, figures: Figures) -> None:
    her, other = await _devices(made, 2)
    took: dict[str, list[float]] = {name: [] for name in ("alone", *STORMS)}
    for turn in range(TURNS):
        order = [*list(STORMS.items())[turn:], *list(STORMS.items())[:turn]]
        took["alone"] += await _presses(her)
        for name, storm in order:
            async with raging(storm, f"http://127.0.0.1:{made.feed_port}", other):
                took[name] += await _presses(her)
            await asyncio.to_thread(until, lambda: _is_calm(made), "the storm is over", 120)
    alone = statistics.median(took["alone"])
    why = "sender, broker, bridge and lane share these cores: see the share of each in `top -H`"
    for name in STORMS:
        label = f"The next woman's press while {name}, {made.kind}"
        figures.at_most(f"{label}: p50", "ms", statistics.median(took[name]), ("hers without", alone), 2, why)
        figures.at_most(f"{label}: p99", "ms", p99(took[name]), ("the design's limit", 10), 1, why)
    for one in (her, other):
        one.close()


async def _devices(made: Setting, count: int) -> list[CrowdDevice]:
    public = made.organisation.bridge.sign_public
    found = [CrowdDevice(public, durable=False, login=made.kind == "nats") for _ in range(count)]
    made.append(*(made.organisation.enrol(one.device, one.who.sign_public) for one in found))
    await asyncio.to_thread(until, lambda: made.enrolled() >= count, "the bridge knows them", 60)
    return [await _connected(made, one) for one in found]


async def _connected(made: Setting, one: CrowdDevice) -> CrowdDevice:
    """Return this device, connected anew: it tries again for as long as its broker is away, or lets nobody in yet."""
    while True:
        again = CrowdDevice(one.bridge_public, one.durable, one.login, one.device, one.who, one.counter)
        with suppress(ConnectionError):
            await again.connect("127.0.0.1", made.brokers[0].broker.mqtt_port)
            return again
        await asyncio.sleep(0.05)


async def _presses(her: CrowdDevice) -> list[float]:
    took = []
    for _ in range(ROUNDS):
        took.append(await her.press(30) * 1000)
        await asyncio.sleep(0.02)
    return took


def _is_calm(made: Setting) -> bool:
    """Whether nothing of the storm is left: counters stand still for a moment."""
    before = made.counters()
    time.sleep(0.5)
    return made.counters() == before


# --------------------------------------------------------------------------------------------------- faults and kills
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bridges", [1, 2])
def test_from_a_kill_until_the_next_stored_press(tmp_path: Path, figures: Figures, kind: str, bridges: int) -> None:
    """Kill -9 of a bridge, started again at once; with two the other goes on meanwhile."""
    with setting(tmp_path, kind, count=1, bridges=bridges) as made:
        took = asyncio.run(_kills(made))
    goal, why = (2.0, "the start of Python, and the registry") if bridges == 1 else (1.0, "the other bridge takes it")
    label = f"From kill -9 of a bridge until the next stored press, {bridges} of them, {kind}: worst of {KILLS}"
    figures.at_most(label, "s", max(took), ("the design's limit", goal), 1, why)


async def _kills(made: Setting) -> list[float]:
    (her,) = await _devices(made, 1)
    took = []
    for _ in range(KILLS):
        await her.press(60)
        began = time.perf_counter()
        await asyncio.to_thread(restart, made)
        pressed = asyncio.create_task(her.press(60))
        await pressed
        took.append(time.perf_counter() - began)
        await asyncio.to_thread(until, lambda: made.health() != {}, "the bridge answers again", 60)
        await asyncio.sleep(1)
    her.close()
    return took


Undo = Callable[[], object]


def _stop(processes: Sequence[int]) -> Undo:
    process_tree.signal_all(list(processes), signal.SIGSTOP)
    return lambda: process_tree.signal_all(list(processes), signal.SIGCONT)


def _stop_broker(made: Setting) -> Undo:
    return _stop(process_tree.tree(made.brokers[0].process.pid))


def _stop_bridge(made: Setting) -> Undo:
    assert made.process is not None
    return _stop(process_tree.tree(made.process.pid))


def _stop_lane(made: Setting) -> Undo:
    assert made.process is not None
    return _stop(process_tree.children(made.process.pid))


def _fill(made: Setting) -> Undo:
    return fill(made.organisation.folder / "bridge").unlink


FAULTS: tuple[tuple[str, Callable[[Setting], Undo]], ...] = (
    ("a broker that hung", _stop_broker),
    ("a bridge that hung", _stop_bridge),
    ("a lane that hung", _stop_lane),
    ("a full disk of the spool", _fill),
)
"""What keeps a press from being stored while it lasts, with one broker and one bridge."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_from_the_end_of_a_fault_until_the_next_stored_press(tmp_path: Path, figures: Figures, kind: str) -> None:
    """Each lasts ten seconds; her device repeats meanwhile, as it is told to."""
    with small_disk(tmp_path / "bridge", "96m"), setting(tmp_path, kind, count=1) as made:
        assert made.process is not None
        for name, begin in FAULTS:
            if begin is _stop_lane and not process_tree.children(made.process.pid):
                continue
            took = [asyncio.run(_faulty(made, begin)) for _ in range(FAULT_TURNS)]
            label = f"From the end of {name} for {FAULT_S:g} s until the next stored press, {kind}"
            figures.at_most(label, "s", max(took), ("a second", 1.0), 1, "keep-alive, and the device's own repeats")


async def _faulty(made: Setting, begin: Callable[[Setting], Undo]) -> float:
    await asyncio.to_thread(made.settle)
    (her,) = await _devices(made, 1)
    await her.press(60)
    undo = begin(made)
    pressed = asyncio.create_task(_until_stored(made, her))
    await asyncio.sleep(FAULT_S)
    assert not pressed.done(), f"it keeps presses from being stored, or it measures nothing: {pressed}"
    undo()
    began = time.perf_counter()
    await pressed
    return time.perf_counter() - began


async def _until_stored(made: Setting, her: CrowdDevice) -> None:
    """Press; when the broker hangs up, which NATS does to whoever it let wait, connect anew and press again."""
    while True:
        try:
            await her.press(120)
            her.close()
            return
        except ConnectionError:
            her = await _connected(made, her)


# ---------------------------------------------------------------------------------------------------- rest, and starts
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_at_rest_and_at_the_start(tmp_path: Path, figures: Figures, kind: str) -> None:
    with setting(tmp_path, kind) as made:
        assert made.process is not None
        made.settle()
        time.sleep(3)  # what a start leaves to do is not rest
        parts = {"bridge with its lane": [made.process.pid], "lane": process_tree.children(made.process.pid)}
        before, begun = {name: sum(map(process_tree.cpu_s, of)) for name, of in parts.items()}, time.perf_counter()
        time.sleep(IDLE_S)
        passed_s = time.perf_counter() - begun
        for name, of in parts.items():
            if of:
                share = 100 * (sum(map(process_tree.cpu_s, of)) - before[name]) / passed_s
                label = f"At rest, {name}, {kind}"
                why = "loops that look where they could be woken"
                figures.at_most(label, "% of a core", share, ("the design's limit", 0.5), 1, why)
        begun = time.perf_counter()
        restart(made)
        until(lambda: made.health() != {}, "the bridge answers", 60)
        took = time.perf_counter() - begun
        figures.at_most(f"Start of a bridge until it answers, {kind}", "s", took, ("two seconds", 2.0), 1, "imports")
        if lanes := process_tree.children(made.process.pid):
            took = asyncio.run(_lane_again(made, lanes))
            label = f"From kill -9 of the lane until the next stored press, {kind}"
            figures.at_most(label, "s", took, ("a second", 1.0), 1, "its imports, and the device's own repeats")


async def _lane_again(made: Setting, lanes: list[int]) -> float:
    (her,) = await _devices(made, 1)
    await her.press(60)
    began = time.perf_counter()
    process_tree.signal_all(lanes, signal.SIGKILL)
    await her.press(60)
    took = time.perf_counter() - began
    her.close()
    return took
