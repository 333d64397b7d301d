"""Rotates the key of a log and is killed with SIGKILL at one point after the other, each time in a copy of a folder.

Called by `test_rotation_crash.py` with a founded data folder, a folder for the copies and the greatest number of
points. Points are every file of the data folder that is opened for writing, named, made or removed (seen by an audit
hook, so that the code under test knows nothing of it), and both sides of every commit. A run without a kill first
counts them. The numbers and names of the points that were killed are printed after `killed at`, one a line.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from evidence import keys
from server.rotation import rotating
from server.settings import Settings

ROOT_KEY = keys.Identity(bytes([7]) * 32, bytes([8]) * 32)
FILE_EVENTS = {"open", "os.link", "os.rename", "os.mkdir"}


def run(folder: Path, deadly: int) -> list[str]:
    """Rotate, and die just before point number `deadly` (never, when there are fewer)."""
    names: list[str] = []

    def point(name: str) -> None:
        names.append(name)
        if len(names) == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(kind: str, arguments: tuple[object, ...]) -> None:
        if kind not in FILE_EVENTS or str(folder) not in str(arguments[0]):
            return
        writes = kind != "open" or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if writes:
            point(f"{kind} {Path(str(arguments[0])).name}")

    event.listen(Engine, "commit", lambda _connection: point("before a commit"))
    event.listen(Engine, "checkin", lambda _connection, _record: point("after a transaction"))
    sys.addaudithook(hook)
    rotating.rotate(Settings(data=folder), ROOT_KEY)
    return names


def in_child(template: Path, folder: Path, deadly: int) -> list[str] | None:
    """Run in a child process; return the names of the points, or None when it was killed."""
    shutil.copytree(template, folder)
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
    """Kill one run at each point, or at so many of them, evenly spread."""
    template, base, most = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    names = in_child(template, base / "whole", 0)
    if names is None:
        raise SystemExit("the run without a kill was killed")
    step = max(1, -(-len(names) // most))
    for deadly in range(1, len(names) + 1, step):
        in_child(template, base / str(deadly), deadly)
        sys.stdout.write(f"killed at {deadly} {names[deadly - 1]}\n")


if __name__ == "__main__":
    main()
