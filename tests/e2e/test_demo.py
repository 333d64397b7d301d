"""`getuige demo` killed in the middle of its story, and the ports that it takes; the rest is in browser/test_whole.py.

Real processes on free ports, with small files of its own instead of fetched media, so that no registry is asked.
"""

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import wave
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from server.demo.media import LARGE_BYTES
from server.demo.supervisor import MAX_PORT, free_port
from tests.support.programs import need
from tests.support.waiting import patience, until
from tests.support.whole import PROGRAMS, alive, children

GETUIGE = (sys.executable, "-c", "from server.cli import main; main()")
DEADLINE_S = 120
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three photographs, a sound, a clip and a large file. The clips are only carried, never played."""
    folder = tmp_path_factory.mktemp("media")
    for number in range(3):
        Image.effect_noise((320, 240), 60 + number).convert("RGB").save(folder / f"photo-{number}.jpg")
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(os.urandom(16000))
    (folder / "clip.mp4").write_bytes(os.urandom(300_000))
    (folder / "long.mp4").write_bytes(os.urandom(LARGE_BYTES + 1_000_000))
    return folder


@pytest.mark.faults
def test_a_story_that_was_killed_leaves_no_child_and_goes_on_without_repeating_itself(
    tmp_path: Path, media: Path
) -> None:
    need("nats-server")
    data = tmp_path / "var"
    for step in ("incidents", "alarm"):
        process = _start("demo", data, media)
        _until_noted(data, step, process)
        try:
            left = until(partial(_programs, process.pid), "its programs run, and nothing that it started for a moment")
        finally:
            process.kill()
            process.communicate()
        assert left is not None
        until(partial(_all_gone, left), "no child is left")
    result = _demo(data, media)
    assert result.returncode == 0, result.stdout + result.stderr
    with sqlite3.connect(data / "getuige.db") as database:
        kinds = [row[0] for row in database.execute("SELECT type FROM events")]
    for kind, count in {"case.open": 1, "device.enrol": 1, "team.open": 1, "grant": 2, "export": 1}.items():
        assert kinds.count(kind) == count, kind


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert free_port(taken) != taken
        assert free_port(taken - 100, beside=(100,)) != taken - 100
    assert free_port(MAX_PORT + 1) <= MAX_PORT
    assert free_port(MAX_PORT - 50, beside=(100,)) <= MAX_PORT - 100


def _start(command: str, data: Path, media: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    port = () if (data / "run.json").exists() else ("--port", str(_free_base()))  # a used folder keeps its own
    arguments = (*GETUIGE, command, "--data", str(data), "--media", str(media), *port)
    return subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )


def _demo(data: Path, media: Path) -> "subprocess.CompletedProcess[str]":
    process = _start("demo", data, media)
    said, trouble = process.communicate(timeout=patience(DEADLINE_S))
    return subprocess.CompletedProcess(process.args, process.returncode, said, trouble)


def _free_base() -> int:
    """Return a free port below those of outgoing connections, which would take its neighbours before they are used."""
    return free_port(10_000 + secrets.randbelow(20_000))


def _until_noted(data: Path, step: str, process: "subprocess.Popen[str]") -> None:
    """Wait until the step before the next one is noted in run.json."""

    def noted() -> bool:
        file = data / "run.json"
        return file.exists() and step in json.loads(file.read_text())["steps"]

    until(lambda: process.poll() is not None or noted(), f"{step} is reached", DEADLINE_S)
    assert noted(), f"{step} was not reached: {''.join(process.communicate())}"


def _programs(pid: int) -> set[int] | None:
    left = children(pid)
    return left if len(left) == PROGRAMS else None


def _all_gone(pids: set[int]) -> bool:
    return not alive(pids)
