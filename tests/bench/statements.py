"""How many small statements a second get their receipt, beside a bare framework and beside pgbench, turn by turn.

Run by `make bench-uploads`; adds its rows to `var/bench/uploads.json`. Every request is signed beforehand (RFC 9421),
sent over kept connections by a client that only writes and reads, and answered with a receipt after the commit. SQLite
and PostgreSQL, with the disk as it is and with 2 ms more for each fsync (`tests/faults/disk.c`, preloaded).
"""

import asyncio
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from evidence import ids, keys
from evidence.custody.log.tiles import CHECKPOINT_PATH
from evidence.statements import bodies, event
from evidence.statements.statement import Chain, Statement
from evidence.store.database import migrating
from evidence.store.database.engine import connect, open_engine, writing
from evidence.store.journal import rows
from evidence.store.journal.journal import SqlJournal
from server.founding import found
from server.layout import Layout
from server.settings import Settings
from tests.bench.figures import Figure
from tests.bench.figures import keep as keep_rows
from tests.bench.uploads import memory_mib
from tests.support.batches import post_batch
from tests.support.disk import Disk
from tests.support.ports import free_port
from tests.support.postgres_world import PostgresServer, postgres_server
from tests.support.programs import need
from tests.support.server_process import invitation, serving
from tests.support.server_world import STATEMENTS, CaseOfHers, Person, Signed, World, settings_in
from tests.support.waiting import until

OUT = Path(__file__).parent.parent.parent / "var" / "bench" / "uploads.json"
CLIENTS: Final = {1: 400, 32: 2400, 256: 3000}
"""Connections at once, and how many requests all of them send together."""
KEYS: Final = 32
"""Caseworkers who sign: one key alone would meet its pace (`server/auth/rates.py`)."""
SLOW_US: Final = 2000
MOST_OF_PGBENCH: Final = 80
"""PostgreSQL lets a hundred in; our server, which needs no connection per client, has its own among them."""
GOAL_OF_BARE, GOAL_P99_MS = 0.5, 60.0
STARTS, TIMELINES = 3, 30
TOGETHER: Final = 50
TURNS: Final = 7
SIZES: Final = (1_000, 10_000)
"""Items in the journal for the rows on growth; GETUIGE_BENCH_ITEMS=100000,1000000 adds others."""
FILL_AT_ONCE: Final = 5_000
LOG_ENTRIES_A_SECOND: Final = 500
"""The least that the log grows by, when it is given the time to catch up before anything is measured."""


@dataclass(frozen=True)
class Run:
    """What one run measured."""

    per_second: float
    p50_ms: float
    p99_ms: float


async def hammer(port: int, requests: list[bytes], clients: int, expected: bytes) -> Run:
    """Send every request over `clients` kept connections, each waiting for its answer; return the pace."""
    waiting = iter(requests)
    times: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(expected), head
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            times.append((time.perf_counter() - begun) * 1000)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    seconds = time.perf_counter() - begun
    times.sort()
    return Run(len(times) / seconds, statistics.median(times), times[int(len(times) * 0.99)])


def raw(request: httpx.Request) -> bytes:
    """Return a request as its bytes."""
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + request.read()


def signed_posts(settings: Settings, people: list[Person], case: CaseOfHers, count: int) -> list[bytes]:
    """Return signed requests, each with another statement, in the names of all in turn."""
    made = []
    for number in range(count):
        who = people[number % len(people)]
        body = invitation(who, case).envelope.to_bytes()
        request = httpx.Request(
            "POST", f"{settings.public_url}{STATEMENTS}", content=body, headers={"content-type": "application/json"}
        )
        next(Signed(who.identity).auth_flow(request))
        made.append(raw(request))
    return made


BARE = """
import sys, uvicorn
from fastapi import FastAPI, Request, Response
app = FastAPI(openapi_url=None)
ANSWER = b"x" * int(sys.argv[2])
@app.post("/api/v1/statements")
async def post(request: Request) -> Response:
    await request.body()
    return Response(ANSWER, 201, media_type="application/json")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="httptools", log_config=None, access_log=False)
"""


