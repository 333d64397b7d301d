"""Proves on a real PostgreSQL what the store promises on SQLite: one order, heads and keys that are swapped once.

Beyond that: what waits for a database that was killed, and what it hears when it stays away.
"""

import multiprocessing
import threading

import pytest
from sqlalchemy import Engine, make_url

from evidence import ids, keys
from evidence.custody.log import leaf
from evidence.custody.log.integrator import Head
from evidence.keys import Kdf
from evidence.statements import event
from evidence.statements.errors import NotAllowedError
from evidence.statements.statement import FIRST_PREV, Chain
from evidence.store.database.access import AccessStore, HandleTakenError
from evidence.store.database.engine import NotDurableError, open_engine
from evidence.store.errors import BusyError, StoreError, UnknownOutcomeError, UnreadyError
from evidence.store.journal import writer as writing
from evidence.store.journal.heads import SqlHeads
from evidence.store.journal.journal import SqlJournal
from tests.support.journal_history import Phone, founding, invitation
from tests.support.postgres_world import Opening, PostgresServer
from tests.support.waiting import patience, until

NOW, LATER = ids.Time("2030-01-01T00:00:00.000Z"), ids.Time("2030-01-01T01:00:00.000Z")
pytestmark = pytest.mark.need("initdb", "postgres")


def started(engine: Engine, *, founded: bool = True) -> SqlJournal:
    journal = SqlJournal(engine)
    journal.start()
    for statement in founding() if founded else ():
        journal.append(statement.envelope.to_bytes()).result(patience(5))
    return journal


def test_events_come_back_as_they_were_written_and_refusals_hurt_nobody(url: str, opened: Opening) -> None:
    journal = started(opened(url))
    phone = Phone()
    journal.append(invitation(phone.one_time).envelope.to_bytes()).result(patience(5))
    enrolled = journal.append(phone.enrolment().envelope.to_bytes()).result(patience(5))
    first = phone.seal(Chain(1, enrolled.statement))
    sealed = journal.append(first.envelope.to_bytes()).result(patience(5))
    assert journal.append(first.envelope.to_bytes()).result(patience(5)) == sealed  # a replay
    refused = journal.append(phone.seal(Chain(7, FIRST_PREV)).envelope.to_bytes())
    neighbour = journal.append(phone.seal(Chain(2, first.id)).envelope.to_bytes())
    assert isinstance(refused.exception(patience(5)), NotAllowedError)
    assert neighbour.result(patience(5)).index == sealed.index + 1
    journal.close()
    other = started(opened(url), founded=False)
    stored = other.read(limit=100)
    assert [one.index for one in stored] == list(range(sealed.index + 2))
    assert stored[sealed.index] == sealed
    assert event.parse(sealed.event).statement.id == first.id
    assert leaf.leaf_entry(sealed.salt, sealed.event) == sealed.leaf
    assert other.stored_bytes(ids.CaseId(first.case or "")) == 6
    other.close()


def append_many(url: str, count: int) -> None:
    engine = open_engine(url)
    journal = started(engine, founded=False)
    futures = [journal.append(invitation(keys.Identity.generate()).envelope.to_bytes()) for _ in range(count)]
    for future in futures:
        future.result(patience(20))
    journal.close()
    engine.dispose()


def test_processes_that_begin_together_on_a_new_database_write_one_order(url: str, opened: Opening) -> None:
    engine = open_engine(url)
    started(engine).close()
    engine.dispose()  # a child must not inherit a connection
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=append_many, args=(url, 150)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(patience(60))
    assert [child.exitcode for child in children] == [0, 0, 0]
    journal = SqlJournal(opened(url))
    assert [one.index for one in journal.read(limit=1000)] == list(range(454))
    assert journal.ask(lambda standing: len(standing.invitations)) == 450


def test_two_writers_of_a_journal_without_any_event_meet_at_its_head(url: str, opened: Opening) -> None:
    writers = [started(opened(url), founded=False) for _ in range(2)]
    opening = founding()[0].envelope.to_bytes()
    outcomes = [writer.append(opening) for writer in writers]
    assert {one.result(patience(5)).index for one in outcomes} == {0}
    for writer in writers:
        writer.close()


def test_the_log_head_is_swapped_by_one_only(url: str, opened: Opening) -> None:
    heads = SqlHeads(opened(url))
    first, second, third = (Head(size, bytes([size]) * 32, b"note") for size in (1, 2, 3))
    assert heads.load() is None
    assert heads.swap(None, first)
    assert not heads.swap(None, second)
    assert heads.swap(first, second)
    assert not heads.swap(first, third)
    assert heads.load() == second


