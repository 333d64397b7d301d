"""A spool that comes out of a backup: whole, and its bridge knows that time has passed."""

from pathlib import Path

from device_bridge.spool import outbox, replication
from device_bridge.spool.connection import Spool
from evidence import ids
from server.keeping import spools

ALARM = ids.AlarmId("b" * 32)


def fill(spool: Spool) -> None:
    with spool.write() as writing:
        writing.count("presses")
        outbox.queue(writing, ALARM, "dc09-c1", b"sealed", 0)


def test_a_spool_is_copied_while_it_is_used_and_put_back_with_a_note(tmp_path: Path) -> None:
    data, backup, new = tmp_path / "data", tmp_path / "backup", tmp_path / "new"
    with Spool(data / "bridge" / "spool.db", shared=True) as one, Spool(data / "bridge-2" / "spool.db") as two:
        name = replication.begin(one)
        fill(one)
        fill(two)
        assert spools.copy(data, backup) == 2
        fill(one)
        assert spools.copy(data, backup) == 2, "brought up to date"
    assert spools.restore(backup, new) == 2
    with Spool(new / "bridge" / "spool.db", shared=True) as back:
        assert back.read().counters()["presses"] == 2
        states = back.read().sql.execute("SELECT state FROM outbox").fetchall()
        assert {row[0] for row in states} == {"dropped"}, "an old alarm is not sent anew"
        assert replication.begin(back) != name, "other bridges hear it from the beginning"
        again = replication.begin(back)
    with Spool(new / "bridge" / "spool.db", shared=True) as back:
        assert replication.begin(back) == again, "only once"
        assert back.read().counters()["restored"] == 1


def test_a_spool_that_is_gone_leaves_the_backup_too(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    Spool(data / "bridge-2" / "spool.db").close()
    assert spools.copy(data, backup) == 1
    (data / "bridge-2" / "spool.db").unlink()
    assert spools.copy(data, backup) == 0
    assert list(backup.glob("*.db")) == []
    assert spools.restore(backup, tmp_path / "new") == 0