@contextmanager
def bare(size: int) -> Iterator[int]:
    """Run the bare framework: it reads the body and answers as many bytes as a receipt has."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), str(size)])
    try:
        until(lambda: _answers(port), "the bare framework answers")
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=1).status_code == 404
    except httpx.TransportError:
        return False


def pgbench(server: PostgresServer, database: str, clients: int, size: int, seconds: int = 3) -> float:
    """Return the inserts a second of pgbench: a row of `size` bytes in a transaction of its own."""
    name = database.rsplit("/", 1)[1]
    with server.connect(name) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench (id bigserial PRIMARY KEY, body bytea)")
    script = server.folder.parent / f"{server.folder.name}.sql"
    script.write_text(f"\\set size {size}\nINSERT INTO bench (body) VALUES (decode(repeat('ab', :size), 'hex'));\n")
    command: list[str | Path] = [
        need("pgbench"), "-n", "-h", "127.0.0.1", "-p", str(server.port), "-U", "getuige", "-M", "prepared",
        "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", script, name,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    script.unlink()
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


@dataclass
class Bench:
    """One database under one disk; measures ours, the bare framework and pgbench in turn."""

    name: str
    settings: Settings
    disk: Disk
    postgres: PostgresServer | None

    def rows(self, *, slow: bool) -> list[Figure]:
        disk = "fsync + 2 ms" if slow else "disk as it is"
        found_by = keys.Identity.generate()
        self.disk.is_well()
        found(self.settings, found_by, "Filomena")
        figures = []
        with ExitStack() as stack:
            stack.enter_context(serving(self.settings, **self.disk.variables))
            world = World(self.settings, Person(self.settings.public_url, identity=found_by))
            people = [world.certify("caseworker", f"Caseworker {n}", world.team) for n in range(KEYS)]
            case = world.open_case()
            answer = len(people[0].post(invitation(people[0], case)).content)
            framework = stack.enter_context(bare(answer))
            for clients, count in CLIENTS.items():
                posts = signed_posts(self.settings, people, case, count)
                if slow:
                    self.disk.is_slow(SLOW_US)
                ours = asyncio.run(hammer(self.settings.port, posts, clients, b"HTTP/1.1 201"))
                peer = asyncio.run(hammer(framework, posts, clients, b"HTTP/1.1 201"))
                what = f"Statements with receipts, {self.name}, {disk}, {clients} clients"
                if self.postgres is not None:
                    inserts = pgbench(self.postgres, self.settings.database_url, min(clients, MOST_OF_PGBENCH), answer)
                    figures.append(row(f"{what}, beside pgbench", "1/s", ours.per_second, inserts, "pgbench", None))
                self.disk.is_well()
                goal = GOAL_OF_BARE if not slow else None
                figures.append(row(what, "1/s", ours.per_second, peer.per_second, "bare FastAPI", goal))
                if slow and clients == 32:
                    figures.append(row(f"{what}, p99", "ms", ours.p99_ms, GOAL_P99_MS, "the goal", 1.0, less=True))
        return figures


def row(
    name: str, unit: str, ours: float, peer: float, peer_name: str, goal: float | None, *, less: bool = False
) -> Figure:
    """Print one figure; without a goal it is for comparison only."""
    ratio = ours / peer
    met = goal is None or (ratio <= goal if less else ratio >= goal)
    short = "" if met else f"  SHORT of {goal}"
    print(f"\n{name}: {ours:,.1f} {unit}; {peer_name} {peer:,.1f}; ratio {ratio:.2f}{short}", end="")
    return Figure(name, unit, round(ours, 2), round(peer, 2), peer_name, round(ratio, 3), goal or 0, met)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    return Disk.build(tmp_path_factory.mktemp("disk"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("slow", [False, True], ids=["fast", "slow"])
def test_statements_on_sqlite(disk: Disk, tmp_path: Path, *, slow: bool) -> None:
    keep(Bench("SQLite", settings_in(tmp_path / "data"), disk, None).rows(slow=slow), tmp_path)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("slow", [False, True], ids=["fast", "slow"])
def test_statements_on_postgresql(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, slow: bool) -> None:
    disk.open_to_all()
    with monkeypatch.context() as patch:
        for name, value in disk.variables.items():
            patch.setenv(name, value)  # PostgreSQL flushes for the journal: its disk is the slow one
        with postgres_server() as server:
            database = server.database()
            engine = connect(database)
            migrating.migrate(engine)
            engine.dispose()
            settings = settings_in(tmp_path / "data", database_url=database)
            keep(Bench("PostgreSQL", settings, disk, server).rows(slow=slow), tmp_path)


@pytest.mark.timeout(7200)
def test_how_cost_grows(tmp_path: Path) -> None:
    """Start-up, memory, append and one timeline, with few and with many items of other cases in the journal."""
    settings, root = settings_in(tmp_path / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    sizes = [*SIZES, *map(int, filter(None, os.environ.get("GETUIGE_BENCH_ITEMS", "").split(",")))]
    figures: list[Figure] = []
    first: dict[str, float] = {}
    with serving(settings):
        world = World(settings, Person(settings.public_url, identity=root))
        others = [world.open_case() for _ in range(50)]
        phones = [one.phone() for one in others]
        hers = world.open_case()
        phone = hers.phone()
        for number in range(20):
            hers.sealed(phone, f"item {number}")
    grown = 0
    # Always the same events: her own readings of them are added at the end.
    where = f"/api/v1/cases/{hers.case}/timeline?limit=50"
    for size in sizes:
        _fill(settings, list(zip(others, phones, strict=True)), size - grown)
        grown = size
        with serving(settings):
            _await_log(settings)
        starts: list[float] = []
        timeline: list[float] = []
        append: list[float] = []
        memory = 0.0
        for _ in range(STARTS):
            begun = time.perf_counter()
            with serving(settings) as server:
                starts.append((time.perf_counter() - begun) * 1000)
                timeline += [_ms(lambda: hers.vault.http.get(where)) for _ in range(TIMELINES)]
                append += [
                    _ms(lambda: world.caseworker.post(invitation(world.caseworker, others[0]))) for _ in range(100)
                ]
                memory = memory_mib(server.pid, "VmHWM")
        measured = {
            "start-up": ("ms", statistics.median(starts)),
            "memory after that": ("MiB", memory),
            "first timeline of 20 items": ("ms", statistics.median(timeline[::TIMELINES])),
            "timeline of 20 items": ("ms", statistics.median(timeline)),
            "append": ("ms", statistics.median(append)),
        }
        for what, (unit, value) in measured.items():
            first.setdefault(what, value)
            name = f"{what} with {size:,} items in the journal"
            figures.append(row(name, unit, value, first[what], f"with {sizes[0]:,}", 1.5, less=True))
        keep(figures, tmp_path)


@pytest.mark.timeout(600)
def test_fifty_together(tmp_path: Path) -> None:
    """Fifty statements in one request beside the same number in requests of their own, in turns, the order rotated."""
    settings, root = settings_in(tmp_path / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    alone: list[float] = []
    together: list[float] = []
    with serving(settings):
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        who = case.world.caseworker
        for turn in range(TURNS):
            for batch in (turn % 2 == 0, turn % 2 == 1):
                said = [invitation(who, case) for _ in range(TOGETHER)]
                if batch:
                    together.append(_ms(partial(post_batch, who, said)))
                else:
                    alone.append(sum(_ms(partial(who.post, one)) for one in said))
    ours, theirs = (TOGETHER * 1000 / statistics.median(taken[1:]) for taken in (together, alone))  # one to warm up
    name = f"statements of one client, {TOGETHER} in a request"
    keep([row(name, "/s", ours, theirs, "one in a request", 2)], tmp_path)


def _ms(ask: Callable[[], httpx.Response]) -> float:
    begun = time.perf_counter()
    assert ask().status_code in {200, 201}
    return (time.perf_counter() - begun) * 1000


def _await_log(settings: Settings) -> None:
    """Wait until the log has taken in what was put into the journal without it."""
    engine = open_engine(settings.database_url)
    size = SqlJournal(engine).size()
    engine.dispose()
    head = Layout(settings.data).log / CHECKPOINT_PATH
    deadline = time.monotonic() + 60 + size / LOG_ENTRIES_A_SECOND
    while not head.exists() or int(head.read_text().splitlines()[1]) < size:
        assert time.monotonic() < deadline, "the log does not catch up"
        time.sleep(0.2)


def _fill(settings: Settings, cases: list[tuple[CaseOfHers, Person]], count: int) -> None:
    """Put sealed items of other people into the journal, as their phones would, without the uploads."""
    engine = open_engine(settings.database_url)
    chance = random.Random(7)
    try:
        for first in range(0, count, FILL_AT_ONCE):
            with writing(engine) as connection:
                size = rows.lock_head(connection)
                new: list[dict[str, Any]] = []
                copies: list[dict[str, Any]] = []
                for number in range(first, min(first + FILL_AT_ONCE, count)):
                    _, phone = cases[number % len(cases)]
                    statement = _item(phone, chance)
                    recorded = event.record(statement, size + len(new), ids.now())
                    new.append(rows.row_of(statement, recorded))
                    copies.append(rows.copy_row_of(statement, recorded) or {})
                rows.add(connection, new)
                rows.queue_copies(connection, copies)
                rows.move_head(connection, size, size + len(new))
    finally:
        engine.dispose()


def _item(phone: Person, chance: random.Random) -> Statement:
    """Return a phone's next statement: it sealed some item of a few kilobytes."""

    def sha256() -> ids.Sha256:
        return ids.Sha256(chance.randbytes(32).hex())

    meta = bodies.Part(sha256(), 1100, ids.Commitment(chance.randbytes(32).hex()))
    body = bodies.ItemSeal(ids.ItemId(ids.new_id()), bodies.Blob(sha256(), 5000), bodies.Blob(sha256(), 1500), meta)
    statement = phone.sign("item.seal", body)
    assert phone.chain is not None
    phone.chain = Chain(phone.chain.seq + 1, statement.id)
    return statement


def keep(figures: list[Figure], folder: Path) -> None:
    keep_rows(OUT, folder, figures, "docs/performance.md, *Small statements and receipts*, says what comes next")
