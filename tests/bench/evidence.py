"""Figures of `evidence/` beside a bare peer in the same run: only the ratio says something about our code.

Run by `make bench-evidence`. Writes `var/bench/evidence.json`. A figure short of its goal is printed as SHORT with what
would be tried next; a test fails only when a figure is so far off that something must be broken. More than the default
of 1 GiB for the verifier: GETUIGE_BENCH_GIB=10. Fewer than the default of 10,000 small items: GETUIGE_BENCH_ITEMS=1000.
"""

import hashlib
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.opening import opened
from evidence.custody.errors import ResourceNotFoundError
from evidence.custody.log import growth
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.log.tlogproof import build_proof
from evidence.envelope import cobblestone, container, opening, sealing
from evidence.envelope.meta import Media
from evidence.statements import event as events
from evidence.store.database import migrating
from evidence.store.database.engine import connect, open_engine
from evidence.store.journal.journal import SqlJournal
from server.founding import found
from tests.bench.bare_databases import bare_postgresql, bare_sqlite
from tests.bench.figures import Figures, fdatasync_ms, known
from tests.support.incidents import incident, photo
from tests.support.organisation import Organisation
from tests.support.server_process import serving
from tests.support.server_world import Person, World, settings_in
from tests.support.waiting import until

MIB = 1024 * 1024
GIB = int(os.environ.get("GETUIGE_BENCH_GIB", "1"))
FILE_MIB = 16
ITEMS = int(os.environ.get("GETUIGE_BENCH_ITEMS", "10000"))
GRANTED_AT_ONCE = 1_000
ROUNDS = 3
ENTRIES = 1_000_000
OUT = Path(__file__).parent.parent.parent / "var" / "bench" / "evidence.json"


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    found = Figures(os.cpu_count() or 1, round(fdatasync_ms(tmp_path_factory.mktemp("disk")), 4), OUT)
    found.rows = {one["name"]: one for one in known(OUT)}
    print(f"\n{found.cores} cores, load {os.getloadavg()[0]:.1f}, fdatasync {found.fdatasync_ms:.3f} ms", end="")
    yield found
    short = sum(not one["met"] for one in found.rows.values())
    print(f"\nWritten: {OUT.name}, {len(found.rows)} figures, {short} short")


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """Return the shortest wall time: the machine without its neighbours."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def in_turns(ours: Callable[[], object], bare: Callable[[], object], rounds: int = 7) -> tuple[float, float]:
    """Return the wall times of the round with the median ratio; in each, whoever disturbs disturbs both."""
    both = [(seconds(ours, 1), seconds(bare, 1)) for _ in range(rounds)]
    return sorted(both, key=lambda one: one[0] / one[1])[rounds // 2]


def test_seal_and_open(figures: Figures) -> None:
    data = os.urandom(MIB) * 128
    size = len(data) / MIB

    def measure(name: str, work: Callable[[], object], goal: float, following: str) -> None:
        ours, bare = in_turns(work, lambda: hashlib.sha256(data).digest())
        figures.add(name, "MiB/s", size / ours, ("hashlib SHA-256, one thread", size / bare), goal, following)

    key, salt = os.urandom(32), os.urandom(24)
    message = b"".join(cobblestone.seal(key, b"bench", salt, [data]))
    what = "chunks of 16 KiB cost a call each; seal in the library"
    measure("Cobblestone: seal", lambda: sum(map(len, cobblestone.seal(key, b"bench", salt, [data]))), 1, what)
    what = "open two runs of chunks side by side"
    measure("Cobblestone: open", lambda: sum(map(len, cobblestone.open_stream(key, b"bench", [message]))), 1, what)

    me, case = keys.Identity.generate(), ids.CaseId(ids.new_id())
    meta = Media(kind="video", source="victim", recorded=ids.now(), title="Film")
    pieces = [data[start : start + MIB] for start in range(0, len(data), MIB)]
    content = sealing.Content("film.mp4", "video/mp4", lambda: iter(pieces))

    class Nowhere:
        def write(self, _: bytes) -> None:
            """Forget it."""

    def whole_item() -> None:
        sealing.write(sealing.prepare(me, case, meta, [me.xwing_public], content), content, Nowhere())  # type: ignore[arg-type]

    what = "four passes of SHA-256, three of them beside each other where cores are free; more free cores"
    measure("Item: prepare and seal", whole_item, 0.3, what)
    prepared = sealing.prepare(me, case, meta, [me.xwing_public], content)
    sealed = b"".join(prepared.stream(content))
    prefix = container.parse_prefix(sealed)

    def open_item() -> None:
        found = opening.open_meta(prefix, opening.content_key(prefix, me))
        body = (sealed[start : start + MIB] for start in range(prefix.size, len(sealed), MIB))
        for _ in opening.open_content(prefix, prepared.content_key, found, body):
            pass

    measure("Item: open and prove", open_item, 0.7, "opening and hashing wait for each other in between")


@pytest.mark.parametrize("batch", [1, 16, 256])
@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_durable_appends(figures: Figures, tmp_path: Path, kind: str, batch: int) -> None:
    count = min(2_048, 512 * batch) if batch > 1 else 300
    (tmp_path / "book").mkdir()
    book = Organisation(tmp_path / "book")
    founding = len(book.journal)
    for number in range(count):
        book.seal(incident(title=f"{number}"))
    signed = [events.parse(recorded.event).statement.envelope.to_bytes() for recorded in book.journal]
    rows = signed[founding:]
    with {"SQLite": bare_sqlite, "PostgreSQL": bare_postgresql}[kind](tmp_path) as (insert, address):
        bare = seconds(lambda: [insert(rows[start : start + batch]) for start in range(0, count, batch)], 1)
        peer = (f"bare {kind} insert, {batch} a transaction", count / bare)
        ours = count / seconds_of_journal(address, signed[:founding], rows, batch)
    what = "a statement is parsed, its signature verified and the rules applied before it is stored"
    goal = {1: 0.05, 16: 0.01, 256: 0.005}[batch]
    figures.add(f"Journal in {kind}: durable appends, {batch} waiting", "statements/s", ours, peer, goal, what)


def seconds_of_journal(address: str, before: list[bytes], rows: list[bytes], batch: int) -> float:
    """Return how long the journal takes for `rows` when `batch` of them wait at once."""
    fresh = connect(address)
    migrating.migrate(fresh)
    fresh.dispose()
    engine = open_engine(address)
    journal = SqlJournal(engine)
    journal.start()
    try:
        for envelope in before:
            journal.append(envelope).result(timeout=30)

        def write() -> None:
            for start in range(0, len(rows), batch):
                for waiting in [journal.append(one) for one in rows[start : start + batch]]:
                    waiting.result(timeout=60)

        return seconds(write, 1)
    finally:
        journal.close()
        engine.dispose()


class MemoryTiles:
    """A log in memory, laid out as it is served."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        try:
            return self.files[path]
        except KeyError:
            raise ResourceNotFoundError(path) from None


