"""Witnesses as processes of their own, on free ports, and logs with histories to send them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import NoteSigner, NoteVerifier
from evidence.custody.witnessing.witness_request import AddCheckpoint
from server.witness.folder import WitnessFolder
from tests.support import rfc6962
from tests.support.ports import free_port
from tests.support.starter import Process, start
from tests.support.waiting import patience, until

DEADLINE_S = 15.0
LEAVES = [b"leaf %d" % number for number in range(40)]
FORK = [*LEAVES[:5], b"another leaf", *LEAVES[6:]]
GETUIGE = str(Path(sys.executable).parent / "getuige")


def head(log: NoteSigner, size: int, leaves: Sequence[bytes] = LEAVES) -> bytes:
    """Return the signed head of the first `size` leaves."""
    return SignedCheckpoint.sign(Checkpoint(log.name, size, rfc6962.mth(list(leaves[:size]))), log).to_bytes()


def request(log: NoteSigner, old: int, new: int, leaves: Sequence[bytes] = LEAVES) -> bytes:
    """Return an honest request to go from `old` to `new` leaves of a history."""
    return AddCheckpoint(old, tuple(rfc6962.proof(old, list(leaves[:new]))), head(log, new, leaves)).to_bytes()


@dataclass(frozen=True)
class RunningWitness:
    """A witness process."""

    folder: Path
    verifier: NoteVerifier
    port: int
    process: Process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return (self.folder / "output").read_text()

    def add(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=patience(10))

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(
    folder: Path,
    logs: Sequence[NoteVerifier],
    name: str = "w.example/1",
    program: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[RunningWitness]:
    """Run a witness in `folder`, which is made on first use, until the block ends; on a free port, or on this one.

    It is `getuige witness`, unless another `program` is given.
    """
    home = WitnessFolder(folder)
    if not home.key.exists():
        home.create(name)
    (folder / "logs").write_text("# the logs of this witness\n" + "".join(f"{log.vkey}\n" for log in logs))
    port = port or free_port()
    options = ("--folder", str(folder), "--logs", str(folder / "logs"), "--port", str(port))
    with (folder / "output").open("ab") as output:
        if program:
            process: Process = subprocess.Popen([*program, *options], stdout=output, stderr=output)
        else:
            process = start("witness", *options, output=output)
    try:
        witness = RunningWitness(folder, NoteVerifier.parse(home.vkey.read_text().strip()), port, process)
        _until_live(witness)
        yield witness
    finally:
        process.terminate()
        try:
            process.wait(patience(DEADLINE_S))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_live(witness: RunningWitness) -> None:
    until(lambda: witness.process.poll() is not None or _lives(witness), "the witness answers", DEADLINE_S)
    assert witness.process.poll() is None, f"the witness did not start:\n{witness.log}"


def _lives(witness: RunningWitness) -> bool:
    """Whether this very witness answers: while it is started again, a program of another run may take its port.

    A server of Getuige is alive too, and would answer to each head that there is nothing here.
    """
    try:
        return httpx.get(f"{witness.url}/", timeout=patience(2)).text.strip() == witness.verifier.vkey
    except httpx.TransportError:
        return False
