"""Figures of this machine for the work that everything stands on; run by `make bench`, not by `make test`.

(That is why the file's name does not begin with `test_`.)

Each figure is printed beside the latency of the disk, without which a figure about durability says nothing. A
test fails only when a figure is ten times worse than what the design counts on: that is a fault, not a slow day.
"""

import hashlib
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, generate_key
from evidence.envelope import cobblestone
from evidence.statements import event as events
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from tests.support.heads import SqliteHeadStore
from tests.support.incidents import incident
from tests.support.organisation import Organisation

MEBIBYTE = 1024 * 1024
CONTENT = os.urandom(MEBIBYTE) * 64

Report = Callable[[str, float, str, float], None]


@pytest.fixture(scope="module")
def disk_ms(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Median time of one fdatasync after 4 KiB, in milliseconds."""
    rounds = []
    with (tmp_path_factory.mktemp("disk") / "probe").open("wb") as file:
        for _ in range(200):
            file.write(b"\0" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            rounds.append((time.perf_counter() - begun) * 1000)
    return statistics.median(rounds)


@pytest.fixture
def report(disk_ms: float) -> Report:
    def show(name: str, figure: float, unit: str, floor: float) -> None:
        print(f"\n{name}: {figure:,.0f} {unit} (fdatasync {disk_ms:.3f} ms)", end="")
        assert figure >= floor, f"{name} is ten times slower than the design counts on"

    return show


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """Shortest wall time in seconds: the machine without its neighbours."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def test_sha256(report: Report) -> None:
    seconds = best_of(3, lambda: hashlib.sha256(CONTENT).digest())
    report("SHA-256, one core", len(CONTENT) / MEBIBYTE / seconds, "MiB/s", 50)


def test_seal_and_open(report: Report) -> None:
    key, context, salt = os.urandom(32), b"bench", os.urandom(24)
    message = b"".join(cobblestone.seal(key, context, salt, [CONTENT]))
    seconds = best_of(3, lambda: b"".join(cobblestone.seal(key, context, salt, [CONTENT])))
    report("Seal, one core", len(CONTENT) / MEBIBYTE / seconds, "MiB/s", 30)
    seconds = best_of(3, lambda: cobblestone.open_all(key, context, message))
    report("Open, one core", len(CONTENT) / MEBIBYTE / seconds, "MiB/s", 30)


def test_custody_log_in_batches_of_256(report: Report, tmp_path: Path) -> None:
    log = Integrator(
        tmp_path / "log", generate_key("bench.example/log", KeyType.ED25519), SqliteHeadStore(tmp_path / "heads")
    )
    batches = [[b"\x01" + os.urandom(32) for _ in range(256)] for _ in range(40)]

    def grow() -> None:
        for batch in batches:
            log.integrate(batch)

    report("Custody log, durable", len(batches) * 256 / best_of(1, grow), "entries/s", 1_000)


def test_journal_with_many_waiting(report: Report, tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    book = Organisation(tmp_path / "book")
    founding = len(book.journal)
    for number in range(1_000):
        book.seal(incident(title=f"{number}"))
    signed = [events.parse(recorded.event).statement.envelope.to_bytes() for recorded in book.journal]

    journal = SqlJournal(open_engine(f"sqlite:///{tmp_path / 'journal.db'}"))
    journal.start()
    try:
        for envelope in signed[:founding]:
            journal.append(envelope).result(timeout=30)

        def write() -> None:
            waiting = [journal.append(envelope) for envelope in signed[founding:]]
            for one in waiting:
                one.result(timeout=60)

        report("Journal, verified and durable", 1_000 / best_of(1, write), "statements/s", 200)
    finally:
        journal.close()