@pytest.fixture(scope="module")
def million() -> tuple[MemoryTiles, bytes]:
    """Return a log of a million entries, and its root."""
    tiles, edge = MemoryTiles(), growth.RightEdge()
    for start in range(0, ENTRIES, 65_536):
        size = min(65_536, ENTRIES - start)
        grown = growth.grow(edge, [b"\x01" + number.to_bytes(32) for number in range(start, start + size)])
        tiles.files.update({tile.path: data for tile, data in grown.resources.items()})
        edge = grown.edge
    return tiles, edge.root


def test_full_audit_of_a_million_entries(figures: Figures, million: tuple[MemoryTiles, bytes]) -> None:
    tiles, root = million
    leaves = [b"\x00\x01" + number.to_bytes(32) for number in range(ENTRIES)]

    def bare() -> None:
        row = [hashlib.sha256(leaf).digest() for leaf in leaves]
        while len(row) > 1:
            pairs = zip(row[::2], row[1::2], strict=False)
            row = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in pairs] + row[len(row) & ~1 :]
        assert row == [root]

    peer = ("hashlib over the same leaves and nodes", ENTRIES / seconds(bare, 1))
    ours = ENTRIES / seconds(lambda: growth.audit(tiles, ENTRIES, root), 1)
    figures.add("Log: full audit of 1,000,000 entries", "entries/s", ours, peer, 0.4, "verify tiles in two processes")


def test_proofs(figures: Figures, million: tuple[MemoryTiles, bytes]) -> None:
    tiles, root = million
    signer = generate_key("bench.example/log", KeyType.ED25519)
    head = SignedCheckpoint.sign(Checkpoint(signer.name, ENTRIES, root), signer)
    count = 500
    places = [number * 1_999 for number in range(count)]
    hashed = [os.urandom(64) for _ in range(256 * 3 + 20)]

    def bare() -> None:
        for _ in places:
            for pair in hashed:
                hashlib.sha256(b"\x01" + pair).digest()

    peer = ("hashlib over the nodes of three tiles", count / seconds(bare, 1))
    ours = count / seconds(lambda: [build_proof(tiles, place, head) for place in places], 1)
    figures.add("Log: proofs made from a million entries", "proofs/s", ours, peer, 0.2, "keep folded tiles in memory")