def test_locked_keys_and_challenges(url: str, opened: Opening) -> None:
    access = AccessStore(opened(url))
    mine, other = keys.Identity.generate(), keys.Identity.generate()
    locked = keys.lock(mine, "noor", "phrase", Kdf.fresh(1, 8 * 1024 * 1024))
    access.keep_locked_key(mine.kid, locked)
    kept = access.locked_key("noor")
    assert kept is not None
    assert kept.key == locked
    with pytest.raises(HandleTakenError):
        access.keep_locked_key(other.kid, locked)
    assert access.spend(b"challenge", LATER, NOW)
    assert not access.spend(b"challenge", LATER, NOW)


def test_statements_wait_for_a_postgresql_that_is_killed_and_comes_back(
    url: str, postgres: PostgresServer, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while statements are written at full speed: each future is resolved, each stored once."""
    monkeypatch.setattr(writing, "ENDURE_S", 300.0)  # a busy machine starts PostgreSQL slowly, and loses nothing
    journal = started(opened(url))
    given: list[str] = []
    failed: list[BaseException] = []
    stop = threading.Event()

    def append() -> None:
        while not stop.is_set():
            try:
                given.append(
                    journal.append(invitation(keys.Identity.generate()).envelope.to_bytes())
                    .result(patience(300))
                    .statement
                )
            except StoreError as error:
                failed.append(error)

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        before = len(given)
        until(lambda before=before: len(given) > before + 50, "statements are stored")  # type: ignore[misc]
        postgres.kill()
        postgres.start()
    before = len(given)
    until(lambda: len(given) > before + 50, "statements are stored again")
    stop.set()
    for thread in threads:
        thread.join()
    stored = journal.read(limit=100_000)
    journal.close()
    assert failed == []
    assert [one.index for one in stored] == list(range(len(stored)))
    assert set(given) <= {one.statement for one in stored}
    assert len(stored) == len(given) + 4  # nothing twice, and nothing that nobody was told of


def test_a_postgresql_that_stays_away_is_said_plainly_and_not_waited_for(
    url: str, postgres: PostgresServer, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ENDURE_S", 0.5)
    journal = started(opened(url))
    heads = SqlHeads(opened(url))
    one = invitation(keys.Identity.generate()).envelope.to_bytes()
    postgres.stop()
    assert isinstance(journal.append(one).exception(patience(20)), UnknownOutcomeError)
    assert journal.trouble == writing.AWAY
    with pytest.raises(UnreadyError):
        journal.append(one)
    for question in (journal.size, heads.load):
        with pytest.raises(UnreadyError):
            question()
    postgres.start()
    until(lambda: journal.trouble is None, "the journal takes statements again")
    assert journal.append(one).result(patience(5)).index == 4
    journal.close()
    postgres.stop()
    with pytest.raises(UnreadyError):
        open_engine(url)
    postgres.start()


def test_a_lock_that_is_held_too_long_is_busy_and_stores_nothing(
    url: str, postgres: PostgresServer, opened: Opening
) -> None:
    impatient = make_url(url).update_query_dict({"options": "-c lock_timeout=200ms"})
    started(opened(url)).close()
    journal = SqlJournal(opened(impatient))
    journal.start()
    one = invitation(keys.Identity.generate()).envelope.to_bytes()
    with postgres.connect(make_url(url).database or "") as holder, holder.transaction():
        holder.execute("SELECT * FROM journal_head FOR UPDATE")
        assert isinstance(journal.append(one).exception(patience(10)), BusyError)
        assert journal.trouble is None
    assert journal.append(one).result(patience(5)).index == 4
    journal.close()


def test_a_postgresql_that_may_forget_is_refused(url: str, postgres: PostgresServer) -> None:
    try:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            postgres.stop()
            postgres.start(**{setting: "off"})
            with pytest.raises(NotDurableError, match=setting):
                open_engine(url)
    finally:
        postgres.stop()
        postgres.start()
    open_engine(url).dispose()


def test_an_address_that_cannot_be_used_is_said_without_its_pass_word() -> None:
    for address in ("postgresql+nosuch://x:geheim@localhost/y", "nonsense", "mysql://x:geheim@localhost/y"):
        with pytest.raises(StoreError) as refused:
            open_engine(address)
        assert "geheim" not in str(refused.value)
