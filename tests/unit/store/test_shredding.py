"""Proves that destroyed bytes are looked for in a SQLite file, and got out of where they were left.

SQLite leaves what a page held before: without `secure_delete` an overwritten row can be read in the file for years. The
search must see that, and the rewriting must end it, also while somebody reads.
"""

import sqlite3
import threading
from pathlib import Path

import pytest

from evidence.store.database.engine import connect
from evidence.store.errors import NotShreddedError
from evidence.store.journal import shredding

SECRET = bytes(range(7, 7 + 64))


def left_behind(path: Path) -> None:
    """Make a database whose file still holds a row that was overwritten."""
    plain = sqlite3.connect(path)
    plain.execute("PRAGMA secure_delete=OFF")
    plain.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, data BLOB)")
    plain.executemany("INSERT INTO rows VALUES (?, ?)", [(number, SECRET * 4) for number in range(20)])
    plain.commit()
    plain.execute("DELETE FROM rows WHERE id > 2")
    plain.execute("UPDATE rows SET data = x'00'")
    plain.commit()
    plain.close()
    assert SECRET in path.read_bytes()


def test_what_a_page_still_holds_is_found_and_written_away(tmp_path: Path) -> None:
    path = tmp_path / "rows.db"
    left_behind(path)
    engine = connect(f"sqlite:///{path}")
    assert shredding.shred(engine, {b"nothing of the kind"})
    assert SECRET in path.read_bytes()  # nobody looked for it
    assert shredding.shred(engine, {SECRET})
    engine.dispose()
    assert SECRET not in path.read_bytes()


def test_without_a_trace_to_look_for_the_file_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "rows.db"
    left_behind(path)
    engine = connect(f"sqlite:///{path}")
    assert shredding.shred(engine, None)
    engine.dispose()
    assert SECRET not in path.read_bytes()


def test_a_reader_is_waited_for_and_what_is_left_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.db"
    engine = connect(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE rows (id INTEGER PRIMARY KEY, data BLOB)")
    reader = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM rows").fetchall()
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO rows VALUES (1, x'01')")
    monkeypatch.setattr(shredding, "TRIES", 2)
    with pytest.raises(NotShreddedError):
        shredding.shred(engine, {SECRET})
    monkeypatch.setattr(shredding, "TRIES", 200)
    leaving = threading.Timer(0.3, reader.execute, ["ROLLBACK"])
    leaving.start()
    assert shredding.shred(engine, {SECRET})
    leaving.join()
    reader.execute("BEGIN IMMEDIATE")  # a writer is in the way of writing the file anew
    monkeypatch.setattr(shredding, "TRIES", 2)
    with pytest.raises(NotShreddedError):
        shredding.shred(engine, None)
    reader.execute("ROLLBACK")
    reader.close()
    engine.dispose()
