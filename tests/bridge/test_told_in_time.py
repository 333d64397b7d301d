"""Words that must not wait: to a device after a kill, of a revocation behind a backlog."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from device_bridge.alarm.alarm import Alarm
from device_bridge.clock import WallClock
from device_bridge.intake.deadlines import Watch
from device_bridge.journal.forwarder import BATCH, Forwarder
from device_bridge.journal.stores import open_stores
from evidence import ids
from evidence.statements import bodies
from evidence.statements import statement as statements
from tests.support.bridge_world import World, world
from tests.support.escalating import after, push
from tests.support.lane_threads import reading_of
from tests.support.waiting import until


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


class Around:
    """What a bridge that has just started has around it: no console, and brokers that come later."""

    def __init__(self) -> None:
        self.connected = 0
        self.told: list[ids.AlarmId] = []

    def consoles(self) -> int:
        return 0

    def brokers(self) -> int:
        return self.connected

    def tell(self, alarm: Alarm) -> None:
        self.told.append(alarm.alarm)

    def sends_first(self) -> bool:
        return True


def test_after_a_kill_the_device_is_told_once_a_broker_is_there_and_not_before(made: World) -> None:
    memory = made.new_device()
    alarm = push(made, memory)
    until(lambda: after(made, alarm, 61) == 0, "the last stage has come")
    made.bridge.watch.stop()
    around = Around()
    watch = Watch(made.bridge.spool, made.bridge.identity, made.bridge.board, around, WallClock())
    watch._turn()
    assert around.told == [], "nobody would hand it on"
    around.connected = 1
    watch._turn()
    watch._turn()
    assert around.told == [alarm["alarm"]]


def test_a_revocation_waits_for_no_backlog(made: World) -> None:
    memory, people = made.new_device(), made.organisation
    alarm = ids.AlarmId(push(made, memory)["alarm"])
    made.sealed()
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "the journal has the alarm")
    made.bridge.forwarder.stop()
    revoked: list[ids.DeviceId] = []
    stores = partial(open_stores, made.settings.database_url, made.settings.data / "blobs")
    bridge = made.bridge
    forwarder = Forwarder(bridge.spool, bridge.registry, bridge.board, stores, revoked.append, bridge.identity.kid)
    with made.bridge.spool.write() as spool:
        for number in range(3 * BATCH):
            said = bodies.AlarmDeliver(alarm, f"dc09-{number}", "failed", "x", ids.now())
            signed = statements.sign(made.bridge.identity, "alarm.deliver", said, case=people.case)
            spool.queue_statement(signed.id, alarm, signed.envelope.to_bytes())
    forwarder._turn()
    assert reading_of(made.bridge).waiting_statements_count() == 2 * BATCH, "one batch a turn"
    people.append(people.revoke(memory.device))
    forwarder._turn()
    forwarder._let_go()
    assert revoked == [memory.device]
    assert reading_of(made.bridge).waiting_statements_count() == BATCH, "and something still waits"
