"""How long a press takes until its device hears *stored*, beside a bare MQTT round trip in the same run.

Run by `make bench`. The bare round trip is a QoS 1 message up and a QoS 1 message down through the same broker, by
paho, with no disk, no signature and no seal of ours: the ratio says what being safe and sealed costs.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_bridge.mqtt.connection import BrokerAddress
from device_bridge.wire.message import Kind, Location, Told
from tests.bench.alarm_setting import paho_echo
from tests.support.bridge_world import World, bridge_login, world

ROUNDS = 300
WARM_UP = 30
HERE = Location(51.9244, 4.4777, 12, 3, "gps")
LOST_TOUCH = 100
"""A ratio ten times worse than the design's target of ten: a fault, not a slow day."""

KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]


def show(name: str, ms: Sequence[float]) -> float:
    """Print the median and the 99th percentile; return the median, all in milliseconds."""
    median, worst = statistics.median(ms), statistics.quantiles(ms, n=100)[98]
    print(f"\n{name}: p50 {median:.2f} ms, p99 {worst:.2f} ms", end="")
    return median


@contextmanager
def echo(made: World, folder: Path) -> Iterator[Callable[[], float]]:
    """Yield a bare round trip over broker A: one client sends, another sends it back; milliseconds."""
    login = bridge_login(folder) if made.settings.broker_login else None
    address = BrokerAddress.parse(made.urls[0], "a")
    with paho_echo(address, login) as once:
        yield once


@pytest.mark.parametrize("kind", KINDS)
def test_press_until_stored(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind) as made, echo(made, tmp_path) as once:
        memory = made.new_device()
        with made.switched_on(memory) as device:
            pressed, bare = [], []
            for round_number in range(ROUNDS + WARM_UP):
                bare_ms = once()
                elapsed_ms = device.wait(device.press(Kind.PRESS, HERE), Told.STORED, 10)
                assert elapsed_ms is not None
                if round_number >= WARM_UP:
                    bare.append(bare_ms)
                    pressed.append(elapsed_ms)
    floor = show(f"{kind}: bare MQTT round trip", bare)
    median = show(f"{kind}: press until stored (signed, sealed, fsynced, two brokers)", pressed)
    print(f"\n{kind}: ratio of the medians {median / floor:.1f}")
    assert median / floor < LOST_TOUCH
