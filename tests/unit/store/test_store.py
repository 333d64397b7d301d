"""Proves what the store promises beside the journal's order: blobs, heads, keys, sessions, and an honest stop."""

import asyncio
import hashlib
import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.custody.log.integrator import Head
from evidence.errors import FormatError
from evidence.keys import Kdf, SignatureError
from evidence.statements import dsse, event
from evidence.statements.errors import NotAllowedError
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.access import AccessStore, HandleTakenError, Session
from evidence.store.database.engine import open_engine
from evidence.store.database.schema import metadata
from evidence.store.errors import BlobError, UnreadyError
from evidence.store.journal.heads import SqlHeads
from evidence.store.journal.journal import SqlJournal
from tests.support.journal_history import CASE, CASEWORKER, founding, invitation
from tests.support.waiting import patience

NOW = ids.time_of(datetime.now(UTC))
LATER = ids.time_of(datetime.now(UTC) + timedelta(hours=1))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'getuige.db'}"


def test_a_blob_is_named_by_its_bytes_and_written_once(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path / "blobs")
    name = blobs.put(b"sealed")
    assert name == hashlib.sha256(b"sealed").hexdigest()
    before = blobs.local_path(name).stat()
    assert blobs.put(b"sealed") == name
    assert blobs.local_path(name).stat().st_mtime_ns == before.st_mtime_ns
    assert blobs.local_path(name) == tmp_path / "blobs" / name[:2] / name
    assert before.st_mode & 0o777 == 0o600
    assert blobs.size(name) == 6
    with pytest.raises(BlobError):
        blobs.open(ids.Sha256("0" * 64))
    with pytest.raises(FormatError):
        blobs.size(ids.Sha256("../../etc/passwd"))


def test_an_adopted_file_moves_and_never_replaces(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path / "blobs")
    name = blobs.put(b"first")
    other = tmp_path / "part"
    other.write_bytes(b"what claims to be the same")
    blobs.adopt(other, name)
    assert not other.exists()
    assert blobs.local_path(name).read_bytes() == b"first"
    other.write_bytes(b"second")
    second = ids.Sha256(hashlib.sha256(b"second").hexdigest())
    blobs.adopt(other, second)
    assert blobs.size(second) == 6
    assert sorted(path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file()) == sorted([name, second])


def test_the_log_head_is_swapped_by_one_only(url: str) -> None:
    heads = SqlHeads(open_engine(url))
    first, second, third = (Head(size, bytes([size]) * 32, b"note") for size in (1, 2, 3))
    assert heads.load() is None
    assert heads.swap(None, first)
    assert not heads.swap(None, second)
    assert heads.swap(first, second)
    assert not heads.swap(first, third)
    assert heads.load() == second


def test_locked_keys_sessions_and_challenges(url: str) -> None:
    access = AccessStore(open_engine(url))
    mine, other = keys.Identity.generate(), keys.Identity.generate()
    locked = keys.lock(mine, "noor", "phrase", Kdf.fresh(1, 8 * 1024 * 1024))
    access.keep_locked_key(mine.kid, locked)
    kept = access.locked_key("noor")
    assert kept is not None
    assert (kept.kid, kept.key) == (mine.kid, locked)
    with pytest.raises(HandleTakenError):
        access.keep_locked_key(other.kid, locked)
    access.open_session(b"token", Session(mine.kid, LATER), NOW)
    assert access.session(b"token", NOW) == Session(mine.kid, LATER)
    assert access.session(b"token", LATER) is None
    access.close_session(b"token")
    assert access.session(b"token", NOW) is None
    assert access.spend(b"challenge", LATER, NOW)
    assert not access.spend(b"challenge", LATER, NOW)


def started(url: str) -> SqlJournal:
    journal = SqlJournal(open_engine(url))
    journal.start()
    for statement in founding():
        journal.append(statement.envelope.to_bytes()).result(patience(5))
    return journal


def test_a_further_condition_is_judged_with_the_journal_as_it_is_then(url: str) -> None:
    journal = started(url)

    def never(_standing: Standing, _statement: Statement) -> None:
        raise NotAllowedError("because", "a test says so")

    one_time = keys.Identity.generate()
    refused = journal.append(invitation(one_time).envelope.to_bytes(), requires=never)
    assert isinstance(refused.exception(patience(5)), NotAllowedError)
    assert journal.append(invitation(one_time).envelope.to_bytes()).result(patience(5)).index == 4
    journal.close()


