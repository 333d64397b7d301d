"""How long each program takes until it works: the press lane with ten thousand devices, the server, and commands.

Run by `make bench-alarms`, into the same file. Processor time stands beside the time that passes: the one is ours, the
other is also the machine's. How long a bridge takes stands with what it does at rest.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from device_bridge.lane import link, snapshot
from device_bridge.lane.snapshot import Known
from device_bridge.process import orders_of
from device_bridge.settings import BridgeSettings
from evidence import ids, keyfile, keys
from server.founding import found
from tests.bench.alarm_figures import Figures, figures
from tests.support.ports import free_port
from tests.support.server_process import variables
from tests.support.server_world import settings_in
from tests.support.waiting import until

FIXTURES = (figures,)
CROWD = int(os.environ.get("GETUIGE_CROWD", "10000"))
TURNS = 5
GETUIGE = str(Path(sys.executable).parent / "getuige")
COMMANDS = (
    *("--help", "verify --help", "open --help", "export --help", "serve --help", "log --help", "bridge --help"),
    *("staff --help", "staff caseworker --help", "vault --help", "phone --help"),
)


@dataclass(frozen=True)
class Took:
    """Seconds that passed, and seconds of a processor."""

    passed_s: float
    cpu_s: float


def started(command: list[str], works: Callable[[], object], **environment: str) -> Took:
    """Start a program, wait until it works, and end it."""
    before, begun = _children_s(), time.perf_counter()
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: process.poll() is not None or works(), f"{command[-1]} works", 60)
            assert process.poll() is None
            passed_s = time.perf_counter() - begun
        finally:
            process.terminate()
    return Took(passed_s, _children_s() - before)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_start_of_the_lane(tmp_path: Path, figures: Figures) -> None:
    settings = BridgeSettings(data=tmp_path, brokers=(f"mqtt://127.0.0.1:{free_port()}",), broker_login=False)
    folder = settings.folder
    folder.mkdir(parents=True)
    bridge = keyfile.load_or_create_bridge(settings.bridge_key_file)
    orders_of(settings).write(folder)
    case = ids.CaseId(ids.new_id())
    signs = [keys.SigningKey.generate().sign_public for _ in range(100)]
    known = [Known(ids.DeviceId(ids.new_id()), case, signs[n % 100], "3min", None, None) for n in range(CROWD)]
    snapshot.write(folder / snapshot.NAME, bridge, 1, known)

    def listens() -> bool:
        sock = link.connect(folder)
        if sock is not None:
            sock.close()
        return sock is not None

    found = [started([sys.executable, "-m", "device_bridge.lane", str(folder)], listens) for _ in range(TURNS)]
    name = f"Start of the lane with {CROWD:,} devices"
    _keep(figures, name, found, 0.5, "structlog brings asyncio: a logger of its own for the lane")


def test_start_of_the_server(tmp_path: Path, figures: Figures) -> None:
    settings = settings_in(tmp_path / "data")
    found(settings, keys.Identity.generate(), "Bench")

    def answers() -> bool:
        try:
            return httpx.get(f"{settings.public_url}/health/live", timeout=1).is_success
        except httpx.TransportError:
            return False

    took = [started([GETUIGE, "serve"], answers, **variables(settings)) for _ in range(TURNS)]
    _keep(figures, "Start of the server until it answers", took, 2.0, "its imports: FastAPI, pydantic, SQLAlchemy")


def test_start_of_commands(figures: Figures) -> None:
    for words in COMMANDS:
        took = [_run([GETUIGE, *words.split()]) for _ in range(TURNS)]
        _keep(figures, f"getuige {words}", took, 0.5, "which modules: `python -X importtime`")


def _run(command: list[str]) -> Took:
    before, begun = _children_s(), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return Took(time.perf_counter() - begun, _children_s() - before)


def _keep(figures: Figures, name: str, took: list[Took], limit_s: float, following: str) -> None:
    passed, cpu = (
        statistics.median(values) for values in zip(*((one.passed_s, one.cpu_s) for one in took), strict=True)
    )
    figures.at_most(name, "s", passed, ("the design's limit", limit_s), 1, following)
    figures.at_most(f"{name}: processor time", "s", cpu, ("the design's limit", limit_s), 1, following)


@pytest.fixture(autouse=True)
def _imports_are_compiled() -> None:
    """What is measured is a start, not the first one after an installation."""
    subprocess.run([GETUIGE, "--help"], stdout=subprocess.DEVNULL, check=True)
