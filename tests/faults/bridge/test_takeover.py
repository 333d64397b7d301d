"""One of two bridges that share the heartbeats between them dies: the other reads them all."""

import time
from pathlib import Path

import pytest

from device_bridge.mqtt.connection import BrokerAddress, Connection, Delivered
from device_bridge.supervision.takeover import AWAY_AFTER_S
from tests.support.bridge_world import bridge_login, sealed
from tests.support.many_bridges import several
from tests.support.waiting import until


@pytest.mark.faults
@pytest.mark.need("nats-server")
def test_heartbeats_of_a_bridge_that_died_are_read_by_the_other(tmp_path: Path) -> None:
    with several(tmp_path, shards=("00-7f", "80-ff")) as made:
        memory = next(one for n in range(64) if int((one := made.world.new_device(f"b{n}")).device[:2], 16) > 0x7F)
        made.knows(memory.device)
        login = bridge_login(tmp_path)
        line = Connection(BrokerAddress.parse(made.world.urls[0], "a"), "beats", _ignore, filters=(), login=login)
        line.start()
        until(line.connected.is_set, "the sender connects")
        try:
            first, second = made.bridges
            line.publish(*sealed(memory, 1), qos=0)
            until(lambda: second.telemetry.newest(memory.device), "bridge 2 reads it")
            assert first.telemetry.newest(memory.device) is None
            made.stop(1)
            until(lambda: first.takeover.reads_all, "bridge 1 takes over", AWAY_AFTER_S + 10)
            counter = iter(range(2, 10_000))

            def heard() -> bool:
                line.publish(*sealed(memory, next(counter)), qos=0)
                time.sleep(0.1)
                return first.telemetry.newest(memory.device) is not None

            until(heard, "bridge 1 reads it")
            made.start(1)
        finally:
            line.stop()


def _ignore(connection: Connection, delivered: Delivered) -> None:
    connection.acknowledge(delivered)
