"""The spool: what it says is stored is stored, and nothing is half there."""

import gc
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from device_bridge.alarm.alarm import Received
from device_bridge.alarm.step import Seen, Step
from device_bridge.errors import SpoolError
from device_bridge.spool import outbox, presses
from device_bridge.spool.connection import Spool
from device_bridge.spool.writing import MAX_QUARANTINE_ROWS, Writing
from device_bridge.wire.message import DeviceMessage, Kind, PressId
from evidence import ids
from tests.support.pressing import kept

DEVICE = ids.DeviceId("a" * 32)
AT = Received(0, ids.now(), "a")
ALARM = ids.AlarmId("b" * 32)


def test_only_one_bridge_uses_a_spool(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db"), pytest.raises(SpoolError, match="another bridge"):
        Spool(tmp_path / "spool.db")
    Spool(tmp_path / "spool.db").close()


def test_it_flushes_every_commit(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        assert spool.read().sql.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"


def break_after(writing: Writing, name: str) -> None:
    writing.count(name)
    raise ZeroDivisionError


def fill(spool: Spool) -> None:
    with spool.write() as writing:
        writing.count("x")
        writing.quarantine("n", ids.now(), "t", "r", bytes(1_000_000))


def break_block(spool: Spool) -> None:
    with spool.write() as writing:
        break_after(writing, "x")


def break_message(writing: Writing) -> None:
    with writing.isolated():
        break_after(writing, "poison")


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        with pytest.raises(ZeroDivisionError):
            break_block(spool)
        assert spool.read().counters() == {}


def test_poison_undoes_itself_and_only_itself(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        with spool.write() as writing:
            writing.count("before")
            with pytest.raises(ZeroDivisionError):
                break_message(writing)
            writing.count("after")
        assert spool.read().counters() == {"before": 1, "after": 1}


def test_a_full_disk_is_an_error_and_stores_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        with spool.write() as writing:
            writing.sql.execute("PRAGMA max_page_count = 40")
        with pytest.raises(SpoolError):
            fill(spool)
        assert spool.read().counters() == {}
        with spool.write() as writing:
            writing.count("small")
        assert spool.read().counters() == {"small": 1}, "it goes on when there is room again"


def test_the_newest_press_never_goes_back(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        numbers = [PressId(1, 5), PressId(2, 1), PressId(1, 9)]
        said = [kept(DeviceMessage(DEVICE, one, 0, None, 0, Kind.CANCEL, None, "", None), AT) for one in numbers]
        for one in said:
            with spool.write() as writing:
                presses.apply(writing, Step(one, None, ()), None)
        assert spool.read().newest_press(DEVICE) == PressId(2, 1)
        assert presses.seen(spool.read(), said[0].identity) == Seen(None)


def test_a_leased_delivery_comes_back_when_its_route_died(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        with spool.write() as writing:
            outbox.queue(writing, ALARM, "r", b"sealed", 1000)
        with spool.write() as writing:
            (taken,) = outbox.take(writing, "r", 1000, 8)
            assert outbox.take(writing, "r", 1000 + outbox.LEASE_MS - 1, 8) == []
            (again,) = outbox.take(writing, "r", 1000 + outbox.LEASE_MS, 8)
            assert again.n == taken.n
            outbox.finish(writing, again, delivered=True)
            assert outbox.take(writing, "r", 10**12, 8) == []
            assert writing.sql.execute("SELECT sealed FROM outbox").fetchone() == (b"",), "nothing is kept longer"


def test_retries_slow_down_and_never_end(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool, spool.write() as writing:
        outbox.queue(writing, ALARM, "r", b"sealed", 0)
        now_ms, pauses = 0, []
        for _ in range(12):
            (taken,) = outbox.take(writing, "r", now_ms, 8)
            outbox.retry_later(writing, taken, now_ms)
            due = writing.sql.execute("SELECT due_ms FROM outbox").fetchone()[0]
            pauses.append(due - now_ms)
            now_ms = due
        assert pauses == sorted(pauses)
        assert (pauses[0], pauses[-1]) == (outbox.FIRST_RETRY_MS, outbox.LAST_RETRY_MS)


def test_quarantine_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device_bridge.spool.writing.MAX_QUARANTINE_ROWS", 10)
    assert MAX_QUARANTINE_ROWS > 10
    with Spool(tmp_path / "spool.db") as spool, spool.write() as writing:
        for n in range(50):
            writing.quarantine(str(n), ids.now(), str(n), "r", b"x")
        topics = [row[0] for row in writing.sql.execute("SELECT topic FROM quarantine ORDER BY n")]
    assert topics == [str(n) for n in range(40, 50)]


def test_a_file_that_is_no_spool_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(SpoolError):
        Spool(tmp_path / "spool.db")
    (tmp_path / "spool.db").unlink()
    Spool(tmp_path / "spool.db").close()
    assert sqlite3.connect(tmp_path / "spool.db").execute("SELECT count(*) FROM alarm").fetchone() == (0,)


def test_a_closed_spool_leaves_nothing_open_that_could_touch_the_next_file_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    first = Spool(path)
    with ThreadPoolExecutor(1) as other:
        readings = [first.read(), other.submit(first.read).result()]
        first.close()
        assert not [name for name in open_files() if name.startswith(str(path))]
        with pytest.raises(SpoolError, match="closed"):
            other.submit(first.read).result()
        for file in path.parent.glob("spool.db*"):
            file.unlink()
        with Spool(path) as second, second.write() as writing:
            writing.count("x")
            del readings
            gc.collect()
            assert Path(f"{path}-wal").exists(), "the log of the new file is its own"


def open_files() -> list[str]:
    return [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.exists()]
