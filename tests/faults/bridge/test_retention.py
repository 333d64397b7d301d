"""A bridge forgets sealed presses: when the journal has them and their alarm is long closed, or was erased; not before.

What it forgets is gone from its files, and from the next backup of them. Killed in between, it has a container whole or
not at all.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.sealing import StoredItem
from device_bridge.feed.health import alarm_json
from device_bridge.journal import retention
from device_bridge.journal.retention import KEPT_AFTER_CLOSE_MS, let_go
from device_bridge.journal.stores import Stores, open_stores
from device_bridge.spool.connection import Spool
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic, seal
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.rules.erasure import ERASE_DELAY
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.keeping import spools
from tests.support.bridge_world import AlarmOrganisation, World, start_bridge, world
from tests.support.lane_threads import reading_of
from tests.support.many_bridges import several
from tests.support.waiting import DEADLINE_S, patience, until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")
WEEK_MS = KEPT_AFTER_CLOSE_MS + 60_000


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


@contextmanager
def pressed(folder: Path, *, closed: bool = True) -> Iterator[tuple[World, Alarm, StoredItem]]:
    """A bridge with one alarm that the journal has, closed as genuine or still open; and its sealed press."""
    with world(folder, count=0) as made:
        memory = made.new_device()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", HERE)
        body = seal(said, memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=body, trust_env=False).raise_for_status()
        made.bridge.taking.take()
        (alarm,) = reading_of(made.bridge).newest_alarms(1)
        if closed:
            who = made.organisation
            for act, reason in (("accept", None), ("close", "genuine")):
                made.bridge.acts.carry_out(alarm.alarm, who.act(who.dispatcher, act, alarm.alarm, reason))  # type: ignore[arg-type] # a reason
        until(lambda: not reading_of(made.bridge).waiting_statements_count(), "the journal has everything")
        stored = reading_of(made.bridge).newest_item(alarm.alarm)
        assert stored is not None
        yield made, alarm, stored


@contextmanager
def stores(made: World) -> Iterator[Stores]:
    opened = open_stores(made.organisation.database_url, made.settings.data / "blobs")
    try:
        yield opened
    finally:
        opened.close()


def holds(folder: Path, stored: StoredItem) -> list[str]:
    """Return the files below a folder that hold the ciphertext of an item."""
    needle = stored.container[-64:]
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes())


def test_a_week_after_the_close_it_is_gone_from_the_spool_and_not_from_the_journal(tmp_path: Path) -> None:
    with pressed(tmp_path) as (made, alarm, stored), stores(made) as opened:
        spool = made.bridge.spool
        assert let_go(spool, opened, now_ms()) == frozenset(), "consoles look back over their shifts"
        assert holds(made.settings.folder, stored)
        assert let_go(spool, opened, now_ms() + WEEK_MS) == {alarm.alarm}
        assert holds(made.settings.folder, stored) == []
        assert holds(tmp_path / "blobs", stored) != [], "whoever may read it gets it from the server"
        assert alarm_json(spool, spool.read().alarm(alarm.alarm))["item"] is None
        row = spool.read().sql.execute("SELECT sha256, dropped FROM item").fetchone()
        assert row == (stored.sha256, 1)
        assert spool.read().sql.execute("SELECT DISTINCT length(sealed) FROM outbox").fetchall() == [(0,)]
        assert let_go(spool, opened, now_ms() + WEEK_MS) == frozenset()
        spools.copy(tmp_path, tmp_path / "backup")
        assert holds(tmp_path / "backup", stored) == []
        made.restart_bridge()
        assert reading_of(made.bridge).newest_item(alarm.alarm) is None


def test_one_that_the_journal_lacks_does_not_keep_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LOOKED_AT", 1)
    with pressed(tmp_path) as (made, alarm, stored), stores(made) as opened:
        spool = made.bridge.spool
        with spool.write() as writing:
            strange = ids.ItemId(ids.new_id())
            writing.sql.execute("UPDATE item SET n = n + 10")
            writing.sql.execute(
                "INSERT INTO item (n, item, alarm, sha256, container) VALUES (1, ?, ?, ?, x'00')",
                (strange, alarm.alarm, "00" * 32),
            )
            writing.queue_statement(ids.Sha256("11" * 32), alarm.alarm, b"{}", strange)
            writing.sql.execute("UPDATE statement SET state = 'refused' WHERE item = ?", (strange,))
        assert let_go(spool, opened, now_ms() + WEEK_MS) == {alarm.alarm}
        assert spool.read().container(stored.item) == b""
        assert spool.read().container(strange) == b"\x00", "nobody else has it"


def test_what_nobody_could_read_goes_after_a_month(tmp_path: Path) -> None:
    with world(tmp_path, count=0) as made, stores(made) as opened:
        spool, ago = made.bridge.spool, timedelta(days=31)
        with spool.write() as writing:
            for at in (datetime.now(UTC) - ago, datetime.now(UTC)):
                writing.quarantine(str(at), ids.time_of(at), "t", "r", b"sealed poison")
        let_go(spool, opened, now_ms())
        rows = spool.read().sql.execute("SELECT at FROM quarantine").fetchall()
        assert len(rows) == 1
        assert datetime.now(UTC) - ids.moment_of(rows[0][0]) < timedelta(minutes=1)


def test_never_while_the_alarm_is_open(tmp_path: Path) -> None:
    with pressed(tmp_path, closed=False) as (made, alarm, _), stores(made) as opened:
        assert let_go(made.bridge.spool, opened, now_ms() + WEEK_MS) == frozenset()
        assert reading_of(made.bridge).newest_item(alarm.alarm) is not None


def test_never_when_the_journal_does_not_have_it(tmp_path: Path) -> None:
    """The spool was told that it has: but it came back from a backup of before."""
    with pressed(tmp_path / "world") as (made, alarm, _):
        (tmp_path / "older").mkdir()
        older = AlarmOrganisation(**{**vars(made.organisation), "folder": tmp_path / "older"})
        older.append(*older.founding())
        opened = open_stores(older.database_url, tmp_path / "older" / "blobs")
        try:
            assert let_go(made.bridge.spool, opened, now_ms() + WEEK_MS) == frozenset()
        finally:
            opened.close()
        assert reading_of(made.bridge).newest_item(alarm.alarm) is not None


def test_an_erasure_reaches_the_spool_at_once(tmp_path: Path) -> None:
    with pressed(tmp_path) as (made, alarm, stored):
        erase(made.organisation, stored.item)
        with stores(made) as opened:
            assert let_go(made.bridge.spool, opened, now_ms()) == {alarm.alarm}
        assert holds(made.settings.folder, stored) == []


def erase(made: AlarmOrganisation, item: ids.ItemId) -> None:
    """Ask, agree, and let fourteen days pass: the server decides."""
    server = keys.Identity.generate()
    erasure = ids.ErasureId(ids.new_id())
    made.append(
        made.publish(server, "server", "Server"),
        statements.sign(
            made.vault,
            "erase.request",
            bodies.EraseRequest(erasure, (item,)),
            case=made.case,
            chain=statements.Chain(0, statements.FIRST_PREV),
        ),
        statements.sign(made.caseworker, "erase.approve", bodies.EraseStep(erasure), case=made.case),
    )
    later = ERASE_DELAY + timedelta(minutes=1)
    engine = open_engine(made.database_url)
    journal = SqlJournal(engine, lambda: ids.time_of(datetime.now(UTC) + later))
    journal.start()
    try:
        executed = statements.sign(
            server,
            "erase.execute",
            bodies.EraseStep(erasure),
            case=made.case,
            at=ids.time_of(datetime.now(UTC) + later),
        )
        journal.append(executed.envelope.to_bytes()).result(DEADLINE_S)
    finally:
        journal.close()
        engine.dispose()


CHILD = """
import os, signal, sys
from pathlib import Path
from device_bridge.spool import containers
from device_bridge.spool.connection import Spool