def test_poison_hurts_nobody_else(url: str) -> None:
    journal = started(url)
    good = [invitation(keys.Identity.generate()) for _ in range(20)]
    bad = dsse.Envelope(
        good[0].envelope.payload, dsse.STATEMENT_TYPE, (dsse.Signature(CASEWORKER.kid, ids.Base64("AAAA")),)
    )

    def explode(_standing: Standing, _statement: Statement) -> None:
        raise ZeroDivisionError

    futures = [journal.append(one.envelope.to_bytes()) for one in good[1:10]]
    forged = journal.append(bad.to_bytes())
    exploded = journal.append(good[0].envelope.to_bytes(), requires=explode)
    futures += [journal.append(one.envelope.to_bytes()) for one in good[10:]]
    assert [future.result(patience(5)).index for future in futures] == list(range(4, 4 + len(futures)))
    assert isinstance(forged.exception(patience(5)), SignatureError)
    assert isinstance(exploded.exception(patience(5)), ZeroDivisionError)
    assert journal.trouble is None
    journal.close()


def test_a_closed_journal_takes_nothing_and_still_reads(url: str) -> None:
    journal = started(url)
    journal.close()
    with pytest.raises(UnreadyError):
        journal.append(invitation(keys.Identity.generate()).envelope.to_bytes())
    assert journal.size() == 4
    assert journal.ask(lambda standing: CASE in standing.cases)


async def test_a_turn_of_an_event_loop_sees_what_another_process_wrote_before_it(url: str) -> None:
    journal, other = started(url), SqlJournal(open_engine(url))
    other.start()

    def known() -> int:
        return journal.ask(lambda standing: len(standing.invitations))

    assert [known() for _ in range(3)] == [0, 0, 0]
    for number in range(1, 4):
        other.append(invitation(keys.Identity.generate()).envelope.to_bytes()).result(patience(5))
        await asyncio.sleep(0)
        assert known() == number, "what was acknowledged before this turn"
    for one in (journal, other):
        one.close()


def append_many(url: str, count: int) -> None:
    journal = SqlJournal(open_engine(url))
    journal.start()
    futures = [
        journal.append(invitation(keys.Identity(os.urandom(32), os.urandom(32))).envelope.to_bytes())
        for _ in range(count)
    ]
    for future in futures:
        future.result(patience(20))
    journal.close()


def test_two_processes_write_one_journal(url: str) -> None:
    started(url).close()
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=append_many, args=(url, 100)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(patience(30))
    assert [child.exitcode for child in children] == [0, 0]
    journal = SqlJournal(open_engine(url))
    stored = journal.read(limit=1000)
    assert [one.index for one in stored] == list(range(204))
    assert journal.ask(lambda standing: len(standing.invitations)) == 200


def test_the_receipt_of_an_event_is_always_the_same_and_breaks_with_any_change(url: str) -> None:
    journal = started(url)
    recorded = journal.read(limit=1)[0]
    server = keys.Identity.generate()
    receipt = event.issue(server, "log.example", recorded)
    assert receipt == event.issue(server, "log.example", recorded)
    known = {"statement": recorded.statement, "origin": "log.example", "server": server.sign_public}
    assert event.check(receipt, recorded.event, recorded.salt, **known).index == 0  # type: ignore[arg-type]
    for event_bytes, salt, change in (
        (recorded.event, bytes(32), {}),
        (recorded.event, recorded.salt, {"origin": "elders.example"}),
        (recorded.event, recorded.salt, {"statement": ids.Sha256("0" * 64)}),
        (journal.read(after=0, limit=1)[0].event, recorded.salt, {}),
    ):
        with pytest.raises(event.ReceiptError):
            event.check(receipt, event_bytes, salt, **{**known, **change})  # type: ignore[arg-type]
    other = keys.Identity.generate().sign_public
    with pytest.raises(SignatureError):
        event.check(receipt, recorded.event, recorded.salt, **{**known, "server": other})  # type: ignore[arg-type]
    journal.close()


def test_sqlite_flushes_every_commit(url: str) -> None:
    with open_engine(url).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert {"events", "journal_head", "log_head"} <= metadata.tables.keys()
