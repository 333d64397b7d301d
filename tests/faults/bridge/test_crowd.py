"""Many devices at once: all are let in and supervised, and each press between their heartbeats is stored in time.

Sixty here; of the 600 in `make faults` NATS would refuse some without `MAX_CONSUMERS`; GETUIGE_CROWD=10000
for the real thing (`make bench-alarms` measures it, `docs/performance.md`).
"""

import asyncio
import os
import resource
from pathlib import Path
from typing import Any

import nats
import pytest

from device_bridge.mqtt.brokers import MAX_CONSUMERS, NatsBroker
from tests.support.bridge_world import World, world
from tests.support.crowd import AT_ONCE, CrowdDevice, beat, connect_all
from tests.support.sizes import sizes
from tests.support.waiting import patience, until

CROWD = int(os.environ.get("GETUIGE_CROWD", "600"))
CROWDS = sizes(60, CROWD)
PRESSES = 20
STORED_WITHIN_S = 5.0
"""Far above what it takes: a busy test machine is no fault, a press that waits for a crowd is."""

KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]


@pytest.mark.timeout(120 + CROWD // 10)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", CROWDS)
def test_a_crowd_is_let_in_and_no_press_waits_for_it(tmp_path: Path, kind: str, size: int) -> None:
    needed = size + 200
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= needed, f"ulimit -n is too small: {needed} are needed"
    with world(tmp_path, kind, count=1) as made:
        asyncio.run(_crowd(made, kind, size))
        known = {one["device"]: one for one in made.bridge.supervisor.devices()}
        assert len(known) == size
        assert made.bridge.telemetry.refused == 0


@pytest.mark.need("nats-server")
def test_nats_lets_every_device_listen(tmp_path: Path) -> None:
    """Its own default is a thousand durable subscriptions, which is five hundred devices."""
    with world(tmp_path, count=1) as made:
        limits = asyncio.run(_limits(made))
    assert limits.max_consumers == MAX_CONSUMERS
    assert {limits.max_memory, limits.max_storage, limits.max_streams} == {-1}, "nothing else is limited by that"


async def _limits(made: World) -> Any:  # noqa: ANN401 - nats-py's own type
    broker = made.brokers[0].broker
    assert isinstance(broker, NatsBroker)
    client = await nats.connect(
        f"nats://127.0.0.1:{broker.client_port}", user="bridge", password=broker.secrets.bridge_password
    )
    try:
        return (await client.jetstream().account_info()).limits
    finally:
        await client.close()


async def _crowd(made: World, kind: str, size: int) -> None:
    crowd = [CrowdDevice(made.organisation.bridge.sign_public, durable=True, login=kind == "nats") for _ in range(size)]
    for start in range(0, size, AT_ONCE):
        some = crowd[start : start + AT_ONCE]
        made.organisation.append(*(made.organisation.enrol(one.device, one.who.sign_public) for one in some))
    await asyncio.to_thread(until, lambda: made.bridge.registry.device_count == size, "the bridge knows them all", 60)
    await connect_all(crowd, "127.0.0.1", made.brokers[0].broker.mqtt_port)
    stop = asyncio.Event()
    beating = asyncio.create_task(beat(crowd, 60.0 if size > 1000 else 2.0, stop))
    try:
        for number in range(PRESSES):
            await crowd[number * 7 % size].press(patience(STORED_WITHIN_S))
            await asyncio.sleep(0.02)
        await asyncio.to_thread(until, lambda: made.bridge.telemetry.read >= size // 4, "heartbeats are read", 60)
        assert not any(one.lost for one in crowd)
    finally:
        stop.set()
        await beating
        for one in crowd:
            one.close()
        await asyncio.sleep(0.2)
