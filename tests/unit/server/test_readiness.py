"""Readiness: what is measured is judged the same for the probe, for Prometheus and for `getuige doctor`."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from evidence import ids
from evidence.store.database.engine import open_engine, time_of
from evidence.store.errors import UnreadyError
from evidence.store.journal.journal import SqlJournal
from server.system import readiness
from server.system.readiness import Measured, Readiness, ReadinessFigures, judge
from tests.support.waiting import until

MUCH = 10 * readiness.FREE_BYTES
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_what_is_well_has_no_trouble() -> None:
    assert judge(Measured(MUCH)) == {}
    edge = Measured(MUCH, 3, readiness.HEAD_WITHIN_S, -readiness.CLOCK_WITHIN_S)
    assert judge(edge) == {}


@pytest.mark.parametrize(
    ("found", "part", "words"),
    [
        (Measured(MUCH, database=False), "database", "does not answer"),
        (Measured(MUCH, 7, readiness.HEAD_WITHIN_S + 1), "log", "newest 7 events"),
        (Measured(MUCH, ahead_s=7200.0), "clock", "7200 s ahead of"),
        (Measured(MUCH, ahead_s=-61.0), "clock", "61 s behind"),
        (Measured(readiness.FREE_BYTES - 1), "disk", "is full"),
    ],
)
def test_each_part_that_is_not_well_says_so(found: Measured, part: str, words: str) -> None:
    assert list(judge(found)) == [part]
    assert words in judge(found)[part]


class _Base:
    """A database whose clock and whose answers a test decides; the journal behind it is a real one."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(f"sqlite:///{folder / 'getuige.db'}")
        self.journal = SqlJournal(self.engine)
        self.away = threading.Event()

    def time(self) -> datetime:
        if self.away.is_set():
            raise UnreadyError("the database does not answer")
        return time_of(self.engine)


@pytest.fixture
def base(tmp_path: Path) -> Any:  # noqa: ANN401 - a generator of _Base
    made = _Base(tmp_path)
    yield made
    made.journal.close()
    made.engine.dispose()


def test_it_measures_until_it_is_closed(base: _Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOOK_EVERY_S", 0.01)
    ahead = timedelta()

    def clock() -> ids.Time:
        return ids.time_of(datetime.now(UTC) + ahead)

    found = Readiness(tmp_path, base.time, base.journal, lambda: -1, clock)
    registry = CollectorRegistry()
    ReadinessFigures(registry).follow(found, found.trouble, lambda: 2, lambda: 3)
    figure: Callable[..., float | None] = registry.get_sample_value
    found.start()
    assert found.trouble() == {}
    assert (figure("getuige_server_ready"), figure("getuige_server_log_silent_witnesses")) == (1.0, 2.0)
    base.away.set()
    until(found.trouble, "the outage is seen")
    assert set(found.trouble()) == {"database"}
    assert figure("getuige_server_ready") == 0.0
    assert figure("getuige_server_trouble", {"part": "database"}) == 1.0
    base.away.clear()
    until(lambda: not found.trouble(), "it is back")
    ahead = timedelta(hours=2)
    until(found.trouble, "the clock is seen")
    assert set(found.trouble()) == {"clock"}
    assert 7190 < (figure("getuige_server_clock_ahead_seconds") or 0) < 7210
    found.close()


def test_a_question_that_hangs_is_an_outage(base: _Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(readiness, "STALE_S", 0.2)
    hanging, released = threading.Event(), threading.Event()

    def hang() -> datetime:
        if hanging.is_set():
            released.wait()
        return base.time()

    found = Readiness(tmp_path, hang, base.journal, lambda: -1)
    found.start()
    hanging.set()
    until(found.trouble, "nobody waits for the database")
    assert "hangs" in found.trouble()["database"]
    released.set()
    until(lambda: not found.trouble(), "it answers again")
    found.close()


def test_an_event_without_a_published_head_grows_old(base: _Base, tmp_path: Path) -> None:
    assert readiness.measure(tmp_path, base.time, base.journal, -1, ids.now()).waiting == 0
