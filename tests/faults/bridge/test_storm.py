"""Five thousand heartbeats, or positions of an open alarm, a second, with presses in between: presses keep their pace.

A process of its own makes the storm; two bridges read it from both brokers. Relative and generous, because a loaded
machine is not a fault: with the storm the median press takes at most ten times the quiet one plus 20 ms. What was
measured is printed.
"""

import multiprocessing
import statistics
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, Told, UpTopic, seal
from tests.support.bridge_world import bridge_password
from tests.support.chaos import HERE, Chaos, chaos
from tests.support.waiting import patience, until

pytestmark = [
    pytest.mark.need("nats-server"),
    pytest.mark.faults,  # a quiet storm is in test_lanes
    pytest.mark.timeout(200),
]
PER_S = 5_000
SAMPLES = 150


def storm(
    port: int,
    password: str,
    topic: str,
    beats: list[bytes],
    per_s: int,
    stop: Event,
    sent: Any,  # noqa: ANN401 - a shared number has no public type
) -> None:
    """Publish heartbeats at a pace until told to stop (runs in a process of its own)."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"storm-{port}", protocol=paho.MQTTv311)
    client.username_pw_set("bridge", password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    began, count = time.monotonic(), 0
    while not stop.is_set():
        client.publish(topic, beats[count % len(beats)], qos=0)
        count += 1
        sent.value = count
        ahead_s = count / per_s - (time.monotonic() - began)
        if ahead_s > 0.01:
            time.sleep(ahead_s)
    client.loop_stop()


def presses(made: Chaos) -> list[float]:
    device = made.devices[0]
    found = [device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(20)) for _ in range(SAMPLES)]
    assert None not in found, "a press was not stored"
    return [one for one in found if one is not None]


def shown(ms: list[float]) -> str:
    return f"p50 {statistics.median(ms):.1f}, p99 {statistics.quantiles(ms, n=100)[98]:.1f}, worst {max(ms):.1f} ms"


@pytest.mark.parametrize("kind", [Kind.HEARTBEAT, Kind.POSITION])
def test_presses_keep_their_pace_in_a_storm_of_life_signs(tmp_path: Path, kind: Kind) -> None:
    with chaos(tmp_path, "nats", devices=2) as made:
        noisy = made.pressed[1].memory
        opened = made.devices[1]
        assert opened.wait(opened.press(Kind.PRESS, HERE), Told.STORED, patience(20)) is not None
        where = HERE if kind is Kind.POSITION else None
        topic = str(UpTopic(noisy.device, Lane.TELEMETRY))
        beats = [
            seal(
                DeviceMessage(noisy.device, PressId(99, n), 0, None, 0, kind, None, "", where),
                noisy.identity,
                topic,
            )
            for n in range(500)
        ]
        quiet = presses(made)
        spawn = multiprocessing.get_context("spawn")
        stop, sent = spawn.Event(), [spawn.Value("i", 0) for _ in made.brokers]
        password = bridge_password(tmp_path)
        senders = [
            spawn.Process(
                target=storm,
                args=(one.broker.mqtt_port, password, topic, beats, PER_S // len(made.brokers), stop, count),
            )
            for one, count in zip(made.brokers, sent, strict=True)
        ]
        for one in senders:
            one.start()
        until(lambda: all(count.value > PER_S // 2 for count in sent), "the storm is on")
        before, began = sum(count.value for count in sent), time.monotonic()
        loud = presses(made)
        rate = (sum(count.value for count in sent) - before) / (time.monotonic() - began)
        stop.set()
        for one in senders:
            one.join(patience(20))
        skipped = sum(bridge.count("heartbeats").get("skipped", 0) for bridge in made.bridges)
        print(f"\n{rate:.0f} of {kind} a second: quiet {shown(quiet)}; in the storm {shown(loud)}; {skipped} skipped")  # noqa: T201 - a figure is printed
        assert rate > PER_S / 2, "the machine cannot even send the storm"
        assert statistics.median(loud) < statistics.median(quiet) * 10 + 20
