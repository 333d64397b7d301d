"""The peers of `uploads.py`: servers of other people that store a body in a file, each a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port
from tests.support.programs import need
from tests.support.waiting import until

FOREIGN = Path(__file__).parent.parent / "interop" / "foreign"
NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/arriving; client_body_buffer_size 1m;
  keepalive_requests 100000;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; dav_methods PUT; create_full_put_path on; }}
}}
"""


@dataclass(frozen=True)
class Peer:
    """A server that runs: where it listens, and its process."""

    port: int
    pid: int


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def bare_uvicorn(folder: Path) -> Iterator[Peer]:
    """A uvicorn with nothing but reading, hashing, writing and one flush (`bare_upload.py`)."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.bench.bare_upload:app", "--port", str(port), "--log-level=error"]
    env = {**os.environ, "BARE_UPLOAD_FILE": str(folder / "bare")}
    with subprocess.Popen([*command, "--http=httptools"], env=env) as process:
        try:
            until(lambda: _answers(port), "the bare server answers")
            yield Peer(port, process.pid)
        finally:
            process.kill()


@contextmanager
def tus_server(folder: Path) -> Iterator[Peer]:
    """`@tus/server` with its file store: no hash, no flush."""
    command = [str(need("node")), "reference.mjs", str(folder / "tus")]
    with subprocess.Popen(command, cwd=FOREIGN, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Peer(int(process.stdout.readline()), process.pid)
        finally:
            process.kill()


@contextmanager
def nginx(folder: Path) -> Iterator[Peer]:
    """Debian's nginx that takes PUT: no hash, no flush."""
    port, own = free_port(), folder / "nginx"
    for name in ("files", "arriving"):
        (own / name).mkdir(parents=True)
    (own / "nginx.conf").write_text(NGINX.format(folder=own, port=port))
    command = [str(need("nginx")), "-p", str(own), "-c", str(own / "nginx.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: _answers(port), "nginx answers")
            (worker,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield Peer(port, int(worker))
        finally:
            process.terminate()
