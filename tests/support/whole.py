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

from tests.support.waiting import patience, until

GETUIGE = Path(sys.executable).parent / "getuige"


READY_S = 180
"""The story takes about twenty seconds; a busy machine gets more."""


@dataclass(frozen=True)
class Running:
    """A running Getuige: where it is, whose phrase is what, its data folder, its first process."""

    url: str
    phrases: dict[str, str]
    data: Path
    process: subprocess.Popen[bytes]

    def parts(self, name: str) -> list[int]:
        """The process ids of the children that carry out the command `name`."""
        listed = subprocess.run(["ps", "-eww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        ours = {pid for pid, parent, _ in rows if int(parent) == self.process.pid}
        found = [int(pid) for pid, _, line in rows if pid in ours and re.search(rf"main\(\) {name}\b", line)]
        assert found, f"no {name} runs"
        return found


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
    data = tmp_path_factory.mktemp("whole") / "var"
    said = data.parent / "said.txt"
    command = [str(GETUIGE), "run", "--data", str(data), "--port", str(_free_stretch())]
    with said.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "200"}
        )
    try:

        def told() -> bool:
            return "Getuige is running" in said.read_text("utf-8")

        until(lambda: told() or process.poll() is not None, "the story was played", READY_S)
        assert told(), said.read_text("utf-8")[-4000:]
        address = json.loads((data / "run.json").read_text("utf-8"))["addresses"]["review"]
        phrases = {
            handle: (data / "people" / handle / "phrase.txt").read_text("utf-8").strip()
            for handle in ("marit", "ilse", "daan")
        }
        yield Running(address.removesuffix("/review"), phrases, data, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(patience(20))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
