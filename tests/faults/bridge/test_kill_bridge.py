"""The bridge is killed between a press and its acknowledgement, again and again: nothing lost, no double alarm."""

import signal
import sqlite3
from pathlib import Path

import pytest

from device_bridge.wire.message import Kind, Location, Told
from tests.support.bridge_world import bridge_process, world
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.ports import free_port
from tests.support.waiting import patience, until

PRESSES = 30
KILLS = 3
NUMBERS = """SELECT json_extract(CAST(pressed AS TEXT), '$.boot'), json_extract(CAST(pressed AS TEXT), '$.counter'),
 count(*) FROM press GROUP BY 1, 2"""


@pytest.mark.need("nats-server")
def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubles(tmp_path: Path) -> None:
    port = free_port()
    with world(tmp_path) as made:
        memory = made.new_device()
        made.bridge.stop()
        stored = []
        for _round in range(KILLS):
            with bridge_process(made, port) as process, made.switched_on(memory) as device:
                first = device.press(Kind.PRESS, Location(51.9, 4.4, 5, 1, "gps"))
                assert device.wait(first, Told.STORED, patience(20)) is not None
                presses = [device.press() for _ in range(PRESSES // KILLS)]
                process.send_signal(signal.SIGKILL)
                process.wait()
                with bridge_process(made, port):
                    for press in presses:
                        assert device.wait(press, Told.STORED, patience(20)) is not None, f"{press} was lost"
                stored += [first, *presses]
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        made.bridge.taking.take()
        with sqlite3.connect(made.settings.folder / "spool.db") as spool:
            rows = spool.execute(NUMBERS).fetchall()
            alarms = spool.execute("SELECT count(*) FROM alarm").fetchone()[0]
        assert sorted((boot, counter) for boot, counter, _ in rows) == sorted((p.boot, p.counter) for p in stored)
        assert {count for *_, count in rows} == {1}
        assert alarms == 1, "one device, never closed: every press joined the one alarm"
        until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
        kinds = [statement.type for statement in made.organisation.journal()]
        assert kinds.count("alarm.raise") == 1
        assert kinds.count("alarm.repeat") == len(stored) - 1
        assert kinds.count("item.seal") == len(stored)
