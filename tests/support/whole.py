"""A whole Getuige as `make run` starts it, with its story played."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.programs import need
from tests.support.waiting import patience, until

GETUIGE = Path(sys.executable).parent / "getuige"


READY_S = 180
"""The story takes about twenty seconds; a busy machine gets more."""
PROGRAMS = 6
"""Two brokers, the server, two bridges, the alarm centre's receiver."""

SERVES = "Ctrl-C stops every part"
"""The last thing that it says."""


@dataclass
class Running:
    """A Getuige with its people: its data folder, its first port, and while it runs its first process."""

    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    told_first: str = ""
    """What it printed while the story was played."""

    def start(self) -> None:
        """Start everything as `make run` does, and wait until the story was played."""
        command = [str(GETUIGE), "run", "--data", str(self.data), "--port", str(self.port)]
        with self._heard.open("wb") as out:
            environment = {**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
            process = subprocess.Popen(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
            )
        self.process = process
        until(lambda: SERVES in self.said or process.poll() is not None, "the story was played", READY_S)
        assert SERVES in self.said, self.said[-4000:]
        self.told_first = self.told_first or self.said

    def stop(self) -> None:
        """Press Ctrl-C: it ends in order, and leaves no child."""
        assert self.process is not None
        left = self.children()
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(patience(20))
        finally:
            self.process.kill()
            self.process.wait()
        assert code == 0, self.said[-2000:]
        assert len(left) == PROGRAMS
        assert not alive(left)

    @property
    def said(self) -> str:
        """What it printed since it was started."""
        return self._heard.read_text("utf-8")

    @property
    def url(self) -> str:
        addresses = json.loads((self.data / "run.json").read_text("utf-8"))["addresses"]
        return str(addresses["review"]).removesuffix("/review")

    @property
    def phrases(self) -> dict[str, str]:
        """Whose pass phrase is what."""
        who = ("marit", "ilse", "daan")
        return {name: (self.data / "people" / name / "phrase.txt").read_text("utf-8").strip() for name in who}

    def children(self) -> set[int]:
        """The process ids of its children."""
        assert self.process is not None
        return children(self.process.pid)

    def parts(self, name: str) -> list[int]:
        """The process ids of the children that carry out the command `name`."""
        found = [pid for pid in sorted(self.children()) if re.search(rf"main\(\) {name}\b", _command_line(pid))]
        assert found, f"no {name} runs"
        return found

    @property
    def _heard(self) -> Path:
        return self.data.parent / "said.txt"


def children(pid: int) -> set[int]:
    """Return the process ids of the direct children of `pid`."""
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def alive(pids: set[int]) -> set[int]:
    """Return those of `pids` that still run; a zombie does not run any more."""
    found = set()
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.add(pid)
    return found


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _free_stretch() -> int:
    """A port with room behind it: five for the parts, and 100 further on one for each broker's own protocol.

    Below the range from which the machine hands out ports by itself, so that nobody takes one meanwhile.
    """
    for first in random.sample(range(20_000, 32_000, 200), 40):
        with contextlib.ExitStack() as held:
            try:
                for port in (*range(first, first + 8), *range(first + 100, first + 108)):
                    held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    pytest.fail("no free stretch of ports on this machine")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pictures: tuple[Path, ...]) -> Iterator[Running]:
    """Start everything as `make run` does, wait until the story was played, and stop it afterwards."""
    assert pictures
    need("nats-server")
    started = Running(tmp_path_factory.mktemp("whole") / "var", _free_stretch())
    try:
        started.start()
        yield started
    finally:
        if started.process is not None and started.process.poll() is None:
            started.stop()
