"""Runs an integrator that is killed with SIGKILL at every point in turn, each time in a folder of its own.

Called by `test_custody_crash.py` with a folder. Points are every file that is opened for writing, named, made or
removed (seen by an audit hook, so that the code under test knows nothing of it), and both sides of signing, of the
head swap and of each witness. A run without a kill first counts them; their names are printed, one a line.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from evidence.custody.log.integrator import Head, Integrator
from evidence.custody.log.note import KeyType, NoteSignature, NoteSigner
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support.heads import SqliteHeadStore

LOG_SEED, WITNESS_SEED = bytes(32), bytes([1]) * 32
LEAVES = [b"leaf %d" % number for number in range(700)]
BATCHES = ((0, 3), (3, 300), (300, 301))
FILE_EVENTS = {"open", "os.link", "os.rename", "os.mkdir", "os.remove"}

Point = Callable[[str], None]


class RecordingSigner(NoteSigner):
    """Remembers every signature outside the log before letting go of it."""

    record: Path
    point: Point

    def sign(self, text: bytes) -> NoteSignature:
        self.point("before signing")
        signature = super().sign(text)
        append(self.record, text)
        self.point("after signing")
        return signature


class PointedHeads(SqliteHeadStore):
    point: Point

    def swap(self, expected: Head | None, new: Head) -> bool:
        self.point("before the swap")
        done = super().swap(expected, new)
        self.point("after the swap")
        return done


class PointedWitness(Witness):
    point: Point

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:
        self.point("before a witness")
        line = super().add_checkpoint(old_size, proof, note_bytes, now)
        self.point("after a witness")
        return line


def append(path: Path, record: bytes) -> None:
    with path.open("ab") as file:
        file.write(record + b"\n")
        file.flush()
        os.fsync(file.fileno())


def make_integrator(folder: Path, point: Point) -> Integrator:
    signer = RecordingSigner("log.example", KeyType.ED25519, LOG_SEED)
    object.__setattr__(signer, "record", folder / "signed")
    object.__setattr__(signer, "point", point)
    heads = PointedHeads(folder / "heads.db")
    heads.point = point
    witness = PointedWitness(
        NoteSigner("w.example", KeyType.COSIGNATURE_V1, WITNESS_SEED),
        FileWitnessState(folder / "witness"),
        [signer.verifier],
    )
    witness.point = point
    return Integrator(folder / "log", signer, heads, [witness])


def run(folder: Path, deadly: int) -> list[str]:
    """Integrate the batches, and die just before point number `deadly` (never, when there are fewer)."""
    names: list[str] = []

    def point(name: str) -> None:
        names.append(name)
        if len(names) == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in FILE_EVENTS or str(folder) not in str(arguments[0]):
            return
        writes = event != "open" or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if writes and not str(arguments[0]).endswith("signed"):
            point(f"{event} {Path(str(arguments[0])).name}")

    integrator = make_integrator(folder, point)
    sys.addaudithook(hook)
    for start, end in BATCHES:
        head = integrator.integrate(LEAVES[start:end], start=start)
        append(folder / "answered", b"%d" % head.checkpoint.size)
    return names


def in_child(folder: Path, deadly: int) -> list[str] | None:
    """Run in a child process; return the names of the points, or None when it was killed."""
    folder.mkdir()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, "\n".join(run(folder, deadly)).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:  # noqa: PTH123 - a pipe, not a path
        names = pipe.read().split("\n")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status != 0:
        raise SystemExit(f"the child at point {deadly} failed")
    return names


def main() -> None:
    """Kill one run at each point."""
    base = Path(sys.argv[1])
    names = in_child(base / "whole", 0)
    if names is None:
        raise SystemExit("the run without a kill was killed")
    for deadly in range(1, len(names) + 1):
        if in_child(base / str(deadly), deadly) is not None:
            raise SystemExit(f"nothing was killed at point {deadly}")
    sys.stdout.write("\n".join(names))


if __name__ == "__main__":
    main()