spool = Spool(Path(sys.argv[1]))
(kept,) = containers.answered(spool.read(), 0, 10)
with spool.write() as writing:
    containers.drop(writing, kept)
    if sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_in_between_it_is_whole_or_gone(tmp_path: Path, when: str) -> None:
    with pressed(tmp_path) as (made, alarm, stored):
        made.bridge.stop()
        try:
            path = made.settings.folder / "spool.db"
            child = [sys.executable, "-c", CHILD, str(path), when]
            assert subprocess.run(child, check=False, timeout=patience(30)).returncode == -9
            with Spool(path) as spool:
                found = spool.read().newest_item(alarm.alarm)
                assert (found == stored) if when == "before" else (found is None)
                with stores(made) as opened:
                    let_go(spool, opened, now_ms() + WEEK_MS)
                assert spool.read().newest_item(alarm.alarm) is None
            assert holds(made.settings.folder, stored) == [], "what the kill left in the log is gone too"
        finally:
            made.bridge = start_bridge(made.settings)


@pytest.mark.need("nats-server")
def test_two_bridges_leave_no_container_that_no_statement_names(tmp_path: Path) -> None:
    """Each seals the press by itself; the journal names one of the two, and only that one is kept."""
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        with made.world.switched_on(memory) as device:
            for _ in range(3):
                device.press(Kind.PRESS, HERE)
            until(lambda: [len(made.alarms(of)) and made.alarms(of)[0].repeats for of in (0, 1)] == [2, 2], "all taken")
        made.forwarded()
        named = {
            body.container.sha256
            for one in made.world.organisation.journal()
            if isinstance(body := one.body, bodies.ItemSeal)
        }
        blobs = DirectoryBlobs(tmp_path / "blobs")
        assert len(named) == 3
        until(lambda: set(blobs.names()) == named, "what nobody names is gone")
        who = made.world.organisation
        name = made.alarms(0)[0].alarm
        for act, reason in (("accept", None), ("close", "genuine")):
            made.bridges[0].acts.carry_out(name, who.act(who.dispatcher, act, name, reason))  # type: ignore[arg-type] # a reason
        made.agree()
        made.forwarded()
        with stores(made.world) as opened:
            for bridge in made.bridges:
                item = reading_of(bridge).newest_item(name)
                assert item is not None
                assert hashlib.sha256(item.container).hexdigest() == item.sha256
                assert let_go(bridge.spool, opened, now_ms() + WEEK_MS) == {name}
                assert reading_of(bridge).newest_item(name) is None
        assert set(blobs.names()) == named
