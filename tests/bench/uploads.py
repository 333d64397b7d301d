"""How fast a large upload becomes durable and hashed, beside a bare server and `cp` with a flush, turn by turn.

Run by `make bench-uploads`. Writes `var/bench/uploads.json`. A figure short of its goal is printed as SHORT; the test
fails only when one is so far off that something must be broken. GETUIGE_BENCH_GIB=4 sends more than the default of 1.
"""

import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from evidence import keys
from server.founding import found
from tests.api.world import TUS, Person, Signed, World, free_port, settings_in, until
from tests.bench.evidence import Figure, fdatasync_ms
from tests.faults.test_server_killed import serving

MIB = 1024 * 1024
SIZE = int(os.environ.get("GETUIGE_BENCH_GIB", "1")) * 1024 * MIB
ROUNDS = 3
OUT = Path(__file__).parent.parent.parent / "var" / "bench" / "uploads.json"
BROKEN = 10
"""A figure ten times short of its goal is a fault, not a slow day."""


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


def send(port: int, request: httpx.Request, film: Path) -> float:
    """Send a request with the film as its body by sendfile(2), which costs nearly nothing; return the seconds."""
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection, film.open("rb") as file:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        connection.sendfile(file)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 204"), answer
    return time.perf_counter() - begun


def cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(process: int) -> float:
    line = next(one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@contextmanager
def bare(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the bare server; yield its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.bench.bare_upload:app", "--port", str(port), "--log-level=error"]
    process = subprocess.Popen(
        [*command, "--http=httptools"], env={**os.environ, "BARE_UPLOAD_FILE": str(folder / "bare")}
    )
    try:
        until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "the bare server answers")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def copy_and_flush(film: Path, target: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(["cp", film, target], check=True)
    subprocess.run(["sync", "--data", target], check=True)
    seconds = time.perf_counter() - begun
    target.unlink()
    return seconds


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the probing sockets of `until`
@pytest.mark.timeout(900)
def test_one_large_upload(film: tuple[Path, str], tmp_path: Path) -> None:
    path, sha256 = film
    settings = settings_in(tmp_path / "data")
    root = keys.Identity.generate()
    found(settings, root, "Filomena")
    times: dict[str, list[float]] = {"ours": [], "bare": [], "cp": []}
    cpu: dict[str, list[float]] = {"ours": [], "bare": []}
    with serving(settings) as server, bare(tmp_path) as (port, bare_process):
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
        for _ in range(ROUNDS):
            where = phone.create(SIZE, sha256).headers["location"]
            request = httpx.Request(
                "PATCH",
                where,
                headers={
                    **TUS,
                    "content-type": "application/offset+octet-stream",
                    "upload-offset": "0",
                    "content-length": str(SIZE),
                },
            )
            next(Signed(phone.identity).auth_flow(request))
            before = cpu_s(server.pid)
            times["ours"].append(send(settings.port, request, path))
            cpu["ours"].append(cpu_s(server.pid) - before)
            (settings.data / "blobs" / sha256[:2] / sha256).unlink()
            plain = httpx.Request("PUT", f"http://127.0.0.1:{port}/", headers={"content-length": str(SIZE)})
            before = cpu_s(bare_process)
            times["bare"].append(send(port, plain, path))
            cpu["bare"].append(cpu_s(bare_process) - before)
            times["cp"].append(copy_and_flush(path, tmp_path / "copy"))
        memory = peak_mib(server.pid)
    gib = SIZE / MIB / 1024
    rate = {name: SIZE / MIB / statistics.median(each) for name, each in times.items()}
    work = {name: statistics.median(each) / gib for name, each in cpu.items()}
    figures = [
        figure("Upload, durable and hashed", "MiB/s", rate["ours"], rate["bare"], "bare uvicorn, hashed, flushed", 0.9),
        figure("Upload against cp and sync", "MiB/s", rate["ours"], rate["cp"], "cp + sync, no hash", 0.4),
        figure(
            "CPU of the server, the less the better",
            "s/GiB",
            work["ours"],
            work["bare"],
            "bare uvicorn",
            1.2,
            less=True,
        ),
        figure("Peak memory of the server", "MiB", memory, 120.0, "the limit of the design", 1.0, less=True),
    ]
    document = {"cores": os.cpu_count(), "fdatasync_ms": round(fdatasync_ms(tmp_path), 4), "gib": gib}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({**document, "figures": [asdict(one) for one in figures]}, indent=1) + "\n")
    print(f"\n{document}; seconds: {json.dumps({name: [round(s, 2) for s in each] for name, each in times.items()})}")


def figure(
    name: str, unit: str, ours: float, peer: float, peer_name: str, goal: float, *, less: bool = False
) -> Figure:
    """Print one figure; with `less`, ours may be at most `goal` times the peer's."""
    ratio = ours / peer
    met = ratio <= goal if less else ratio >= goal
    print(
        f"\n{name}: {ours:,.1f} {unit}; {peer_name} {peer:,.1f}; ratio {ratio:.2f}{'' if met else f' SHORT of {goal}'}"
    )
    assert ratio <= goal * BROKEN if less else ratio >= goal / BROKEN, f"{name} is broken"
    return Figure(name, unit, round(ours, 2), round(peer, 2), peer_name, round(ratio, 3), goal, met)
