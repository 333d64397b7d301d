"""What bridge and lane import before they work: a start is imports for the most part.

The lane stores presses from its first line on. It does not wait for what it never uses, and a bridge not for what its
threads use alone.
"""

import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from device_bridge.errors import SpoolError
from device_bridge.spool.inbox import Inbox, InboxReader

NEVER_IN_THE_LANE = {
    *("rich.console", "fastapi", "starlette", "uvicorn", "pydantic", "sqlalchemy", "nats", "aiohttp", "httpx", "typer"),
    *("evidence.statements.bodies", "evidence.statements.standing", "evidence.store", "device_bridge.spool.presses"),
    *("device_bridge.registry", "device_bridge.process", "device_bridge.feed", "device_bridge.routes"),
}
WAITED_FOR_BY_NOBODY = {"sqlalchemy", "nats", "aiohttp", "evidence.store.journal"}


def test_the_lane_imports_what_a_press_needs(tmp_path: Path) -> None:
    """It is started as a bridge starts it; without orders it ends when everything has been imported."""
    command = [sys.executable, "-X", "importtime", "-m", "device_bridge.lane", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "lane-not-started" in ended.stderr
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if "import time:" in line}
    assert "device_bridge.lane.running" in imported
    assert imported & NEVER_IN_THE_LANE == set()


def test_a_bridge_waits_for_no_import_of_its_database_and_its_callouts() -> None:
    script = "import sys, device_bridge.process; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(ended.stdout.split()) & WAITED_FOR_BY_NOBODY == set()


def test_a_bridge_that_looks_while_its_lane_makes_the_file_sees_all_of_it_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They start at the same moment: here the bridge looks before each statement with which the lane makes its file."""
    reader, connect, seen = InboxReader(tmp_path / "lane.db"), sqlite3.connect, list[object]()

    def look(_statement: str) -> None:
        with suppress(SpoolError):  # it is tried again
            seen.append(reader.rows(1))

    def traced(path: object, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 - as of sqlite3
        made: sqlite3.Connection = connect(path, **options)  # type: ignore[call-overload] # as above
        if not options.get("uri"):
            made.set_trace_callback(look)
        return made

    monkeypatch.setattr(sqlite3, "connect", traced)
    inbox = Inbox(tmp_path / "lane.db")
    assert len(seen) > 5
    assert set(map(str, seen)) == {"[]"}
    assert reader.rows(1) == []
    assert reader.id == inbox.id
    inbox.close()
    reader.close()
