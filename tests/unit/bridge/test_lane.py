"""The lane of presses outlives a full disk, also when the log lies on it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from device_bridge import log_keys
from device_bridge.intake.lane import PressLane
from device_bridge.intake.presses import Arrival, Intake, Taken, received_now
from device_bridge.registry import Registry
from device_bridge.routes.plan import Plan
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from evidence import keys, logs
from tests.support.waiting import until

DEADLINE_S = 30


@contextmanager
def full_log() -> Iterator[None]:
    """Standard error is a device that is always full."""
    kept = os.dup(2)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 2)
    logs.configure(log_keys.ALLOWED)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(full)
        structlog.reset_defaults()


def test_a_full_log_disk_does_not_end_the_lane(tmp_path: Path) -> None:
    with full_log(), Spool(tmp_path / "spool.db") as spool:
        with pytest.raises(OSError, match="No space left"):
            os.write(2, b"x")
        intake = Intake(
            spool, Registry(tmp_path / "registry.jsonl", None), keys.BridgeIdentity.generate(), Plan(first=())
        )
        lane = PressLane(intake, Board())
        stored = [threading.Event(), threading.Event()]
        lane.start()
        spool._connection.execute("PRAGMA query_only = ON")  # SQLite now refuses to write, as on a full disk
        _submit(lane, b"first", stored[0])
        until(lambda: lane.trouble, "the disk is full")
        assert not stored[0].is_set()
        spool._connection.execute("PRAGMA query_only = OFF")
        assert stored[0].wait(DEADLINE_S), "the lane is dead"
        assert lane.trouble is None
        _submit(lane, b"second", stored[1])
        assert stored[1].wait(DEADLINE_S)
        lane.stop()


def _submit(lane: PressLane, payload: bytes, stored: threading.Event) -> None:
    def done(_taken: Taken) -> None:
        stored.set()

    lane.submit(Arrival("up/0/x/a", payload, received_now("a")), done)
