"""Proves on both databases that a seal and its row in the outbox are one, and that one worker at a time has a row."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select

from evidence import ids
from evidence.statements.statement import Chain
from evidence.store.blobs.copies import SqlCopies
from evidence.store.database import migrating
from evidence.store.database.engine import WRITE, connect, open_engine
from evidence.store.database.schema import blob_copies, events
from evidence.store.journal.journal import SqlJournal
from tests.support.journal_history import Phone, founding, invitation
from tests.support.waiting import patience

SEALS = 40
WORKERS = 6


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.need("initdb", "postgres"))])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'getuige.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("empty"))
        empty = connect(url)
        migrating.migrate(empty)
        empty.dispose()
    opened = open_engine(url)
    yield opened
    opened.dispose()


def sealed(engine: Engine) -> None:
    """Append a founding, a phone and its items, and some statements that are refused."""
    journal = SqlJournal(engine)
    journal.start()
    phone = Phone()
    enrolment = phone.enrolment()
    for statement in (*founding(), invitation(phone.one_time), enrolment):
        journal.append(statement.envelope.to_bytes()).result(patience(10))
    phone.next = Chain(1, enrolment.id)
    futures = []
    for _ in range(SEALS):
        statement = phone.seal(phone.next)
        refused = phone.seal(phone.next)  # the same place in the chain
        futures.append(journal.append(statement.envelope.to_bytes()))
        journal.append(refused.envelope.to_bytes())
        phone.next = Chain(phone.next.seq + 1, statement.id)
    for future in futures:
        future.result(patience(10))
    journal.close()


def both(engine: Engine) -> tuple[list[int], list[int]]:
    with engine.connect() as connection:
        seals = connection.scalars(select(events.c.idx).where(events.c.item.is_not(None)).order_by(events.c.idx))
        rows = connection.scalars(select(blob_copies.c.idx).order_by(blob_copies.c.idx))
        return list(seals), list(rows)


def test_each_seal_and_nothing_else_has_a_row(engine: Engine) -> None:
    sealed(engine)
    seals, rows = both(engine)
    assert len(seals) == SEALS
    assert seals == rows


def test_rows_of_older_items_are_added_and_none_twice(engine: Engine) -> None:
    sealed(engine)
    with engine.execution_options(**WRITE).begin() as connection:
        connection.execute(delete(blob_copies).where(blob_copies.c.idx % 3 == 0))
    seals, rows = both(engine)
    missing = len(seals) - len(rows)
    assert missing > 0
    copies = SqlCopies(engine)
    assert (copies.queue_sealed_before(), copies.queue_sealed_before()) == (missing, 0)
    assert both(engine) == (seals, seals)


def test_many_workers_never_hold_the_same_row(engine: Engine) -> None:
    sealed(engine)
    copies = SqlCopies(engine)
    now = ids.now()
    later = ids.time_of(ids.moment_of(now) + timedelta(minutes=2))
    held: list[int] = []

    def work() -> None:
        owner = ids.new_id()
        while (copy := copies.lease(owner, now, later)) is not None:
            held.append(copy.index)
            copies.stored(copy, owner, "version", later, now)

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(patience(60))
    # On PostgreSQL a worker may leave early when all that is left is locked by others; a second look finds nothing.
    work()
    assert sorted(held) == both(engine)[0]
    assert (copies.backlog().waiting, copies.totals().stored) == (0, SEALS)


def test_a_lease_that_ran_out_is_taken_over(engine: Engine) -> None:
    sealed(engine)
    copies = SqlCopies(engine)
    now = ids.now()
    soon, later = (ids.time_of(ids.moment_of(now) + timedelta(seconds=after)) for after in (60, 61))
    first = copies.lease(ids.new_id(), now, soon)
    second = copies.lease(ids.new_id(), now, soon)
    assert first is not None
    assert second is not None
    assert first.index != second.index
    again = copies.lease(ids.new_id(), later, ids.time_of(ids.moment_of(later) + timedelta(seconds=60)))
    assert again is not None
    assert again.index == first.index
    with engine.connect() as connection:
        leased = connection.scalar(select(func.count()).where(blob_copies.c.lease_by.is_not(None)))
    assert leased == 2
