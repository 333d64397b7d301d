"""The processor time of the first question about a case after a start, beside plain `json.loads` over the same rows.

Run by `make bench-evidence`; writes `var/bench/first_touch.json`. The journal is opened anew for each turn, so that it
knows the organisation and no case. The peer reads the rows by sqlite3 and parses the event alone, not the statement in
it. Nothing waits for a disk here, so on a free core that is the time that passes; time that passes would tell of the
neighbours. In turns whose order changes, three rounds, medians. Other sizes: GETUIGE_BENCH_EVENTS=10000,100000.
"""

import gc
import json
import os
import random
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from evidence import ids
from evidence.statements import bodies, event, statement
from evidence.statements.statement import Chain
from evidence.store.database.engine import open_engine, writing
from evidence.store.journal import rows
from evidence.store.journal.journal import SqlJournal
from tests.bench.figures import Figures, fdatasync_ms, known
from tests.support.organisation import Organisation

OUT: Final = Path(__file__).parent.parent.parent / "var" / "bench" / "first_touch.json"
SIZES: Final = tuple(map(int, os.environ.get("GETUIGE_BENCH_EVENTS", "10000,100000").split(",")))
ROUNDS: Final = 3
GOAL_US: Final = 30
"""An event: 0.3 s for 10,000, and 3 s for 100,000."""
FILL_AT_ONCE: Final = 5_000


def filled(folder: Path, count: int) -> tuple[str, ids.CaseId]:
    """Return the database of an organisation whose one case has `count` sealed items, and the name of that case."""
    book, chance = Organisation(folder / "book"), random.Random(7)
    path, link = folder / "journal.db", book.next_link()
    engine = open_engine(f"sqlite:///{path}")
    before = [rows.row_of(event.parse(one.event).statement, one) for one in book.journal]

    def sha256() -> ids.Sha256:
        return ids.Sha256(chance.randbytes(32).hex())

    for first in range(0, count, FILL_AT_ONCE):
        with writing(engine) as connection:
            size = rows.lock_head(connection)
            new = [] if size else before
            for _ in range(first, min(first + FILL_AT_ONCE, count)):
                part = bodies.Part(sha256(), 1_100, ids.Commitment(sha256()))
                blobs = bodies.Blob(sha256(), 5_000), bodies.Blob(sha256(), 1_500)
                body = bodies.ItemSeal(ids.ItemId(ids.new_id()), *blobs, part, part)
                said = statement.sign(book.phone, "item.seal", body, case=book.case, chain=link)
                link = Chain(link.seq + 1, said.id)
                new.append(rows.row_of(said, event.record(said, size + len(new), ids.now())))
            rows.add(connection, new)
            rows.move_head(connection, size, size + len(new))
    engine.dispose()
    return str(path), book.case


def touched(path: str, case: ids.CaseId, count: int) -> float:
    """Return the processor time in seconds of the first question about a case."""
    engine = open_engine(f"sqlite:///{path}")
    journal = SqlJournal(engine)
    journal.start()
    try:
        begun = time.process_time()
        assert journal.ask(lambda standing: len(standing.of(case).items)) == count
        return time.process_time() - begun
    finally:
        journal.close()
        engine.dispose()


def parsed(path: str, case: ids.CaseId, count: int) -> float:
    """Return the processor time in seconds of reading the same rows, parsing their events and keeping what came out."""
    begun = time.process_time()
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT event FROM events WHERE case_id = ? AND item IS NOT NULL ORDER BY idx", (case,)
        )
        kept = [json.loads(data) for (data,) in found]
    assert len(kept) == count
    return time.process_time() - begun


@pytest.mark.timeout(3600)
def test_first_touch(tmp_path: Path) -> None:
    figures = Figures(os.cpu_count() or 1, round(fdatasync_ms(tmp_path), 4), OUT)
    figures.rows = {one["name"]: one for one in known(OUT)}
    gc.freeze()  # as a server that starts
    for count in SIZES:
        path, case = filled(tmp_path / str(count), count)
        ways: list[Callable[[str, ids.CaseId, int], float]] = [touched, parsed]
        times: dict[Callable[[str, ids.CaseId, int], float], list[float]] = {way: [] for way in ways}
        for way in ways:
            way(path, case, count)
        for number in range(ROUNDS):
            for way in ways[number % 2 :] + ways[: number % 2]:
                times[way].append(way(path, case, count))
        ours, bare = (count / statistics.median(times[way]) for way in ways)
        name, what = f"First question about a case of {count:,} events", "objects of a body, made when asked for"
        figures.add(name, "events/s", ours, (f"at {GOAL_US} µs an event", 1e6 / GOAL_US), 1, what)
        figures.add(f"{name}, beside its JSON", "events/s", ours, ("json.loads of the same rows", bare), 0.3, what)
