"""What health asks each second is found by an index, and what the journal has is forgotten a week after the close."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_bridge.alarm.escalation import unix_ms
from device_bridge.journal import retention
from device_bridge.spool import outbox, promises, yielding
from evidence import ids
from tests.support.bridge_world import World, world
from tests.support.escalating import act, push
from tests.support.lane_threads import reading_of
from tests.support.waiting import until

TABLES = ("statement", "outbox", "held", "press", "item", "alarm", "promise")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def test_no_look_scans_a_table_that_grows(made: World) -> None:
    push(made, made.new_device())
    reading, asked = reading_of(made.bridge), list[str]()
    reading.sql.set_trace_callback(asked.append)
    made.bridge.feed._view.health()
    reading.waiting_statements(10)
    reading.early_statements()
    outbox.due(reading, "console-feed", 1)
    outbox.alternates_due(reading, 1)
    yielding.due(reading, 1)
    reading.alarms_due(1, 10)
    promises.due(reading, 1)
    promises.held(reading, ids.DeviceId("a" * 32))
    reading.sql.set_trace_callback(None)
    assert len(asked) > 8
    with sqlite3.connect(made.bridge.spool.path) as beside:
        for query in asked:
            for *_, step in beside.execute(f"EXPLAIN QUERY PLAN {query}"):
                scanned = [table for table in TABLES if step == f"SCAN {table}"]
                assert not scanned, f"{query}: {step}"


def test_statements_are_forgotten_a_week_after_the_close_and_not_before(made: World) -> None:
    alarm, other = push(made, made.new_device("closed")), push(made, made.new_device("open"))
    act(made, "accept", alarm)
    act(made, "close", alarm, "genuine")
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "the journal has all")
    made.bridge.forwarder.loop.stop()
    closed_ms = unix_ms(ids.now())
    stores = made.bridge.forwarder._open_stores()
    try:
        for passed_ms, kept in (
            (retention.KEPT_AFTER_CLOSE_MS - 60_000, True),
            (retention.KEPT_AFTER_CLOSE_MS + 60_000, False),
        ):
            retention.let_go(made.bridge.spool, stores, closed_ms + passed_ms)
            assert (alarm["alarm"] in said(made)) is kept
            assert other["alarm"] in said(made), "of an alarm that is open all is kept"
    finally:
        stores.close()
    assert len(made.organisation.journal()) > 10


def said(made: World) -> set[str]:
    return {row[0] for row in reading_of(made.bridge).sql.execute("SELECT alarm FROM statement")}