def test_proofs_over_http(figures: Figures, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    count = 200
    root = keys.Identity.generate()
    found(settings, root, "Bench")
    with serving(settings):
        http = World(settings, Person(settings.public_url, identity=root)).caseworker.http
        until(lambda: http.get("/api/v1/receipts/4/proof").status_code == 200, "the log has it")

        def ask(path: str) -> Callable[[], None]:
            def work() -> None:
                for _ in range(count):
                    assert http.get(path).status_code == 200

            return work

        peer = ("signed request that only says who asks", count / seconds(ask("/api/v1/session"), 2))
        ours = count / seconds(ask("/api/v1/receipts/4/proof"), 2)
    figures.add("Server: proofs served, one client", "requests/s", ours, peer, 0.5, "keep the newest proofs in memory")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Organisation, Path, Path]:
    """Return a case of `GIB` GiB in files of 16 MiB: the book, its sealed bundle and the opened folder."""
    folder = tmp_path_factory.mktemp("case")
    (folder / "book").mkdir()
    book = Organisation(folder / "book")
    random = os.urandom(MIB)
    for number in range(GIB * 1024 // FILE_MIB):
        data = number.to_bytes(8) + random[8:]
        content = sealing.Content("film.mp4", "video/mp4", lambda data=data: iter([data] * FILE_MIB))  # type: ignore[misc]
        meta = Media(kind="video", source="victim", recorded=ids.now(), title=f"Film {number}")
        book.seal(meta, content)
    book.grant(*book.standing.items)
    sealed = book.export(*book.standing.items)
    opened.open_bundle(sealed, book.investigator, folder / "opened")
    return book, sealed, folder / "opened"


@pytest.mark.timeout(3600)
def test_verify(figures: Figures, case: tuple[Organisation, Path, Path]) -> None:
    book, sealed, folder = case
    files = [path for path in folder.rglob("*") if path.is_file()]
    files.sort(key=lambda path: path.stat().st_size, reverse=True)
    size = sum(path.stat().st_size for path in files) / MIB

    def hashed(path: Path) -> bytes:
        with path.open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").digest()

    def bare() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(hashed, files))

    def check(path: Path) -> None:
        assert verify(path, trust.load(book.trust, path)).exit_code == 0

    bare()
    ours, peer_s = in_turns(lambda: check(folder), bare, 3)
    peer = ("hashlib, two threads", size / peer_s)
    what = "read ahead; fewer small reads"
    figures.add(f"Verify an opened folder of {GIB} GiB", "MiB/s", size / ours, peer, 0.85, what)
    ours, peer_s = in_turns(lambda: check(sealed), bare, 3)
    rate, what = sealed.stat().st_size / MIB / ours, "leave out the ZIP's own CRC-32"
    figures.add(f"Verify a sealed ZIP of {GIB} GiB", "MiB/s", rate, ("hashlib, two threads", size / peer_s), 0.6, what)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    """Return a case of `ITEMS` small items, half of them with a file of 4 KiB, all of them granted."""
    book = Organisation(tmp_path_factory.mktemp("many"))
    for number in range(ITEMS):
        if number % 2:
            content = sealing.Content.of_bytes(number.to_bytes(8) * 512, f"foto {number}.jpg", "image/jpeg")
            book.seal(photo(f"Foto {number}"), content)
        else:
            book.seal(incident(f"Voorval {number}"))
    everything = list(book.standing.items)
    for start in range(0, ITEMS, GRANTED_AT_ONCE):
        book.grant(*everything[start : start + GRANTED_AT_ONCE])
    return book


@pytest.mark.timeout(3600)
def test_many_items(figures: Figures, many: Organisation, tmp_path: Path) -> None:
    """Each beside the time of an item that it is to keep, for no peer does the same; medians of three.

    Processor time stands beside the time that passes: the one is ours, the other is also the machine's.
    """

    def measure(name: str, work: Callable[[int], object], goal_ms: int, following: str) -> None:
        passed, cpu = [], []
        for number in range(ROUNDS):
            begun, used = time.perf_counter(), time.process_time()
            work(number)
            passed.append((time.perf_counter() - begun) * 1000 / ITEMS)
            cpu.append((time.process_time() - used) * 1000 / ITEMS)
        named, peer = f"{name} of {ITEMS:,} items", ("the time set for it", goal_ms)
        figures.at_most(named, "ms an item", statistics.median(passed), peer, 1, following)
        figures.at_most(f"{named}: processor time", "ms an item", statistics.median(cpu), peer, 1, following)

    exported: list[Path] = []
    what = "the journal is parsed once for all; read the rows as they are stored"
    measure("Export", lambda _: exported.append(many.export(*many.standing.items)), 1, what)
    sealed, folder = exported[0], tmp_path / "opened0"
    what = "three to five files of each item are made and flushed, on ext4 a third of it; fewer and larger files"
    measure("Open", lambda n: opened.open_bundle(sealed, many.investigator, tmp_path / f"opened{n}"), 2, what)
    for path, what in (
        (sealed, "two signatures and two parsed envelopes an item"),
        (folder, "two files of each item are made again; a hash for each leaf"),
    ):
        kind = "Verify the sealed bundle" if path == sealed else "Verify the opened folder"
        measure(kind, lambda _, path=path: verify(path, trust.load(many.trust, path)), 1, what)  # type: ignore[misc]
