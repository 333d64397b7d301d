"""A press among ten thousand connected devices: how long it takes, what they cost, and how soon the lane is back.

Run by `make bench-alarms`, into the same file; GETUIGE_CROWD=1000 measures a smaller crowd.
"""

import asyncio
import os
import resource
import signal
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.bench.alarm_figures import Figures, figures, p99
from tests.bench.alarm_setting import Setting, setting
from tests.support import process_tree
from tests.support.crowd import CrowdDevice, beat, connect_all
from tests.support.process_tree import rss_mib
from tests.support.waiting import until

FIXTURES = (figures,)
CROWD = int(os.environ.get("GETUIGE_CROWD", "10000"))
CROWD_PRESSES = 100
NATS = pytest.param("nats", marks=pytest.mark.need("nats-server"))
MOSQUITTO = pytest.param("mosquitto", marks=pytest.mark.need("mosquitto"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", [MOSQUITTO, NATS])
def test_memory_of_a_crowd(tmp_path: Path, figures: Figures, kind: str) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < CROWD + 200:
        pytest.skip(f"ulimit -n is too small for a crowd of {CROWD}")
    with setting(tmp_path, kind, count=1) as made:
        asyncio.run(_crowd(made, figures))


async def _crowd(made: Setting, figures: Figures) -> None:
    assert made.process is not None
    bridge, broker = made.process.pid, made.brokers[0].process.pid
    await asyncio.to_thread(made.settle)
    before = (rss_mib(bridge), rss_mib(broker))
    public = made.organisation.bridge.sign_public
    crowd = [CrowdDevice(public, durable=True, login=made.kind == "nats") for _ in range(CROWD)]
    try:
        await _pressed_among(crowd, made, figures, before)
    finally:
        for one in crowd:
            one.close()
        await asyncio.sleep(0.5)  # else each of its sockets is complained of


async def _pressed_among(
    crowd: Sequence[CrowdDevice], made: Setting, figures: Figures, before: tuple[float, float]
) -> None:
    assert made.process is not None
    bridge, broker = made.process.pid, made.brokers[0].process.pid
    begun = time.perf_counter()
    await asyncio.to_thread(made.append, *(made.organisation.enrol(one.device, one.who.sign_public) for one in crowd))
    await asyncio.to_thread(until, lambda: made.enrolled() == CROWD, "the bridge knows them all", 120)
    enrolled_s = time.perf_counter() - begun
    took_s, again = await connect_all(crowd, "127.0.0.1", made.brokers[0].broker.mqtt_port)
    stop = asyncio.Event()
    beating = asyncio.create_task(beat(crowd, 60, stop))
    pressed = []
    for number in range(CROWD_PRESSES):
        pressed.append(await crowd[number * 7 % CROWD].press(30) * 1000)
        await asyncio.sleep(0.2)
    after = (rss_mib(bridge), rss_mib(broker))
    if lanes := process_tree.children(bridge):
        begun = time.perf_counter()
        process_tree.signal_all(lanes, signal.SIGKILL)
        await crowd[0].press(60)
        name = f"From kill -9 of the lane among {CROWD:,} devices until the next stored press, {made.kind}"
        figures.at_most(
            name,
            "s",
            time.perf_counter() - begun,
            ("a second", 1),
            1,
            "its imports and its snapshot: one that is warm, waiting for the lock",
        )
    stop.set()
    beats, lost = await beating, sum(one.lost for one in crowd)
    assert lost == 0
    ours, theirs = after[0] - before[0], after[1] - before[1]
    print(f"\n{made.kind}: {CROWD} enrolled in {enrolled_s:.0f} s, connected in {took_s:.0f} s", end="")
    print(f" with {again} attempts more, {beats} heartbeats; bridge {after[0]:.0f} MiB", end="")
    print(f"; {sum(one.repeats for one in crowd)} of {len(pressed)} presses were repeated", end="")
    scale = 10_000 / CROWD
    why = "keys and codes of each device are kept as Python objects: keep them in the spool and look them up"
    label = f"Memory for 10,000 devices, {made.kind}"
    figures.at_most(f"{label}: bridge", "MiB", ours * scale, ("the limit set here", 100), 1, why)
    figures.at_most(f"{label}: broker", "MiB", theirs * scale, ("the limit set here", 2048), 1, "broker's own")
    median, why = statistics.median(pressed), "one process of the crowd shares the cores with bridge and broker"
    figures.at_most(f"Press among {CROWD:,} devices, {made.kind}: p50", "ms", median, ("the limit of p99", 10), 1, why)
    limit = ("the design's limit", 10)
    figures.at_most(f"Press among {CROWD:,} devices, {made.kind}: p99", "ms", p99(pressed), limit, 1, why)
