"""How fast uploads become durable and hashed: one of a gigabyte, a thousand of 200 KiB; peers turn by turn, medians.

Run by `make bench-uploads`; adds its rows to `var/bench/uploads.json`. The peers: a bare uvicorn that hashes and
flushes as we do, `@tus/server` and nginx that do neither, `cp` with a flush. A figure short of its goal is printed as
SHORT; the test fails only when one is so far off that something must be broken. GETUIGE_BENCH_GIB=4 sends more than the
default of 1 GiB.
"""

import base64
import hashlib
import json
import os
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from evidence import ids, keys
from server import upload_addresses
from server.founding import found
from server.uploads import core, tus
from tests.bench import figures
from tests.bench.figures import Figure
from tests.bench.upload_peers import bare_uvicorn, nginx, tus_server
from tests.support.server_process import serving
from tests.support.server_world import TUS, Person, Signed, World, settings_in

MIB = 1024 * 1024
SIZE = int(os.environ.get("GETUIGE_BENCH_GIB", "1")) * 1024 * MIB
ROUNDS = 3
SMALL_BYTES, SMALL_FILES, SMALL_CLIENTS = 200 * 1024, 1000, 4
OUT = Path(__file__).parent.parent.parent / "var" / "bench" / "uploads.json"
FOLLOWING = "docs/performance.md, *Uploads*, says where the time goes and what comes next"
BROKEN = 10
"""A figure ten times short of its goal is a fault, not a slow day."""
PART = {**TUS, "content-type": tus.OFFSET_MEDIA_TYPE, "upload-offset": "0"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file that does not compress, and its SHA-256."""
    path = tmp_path_factory.mktemp("film") / "film"
    block, digest = os.urandom(MIB), hashlib.sha256()
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            piece = number.to_bytes(8, "big") + block[8:]
            digest.update(piece)
            file.write(piece)
    return path, digest.hexdigest()


@dataclass
class Measured:
    """Seconds of wall and of the server's CPU, round by round."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def turn(self, pid: int | None, work: Callable[[], None]) -> None:
        """Do some work once and keep what it took; `pid` is the server that works."""
        before, begun = cpu_s(pid), time.perf_counter()
        work()
        self.seconds.append(time.perf_counter() - begun)
        self.cpu.append(cpu_s(pid) - before)


def cpu_s(process: int | None) -> float:
    if process is None:
        return 0.0
    parts = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(process: int, name: str) -> float:
    line = next(one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith(name))
    return int(line.split()[1]) / 1024


def head_of(request: httpx.Request) -> bytes:
    """Return a request as it is on the wire, up to its body."""
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answered(line: socket.socket) -> None:
    """Read one answer without a body, or with one that comes at once."""
    answer = line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 20"), answer


def send(port: int, request: httpx.Request, film: Path) -> None:
    """Send a request with the film as its body by sendfile(2), which costs nearly nothing."""
    with socket.create_connection(("127.0.0.1", port)) as connection, film.open("rb") as file:
        connection.sendall(head_of(request))
        connection.sendfile(file)
        answered(connection)


def signed(who: Person, request: httpx.Request) -> httpx.Request:
    next(Signed(who.identity).auth_flow(request))
    return request


def create_at_reference(port: int, size: int) -> str:
    answer = httpx.post(f"http://127.0.0.1:{port}/files", headers={**TUS, "upload-length": str(size)})
    return answer.headers["location"]


def copy_and_flush(film: Path, target: Path) -> None:
    subprocess.run(["cp", film, target], check=True)
    subprocess.run(["sync", "--data", target], check=True)


@pytest.mark.timeout(1800)
def test_one_large_upload(film: tuple[Path, str], tmp_path: Path) -> None:
    path, sha256 = film
    settings, root = settings_in(tmp_path / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    took = {name: Measured() for name in ("ours", "bare", "reference", "nginx", "cp")}
    length = {"content-length": str(SIZE)}
    with ExitStack() as stack:
        server = stack.enter_context(serving(settings))
        bare, reference = stack.enter_context(bare_uvicorn(tmp_path)), stack.enter_context(tus_server(tmp_path))
        web = stack.enter_context(nginx(tmp_path))
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
        idle = memory_mib(server.pid, "VmRSS")
        for number in range(ROUNDS):
            where = phone.create(SIZE, sha256).headers["location"]
            ours = signed(phone, httpx.Request("PATCH", where, headers={**PART, **length}))
            took["ours"].turn(server.pid, partial(send, settings.port, ours, path))
            (settings.data / "blobs" / sha256[:2] / sha256).unlink()
            put = httpx.Request("PUT", f"http://127.0.0.1:{bare.port}/", headers=length)
            took["bare"].turn(bare.pid, partial(send, bare.port, put, path))
            where = create_at_reference(reference.port, SIZE)
            patch = httpx.Request("PATCH", where, headers={**PART, **length})
            took["reference"].turn(reference.pid, partial(send, reference.port, patch, path))
            (tmp_path / "tus" / where.rsplit("/", 1)[1]).unlink()
            put = httpx.Request("PUT", f"http://127.0.0.1:{web.port}/film{number}", headers=length)
            took["nginx"].turn(web.pid, partial(send, web.port, put, path))
            (tmp_path / "nginx" / "files" / f"film{number}").unlink()
            took["cp"].turn(None, partial(copy_and_flush, path, tmp_path / "copy"))
            (tmp_path / "copy").unlink()
        memory = memory_mib(server.pid, "VmHWM")
    gib = SIZE / MIB / 1024
    rate = {name: SIZE / MIB / statistics.median(one.seconds) for name, one in took.items()}
    work = {name: statistics.median(one.cpu) / gib for name, one in took.items()}
    keep(
        tmp_path,
        figure("Upload, durable and hashed", "MiB/s", rate["ours"], rate["bare"], "bare uvicorn, hashed, flushed", 0.9),
        figure(
            "Upload against @tus/server",
            "MiB/s",
            rate["ours"],
            rate["reference"],
            "@tus/server: no hash, no flush",
            0.9,
        ),
        figure("Upload against nginx", "MiB/s", rate["ours"], rate["nginx"], "nginx PUT: no hash, no flush", 0.3),
        figure("Upload against cp and sync", "MiB/s", rate["ours"], rate["cp"], "cp + sync, no hash", 0.4),
        figure("Upload, the design's goal", "MiB/s", rate["ours"], 1000, "the goal of the design", 1),
        figure(
            "CPU of the server, the less the better",
            "s/GiB",
            work["ours"],
            work["bare"],
            "bare uvicorn",
            1.0,
            less=True,
        ),
        figure("CPU, the design's goal", "s/GiB", work["ours"], 1.1, "the goal of the design", 1, less=True),
        figure("CPU against @tus/server", "s/GiB", work["ours"], work["reference"], "@tus/server", 1.0, less=True),
        figure("Peak memory of the server", "MiB", memory, 120.0, "the limit of the design", 1.0, less=True),
        figure(
            "Memory that an upload adds", "MiB", memory - idle, 20.0, "a few buffers and the allocator", 1.0, less=True
        ),
    )
    print(json.dumps({name: [round(second, 2) for second in one.seconds] for name, one in took.items()}))


# --------------------------------------------------------------------------------------------- a thousand small files


class Small:
    """Small files: their bytes differ in the first eight."""

    def __init__(self, salt: bytes) -> None:
        self._block = salt + os.urandom(SMALL_BYTES - 8 - len(salt))

    def content(self, number: int) -> bytes:
        return number.to_bytes(8, "big") + self._block


def by_clients(port: int, requests: list[list[bytes]]) -> None:
    """Let some clients send their requests, each over one connection, one after another."""

    def client(mine: list[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for request in mine:
                line.sendall(request)
                answered(line)

    threads = [threading.Thread(target=client, args=(mine,)) for mine in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ours_of(phone: Person, files: Small) -> list[list[bytes]]:
    """Return creation and PATCH of each file, signed beforehand: a phone's own work is not the server's."""
    shares: list[list[bytes]] = [[] for _ in range(SMALL_CLIENTS)]
    for number in range(SMALL_FILES):
        content = files.content(number)
        creation = core.Creation(SMALL_BYTES, ids.ItemId(ids.new_id()), ids.Sha256(hashlib.sha256(content).hexdigest()))
        pairs = {"item": creation.item, "sha256": creation.sha256}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        announced = {**TUS, "upload-length": str(SMALL_BYTES), "upload-metadata": metadata, "content-length": "0"}
        where = f"{phone.url}{upload_addresses.UPLOADS}"
        length = {"content-length": str(SMALL_BYTES)}
        create = signed(phone, httpx.Request("POST", where, headers=announced))
        patch = signed(
            phone, httpx.Request("PATCH", f"{where}/{core.upload_id(phone.kid, creation)}", headers={**PART, **length})
        )
        shares[number % SMALL_CLIENTS] += [head_of(create), head_of(patch) + content]
    return shares


def to_reference(port: int, files: Small) -> None:
    def client(first: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(first, SMALL_FILES, SMALL_CLIENTS):
                announced = {**TUS, "upload-length": str(SMALL_BYTES), "content-length": "0"}
                line.sendall(head_of(httpx.Request("POST", f"http://127.0.0.1:{port}/files", headers=announced)))
                answer = line.recv(65536).decode()
                where = next(one for one in answer.splitlines() if one.lower().startswith("location: "))[10:]
                patch = httpx.Request("PATCH", where, headers={**PART, "content-length": str(SMALL_BYTES)})
                line.sendall(head_of(patch) + files.content(number))
                answered(line)

    threads = [threading.Thread(target=client, args=(first,)) for first in range(SMALL_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def puts(port: int, files: Small, name: str) -> list[list[bytes]]:
    shares: list[list[bytes]] = [[] for _ in range(SMALL_CLIENTS)]
    for number in range(SMALL_FILES):
        where = f"http://127.0.0.1:{port}/{name}/{number}"
        head = head_of(httpx.Request("PUT", where, headers={"content-length": str(SMALL_BYTES)}))
        shares[number % SMALL_CLIENTS].append(head + files.content(number))
    return shares


def write_and_flush(folder: Path, files: Small) -> None:
    """The floor: each file written, flushed, renamed, and its folder flushed, by one thread."""
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(SMALL_FILES):
        with (folder / f"{number}.part").open("wb", buffering=0) as file:
            file.write(files.content(number))
            os.fsync(file.fileno())
        (folder / f"{number}.part").rename(folder / f"{number}")
        os.fsync(handle)
    os.close(handle)


@pytest.mark.timeout(600)
def test_a_thousand_small_uploads(tmp_path: Path) -> None:
    settings, root = settings_in(tmp_path / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    took = {name: Measured() for name in ("ours", "reference", "nginx", "files")}
    with ExitStack() as stack:
        server = stack.enter_context(serving(settings))
        reference, web = stack.enter_context(tus_server(tmp_path)), stack.enter_context(nginx(tmp_path))
        world = World(settings, Person(settings.public_url, identity=root))
        for number in range(ROUNDS):
            files = Small(bytes([number]))
            requests = ours_of(world.open_case().phone(), files)
            took["ours"].turn(server.pid, partial(by_clients, settings.port, requests))
            took["reference"].turn(reference.pid, partial(to_reference, reference.port, files))
            requests = puts(web.port, files, f"round{number}")
            took["nginx"].turn(web.pid, partial(by_clients, web.port, requests))
            folder = tmp_path / f"files{number}"
            took["files"].turn(None, partial(write_and_flush, folder, files))
    rate = {name: SMALL_FILES / statistics.median(one.seconds) for name, one in took.items()}
    keep(
        tmp_path,
        figure("1,000 x 200 KiB", "files/s", rate["ours"], rate["reference"], "@tus/server: no hash, no flush", 0.9),
        figure(
            "1,000 x 200 KiB against nginx", "files/s", rate["ours"], rate["nginx"], "nginx PUT: no hash, no flush", 0.1
        ),
        figure(
            "1,000 x 200 KiB against files", "files/s", rate["ours"], rate["files"], "write, fsync, rename, fsync", 0.1
        ),
    )
    print(json.dumps({name: [round(second, 2) for second in one.seconds] for name, one in took.items()}))
    print(json.dumps({name: round(statistics.median(one.cpu), 2) for name, one in took.items()}), "CPU seconds")


def keep(folder: Path, *measured: Figure) -> None:
    figures.keep(OUT, folder, measured, FOLLOWING)


def figure(
    name: str, unit: str, ours: float, peer: float, peer_name: str, goal: float, *, less: bool = False
) -> Figure:
    """Print one figure; with `less`, ours may be at most `goal` times the peer's."""
    ratio = ours / peer
    met = ratio <= goal if less else ratio >= goal
    short = "" if met else f" SHORT of {goal}"
    print(f"\n{name}: {ours:,.1f} {unit}; {peer_name} {peer:,.1f}; ratio {ratio:.2f}{short}", end="")
    assert ratio <= goal * BROKEN if less else ratio >= goal / BROKEN, f"{name} is broken"
    return Figure(name, unit, round(ours, 2), round(peer, 2), peer_name, round(ratio, 3), goal, met)
