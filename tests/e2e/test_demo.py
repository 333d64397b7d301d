"""`getuige demo` and `getuige run` as a stranger starts them: each step holds, once a folder, and no child stays.

Real processes on free ports, with small files of its own instead of fetched media, so that no registry is asked.
"""

import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import wave
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from evidence.bundle.format import layout
from evidence.bundle.making import zipapp
from evidence.statements import event as events
from server.demo.media import LARGE_BYTES
from server.demo.play import PARTS
from server.demo.supervisor import MAX_PORT, free_port
from tests.support import verify_sh
from tests.support.programs import need
from tests.support.waiting import patience, until

GETUIGE = (sys.executable, "-c", "from server.cli import main; main()")
README = Path(__file__).parents[2] / "README.md"
DEADLINE_S = 120
PROGRAMS = 6
"""Two brokers, the server, two bridges, the alarm centre's receiver."""

STEPS = [step for part in PARTS for step in part.steps]

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


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, media: Path) -> tuple[Path, str]:
    """Play the whole story once; return the data folder and what was printed."""
    need("nats-server")
    data = tmp_path_factory.mktemp("demo") / "var"
    result = _demo(data, media)
    assert result.returncode == 0, result.stdout + result.stderr
    return data, result.stdout


def test_every_step_holds_and_is_told(first: tuple[Path, str]) -> None:
    data, said = first
    for step in STEPS:
        assert f"✓ {step.title}: " in said
    assert "Every step held." in said
    noted = json.loads((data / "run.json").read_text())["steps"]
    assert noted.keys() == {step.name for step in STEPS}
    assert "getuige-invite-1?u=http://localhost:" in said
    assert "█" in said  # the QR code


def test_the_data_folder_is_laid_out_as_the_readme_says(first: tuple[Path, str]) -> None:
    data, _ = first
    block = README.read_text().split("## The data folder")[1].split("```")[1]
    shown = {"getuige.db", "blobs", "uploads", "log", "log.vkey", "trust", "exports", "bridge", "secrets", "people"}
    for name in shown | {"logs", "run.json", "brokers/a", "brokers/b"}:
        assert name in block, f"the README does not name {name}"
        assert (data / name).exists(), f"{name} is not in the data folder"
    assert {path.name for path in (data / "trust").iterdir()} == {"root.pub", "log.vkey", "policy", "tsa-roots.pem"}
    assert (data / "log" / "checkpoint").exists()
    assert list((data / "exports").glob("*.zip"))
    for private in (*(data / "secrets").glob("*.key"), *(data / "people").rglob("locked-key.json")):
        assert private.stat().st_mode & 0o077 == 0, private


@pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash", "bash")
def test_every_verifier_says_that_the_demonstrations_own_bundles_hold(first: tuple[Path, str], tmp_path: Path) -> None:
    """Several sealed items, one of them large and begun first: what a court would run on them."""
    data, _ = first
    (bundle,) = (data / "exports").glob("*.zip")
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "sealed")
    (sealed,) = (tmp_path / "sealed").iterdir()
    (opened,) = (data / "people").glob("*/opened")
    zipapp.build(tmp_path / "getuige-verify.pyz")
    types = {events.parse(path.read_bytes()).statement.type for path in (sealed / layout.EVENTS).iterdir()}
    assert {"item.open", "item.seal"} <= types
    for path in (bundle, sealed, opened):
        for command in ((*GETUIGE, "verify"), (sys.executable, str(tmp_path / "getuige-verify.pyz"))):
            done = subprocess.run(
                [*command, str(path), "--trust", str(data / "trust")], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
    for path, shell in ((sealed, "bash"), (opened, "dash")):
        code, said = verify_sh.run(path, data / "trust", shell)
        assert (code, "FAIL" in said, "INCOMPLETE" in said) == (0, False, False), said


def test_a_used_folder_is_not_seeded_twice_serves_once_and_ctrl_c_stops_every_child(
    first: tuple[Path, str], media: Path
) -> None:
    data, _ = first
    before = _contents(data)
    with _serving(data, media) as (process, said):
        assert said.count("done before") == len(STEPS)
        assert _contents(data) == before
        assert "sign in as marit" in said
        assert "/console" in said
        children = _children(process.pid)
        assert len(children) == PROGRAMS
        second = _demo(data, media)
        assert second.returncode == 1
        assert "in use by another process" in second.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(patience(DEADLINE_S)) == 0
        assert not _alive(children)
    assert _contents(data) == before


@pytest.mark.faults
def test_a_story_that_was_killed_leaves_no_child_and_goes_on_without_repeating_itself(
    tmp_path: Path, media: Path
) -> None:
    need("nats-server")
    data = tmp_path / "var"
    for step in ("incidents", "alarm"):
        process = _start("demo", data, media)
        _until_noted(data, step, process)
        children = _children(process.pid)
        assert len(children) == PROGRAMS
        process.kill()
        process.communicate()
        until(partial(_all_gone, children), "no child is left")
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


@contextmanager
def _serving(data: Path, media: Path) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """Yield a `getuige run` that serves, with what it said until then."""
    process = _start("run", data, media)
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "Ctrl-C stops" in line:
                break
        assert "Ctrl-C stops" in said, said
        yield process, said
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=patience(DEADLINE_S))


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


def _contents(data: Path) -> tuple[int, set[str]]:
    """Return the number of events, and the names of all sealed items."""
    with sqlite3.connect(data / "getuige.db") as database:
        (events,) = database.execute("SELECT count(*) FROM events").fetchone()
    return events, {path.name for path in (data / "blobs").rglob("*") if path.is_file()}


def _children(pid: int) -> set[int]:
    """Return the process ids of the direct children of `pid`."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(word) for word in tasks.read_text().split()}


def _all_gone(pids: set[int]) -> bool:
    return not _alive(pids)


def _alive(pids: set[int]) -> set[int]:
    """Return those of `pids` that still run; a zombie does not run any more."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.add(pid)
    return found
