"""The next woman's press while others storm, after a fault, after a kill; and what bridge and lane cost at rest.

Run by `make bench-alarms`, into the same file. Each storm is measured against her own presses without it, in turns of
the same run, because what matters is what others do to her.
"""

import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import httpx
import pytest

from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from tests.bench.alarm_figures import Figures, figures, p99
from tests.bench.alarm_setting import Setting, restart, setting
from tests.support.crowd import PUBLISH, CrowdDevice, connect_all, text
from tests.support.waiting import until

FIXTURES = (figures,)
ROUNDS = int(os.environ.get("GETUIGE_STORM_ROUNDS", "40"))
TURNS = 3
STRANGERS_A_SECOND = 300
BEATS_A_SECOND = 5000
TOGETHER = 100
IDLE_S = 30.0
KILLS = 5

KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]

Storm = Callable[[Setting, CrowdDevice], Coroutine[None, None, None]]


# ------------------------------------------------------------------------------------------------------------ storms
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_the_next_womans_press_in_a_storm(tmp_path: Path, figures: Figures, kind: str) -> None:
    with setting(tmp_path, kind, count=1) as made:
        asyncio.run(_storms(made, figures))


async def _storms(made: Setting, figures: Figures) -> None:
    her, other = await _devices(made, 2)
    storms: dict[str, Storm] = {
        "one device presses 100 times at once": _one_device,
        f"{STRANGERS_A_SECOND} strangers' posts a second": _strangers,
        f"{BEATS_A_SECOND:,} heartbeats a second": _heartbeats,
    }
    took: dict[str, list[float]] = {name: [] for name in ("alone", *storms)}
    for turn in range(TURNS):
        order = list(storms.items())[turn:] + list(storms.items())[:turn]
        took["alone"] += await _presses(her)
        for name, storm in order:
            async with _raging(storm, made, other):
                took[name] += await _presses(her)
            await asyncio.to_thread(until, lambda: _is_calm(made), "the storm is over", 120)
    alone = statistics.median(took["alone"])
    why = "sender, broker, bridge and lane share these cores: see the share of each in `top -H`"
    for name in storms:
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
    await connect_all(found, "127.0.0.1", made.brokers[0].broker.mqtt_port)
    return found


async def _presses(her: CrowdDevice) -> list[float]:
    took = []
    for _ in range(ROUNDS):
        took.append(await her.press(30) * 1000)
        await asyncio.sleep(0.02)
    return took


@contextlib.asynccontextmanager
async def _raging(storm: Storm, made: Setting, other: CrowdDevice) -> AsyncIterator[None]:
    task = asyncio.create_task(storm(made, other))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _is_calm(made: Setting) -> bool:
    """Whether nothing of the storm is left: counters stand still for a moment."""
    before = made.counters()
    time.sleep(0.5)
    return made.counters() == before


async def _one_device(_made: Setting, other: CrowdDevice) -> None:
    """A hundred presses at once, and again as soon as they are stored."""
    while True:
        await asyncio.gather(*(other.press(60) for _ in range(TOGETHER)))


async def _strangers(made: Setting, other: CrowdDevice) -> None:
    """Posts in the name of nobody, and of her, at an even pace."""
    topic = str(UpTopic(other.device, Lane.ALARM))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{made.feed_port}", timeout=10) as client:

        async def post(number: int) -> None:
            with contextlib.suppress(httpx.HTTPError):
                await client.post("/press", params={"topic": topic}, content=number.to_bytes(200, "big"))

        begun, sent, going = time.perf_counter(), 0, set[asyncio.Task[None]]()
        while True:
            for number in range(sent, int((time.perf_counter() - begun) * STRANGERS_A_SECOND)):
                sent, task = number + 1, asyncio.create_task(post(number))
                going.add(task)
                task.add_done_callback(going.discard)
            await asyncio.sleep(0.01)


async def _heartbeats(_made: Setting, other: CrowdDevice) -> None:
    """Life signs that were signed beforehand, so that signing them does not share her cores."""
    topic = str(UpTopic(other.device, Lane.TELEMETRY))
    packets = []
    for number in range(BEATS_A_SECOND):
        said = DeviceMessage(
            other.device, PressId(2, number), 0, time.time_ns() // 1_000_000, 1, Kind.HEARTBEAT, 90, "storm", None
        )
        packets.append(text(topic) + message.seal(said, other.who, topic))
    begun, sent = time.perf_counter(), 0
    while True:
        due = int((time.perf_counter() - begun) * BEATS_A_SECOND)
        for number in range(sent, due):
            other.send(PUBLISH, packets[number % len(packets)])
        sent = due
        await asyncio.sleep(0.005)


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


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_from_the_end_of_a_fault_until_the_next_stored_press(tmp_path: Path, figures: Figures, kind: str) -> None:
    """A broker that hangs for ten seconds, and a bridge that is stopped for as long; her device repeats meanwhile."""
    with setting(tmp_path, kind, count=1) as made:
        assert made.process is not None
        for name, process in (("broker", made.brokers[0].process.pid), ("bridge", made.process.pid)):
            took = [asyncio.run(_stopped(made, process)) for _ in range(TURNS)]
            label = f"From the end of a {name} that hung for 10 s until the next stored press, {kind}: worst of {TURNS}"
            figures.at_most(label, "s", max(took), ("a second", 1.0), 1, "keep-alive, and the device's own repeats")


async def _stopped(made: Setting, process: int) -> float:
    (her,) = await _devices(made, 1)
    await her.press(60)
    everything = [process, *_children(process)]
    for one in everything:
        os.kill(one, signal.SIGSTOP)
    pressed = asyncio.create_task(her.press(120))
    await asyncio.sleep(10)
    for one in everything:
        os.kill(one, signal.SIGCONT)
    began = time.perf_counter()
    await pressed
    took = time.perf_counter() - began
    her.close()
    return took


# ---------------------------------------------------------------------------------------------------- rest, and starts
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_at_rest_and_at_the_start(tmp_path: Path, figures: Figures, kind: str) -> None:
    with setting(tmp_path, kind) as made:
        assert made.process is not None
        time.sleep(3)  # what a start leaves to do is not rest
        everything = [made.process.pid, *_children(made.process.pid)]
        before, begun = sum(map(_cpu_s, everything)), time.perf_counter()
        time.sleep(IDLE_S)
        share = 100 * (sum(map(_cpu_s, everything)) - before) / (time.perf_counter() - begun)
        why = "loops that look where they could be woken"
        label = f"Bridge with its lane at rest, {kind}"
        figures.at_most(label, "% of a core", share, ("the design's limit", 0.5), 1, why)
        begun = time.perf_counter()
        restart(made)
        until(lambda: made.health() != {}, "the bridge answers", 60)
        took = time.perf_counter() - begun
    figures.at_most(f"Start of a bridge until it answers, {kind}", "s", took, ("two seconds", 2.0), 1, "imports")


def _children(process: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(process)], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    return [int(one) for one in found] + [two for one in found for two in _children(int(one))]


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
