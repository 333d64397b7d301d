"""Who sends first: the holder of the lease; everyone, while the database does not say; and never nobody."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from device_bridge.journal.lease import ANSWER_S, Sender
from device_bridge.journal.stores import open_lease
from device_bridge.spool import outbox, yielding
from device_bridge.spool.connection import Spool
from evidence import ids
from evidence.store.database import leases
from evidence.store.database.engine import open_engine
from tests.support.waiting import patience, until

ALARM = ids.AlarmId("b" * 32)


def test_one_holder_at_a_time_and_the_next_when_it_is_silent(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'getuige.db'}")
    assert leases.take(engine, "x", "1", 0.3) == "1"
    assert leases.take(engine, "x", "2", 0.3) == "1"
    assert leases.take(engine, "y", "2", 0.3) == "2", "each lease is its own"
    assert leases.take(engine, "x", "1", 0.3) == "1"
    until(lambda: leases.take(engine, "x", "2", 0.3) == "2", "it ran out")
    assert leases.take(engine, "x", "1", 0.3) == "2"
    engine.dispose()


def test_two_bridges_on_one_database_agree(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'getuige.db'}"
    open_engine(url).dispose()
    both = [Sender(name, lambda: open_lease(url)) for name in ("1", "2")]
    for one in both:
        one.start()
    until(lambda: both[0].holder is not None and both[0].holder == both[1].holder, "they agree")
    assert [one.sends_first() for one in both].count(True) == 1
    for one in both:
        one.stop()


def test_while_the_database_does_not_answer_everyone_sends() -> None:
    answers, release = threading.Event(), threading.Event()

    def take(_bridge: str) -> str:
        if answers.is_set():
            release.wait(patience(10))
        return "2"

    def opened() -> tuple[Callable[[str], str], Callable[[], None]]:
        return take, lambda: None

    sender = Sender("1", opened)
    assert sender.sends_first(), "nobody knows yet"
    sender.start()
    until(lambda: not sender.sends_first(), "the other bridge has it")
    answers.set()
    until(sender.sends_first, "no answer within 200 ms")
    answers.clear()
    release.set()
    until(lambda: not sender.sends_first(), "it answers again")
    sender.stop()
    assert ANSWER_S == 0.2


def test_a_database_that_cannot_be_opened_makes_everyone_send(tmp_path: Path) -> None:
    sender = Sender("1", lambda: open_lease(f"sqlite:///{tmp_path / 'no' / 'such.db'}"))
    sender.start()
    until(lambda: sender._failure, "it was tried")
    assert sender.sends_first()
    sender.stop()


def state(spool: Spool) -> list[tuple[str, str]]:
    return spool.read().sql.execute("SELECT route, state FROM outbox ORDER BY n").fetchall()


@pytest.mark.parametrize(("report", "after"), [("delivered", "delivered"), ("failed", "waiting"), (None, "waiting")])
def test_what_was_yielded_is_sent_unless_another_bridge_delivered_it(
    tmp_path: Path, report: str | None, after: str
) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        now_ms = time.time_ns() // 1_000_000
        with spool.write() as writing:
            outbox.queue(writing, ALARM, "dc09-c1", b"sealed", now_ms)
            yielding.give_way(writing, ALARM, now_ms + yielding.HANDOVER_MS)
        with spool.write() as writing:
            assert outbox.take(writing, "dc09-c1", now_ms + 10_000, 8) == [], "it is not ours to send yet"
            if report == "delivered":
                yielding.delivered(writing, ALARM, "dc09-c1")
            elif report == "failed":
                yielding.failed(writing, ALARM, "dc09-c1")
        assert not yielding.due(spool.read(), now_ms + yielding.HANDOVER_MS - 1)
        if report is None:
            assert yielding.due(spool.read(), now_ms + yielding.HANDOVER_MS)
        with spool.write() as writing:
            yielding.take_over(writing, now_ms + yielding.HANDOVER_MS)
        assert state(spool) == [("dc09-c1", after)]


def test_what_was_tried_is_not_yielded_and_what_a_human_has_is_dropped(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool, spool.write() as writing:
        outbox.queue(writing, ALARM, "dc09-c1", b"sealed", 0)
        assert len(outbox.take(writing, "dc09-c1", 1, 8)) == 1
        yielding.give_way(writing, ALARM, 5)
        outbox.queue(writing, ALARM, "console-feed", b"sealed", 0)
        yielding.give_way(writing, ALARM, 5)
        yielding.drop(writing, ALARM, later_only=False)
        rows = writing.sql.execute("SELECT route, state FROM outbox ORDER BY n").fetchall()
        assert rows == [("dc09-c1", "waiting"), ("console-feed", "dropped")]
