"""A start that fails says why in one line, and serves nobody; readiness says of a running server what is not well."""

import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from evidence import keys
from server import cli
from server.founding import found
from server.layout import Layout
from server.settings import Settings
from tests.support.ports import free_port
from tests.support.server_world import Person, World, problem, running, settings_in
from tests.support.waiting import until


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that was served once, with some events in its log."""
    folder = tmp_path_factory.mktemp("used") / "data"
    settings = settings_in(folder)
    with running(settings) as root:
        World(settings, Person(settings.public_url, identity=root)).open_case()
        until((folder / "log" / "checkpoint").exists, "a head is published")
    return folder


@pytest.fixture
def calm() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    hook = sys.excepthook
    yield
    sys.excepthook = hook
    for number, handler in kept.items():
        signal.signal(number, handler)


def _no_key(data: Path) -> None:
    Layout(data).log_key.unlink()


def _odd_key(data: Path) -> None:
    Layout(data).server_key.write_bytes(b"\x00\xff")


def _corrupt_log(data: Path) -> None:
    for tile in (data / "log" / "tile" / "0").rglob("*"):
        if tile.is_file():
            tile.write_bytes(bytes(len(tile.read_bytes())))


def _no_log(data: Path) -> None:
    shutil.rmtree(data / "log")


def _newer_database(data: Path) -> None:
    with sqlite3.connect(data / "getuige.db") as base:
        base.execute("UPDATE alembic_version SET version_num = '9999'")
    base.close()


def _no_database(data: Path) -> None:
    (data / "getuige.db").write_bytes(b"no database at all" * 300)


def _lost_database(data: Path) -> None:
    for name in ("getuige.db", "getuige.db-wal", "getuige.db-shm"):
        (data / name).unlink(missing_ok=True)


FAULTS: dict[Callable[[Path], None], str] = {
    _no_key: "log.key is missing: the journal says that the log",
    _odd_key: "server.key holds no service key",
    _corrupt_log: "is not the log of the database",
    _no_log: "is not the log of the database",
    _newer_database: "step 9999, which this Getuige does not know",
    _no_database: "the database cannot be used",
    _lost_database: "the root has not certified this server's key",
}


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__.strip("_"))
def test_a_folder_that_is_not_well(
    fault: Callable[[Path], None],
    used: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "data"
    shutil.copytree(used, data)
    fault(data)
    monkeypatch.setenv("GETUIGE_DATA", str(data))
    monkeypatch.setenv("GETUIGE_PORT", str(free_port()))
    assert FAULTS[fault] in _refusal(monkeypatch, capfd)


@pytest.mark.usefixtures("calm")
def test_a_port_that_is_taken(used: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("GETUIGE_DATA", str(used))
        monkeypatch.setenv("GETUIGE_PORT", str(other.getsockname()[1]))
        assert "something listens there already" in _refusal(monkeypatch, capfd)


@pytest.mark.usefixtures("calm")
def test_a_database_that_is_away(
    used: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GETUIGE_DATA", str(used))
    monkeypatch.setenv("GETUIGE_PORT", str(free_port()))
    monkeypatch.setenv("GETUIGE_DATABASE_URL", "postgresql+psycopg://getuige:hunter2@127.0.0.1:9/getuige")
    said = _refusal(monkeypatch, capfd)
    assert "the database does not answer" in said
    assert "hunter2" not in said


@pytest.mark.usefixtures("calm")
def test_a_second_host_with_a_folder_of_its_own(
    used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It was founded for itself, and then pointed at the database of the first."""
    data, root = tmp_path / "second", keys.Identity.generate()
    found(Settings(data=data), root, "Second")
    monkeypatch.setenv("GETUIGE_DATA", str(data))
    monkeypatch.setenv("GETUIGE_PORT", str(free_port()))
    monkeypatch.setenv("GETUIGE_DATABASE_URL", f"sqlite:///{used / 'getuige.db'}")
    assert "the root has not certified this server's key" in _refusal(monkeypatch, capfd)
    shutil.copytree(used / "secrets", data / "secrets", dirs_exist_ok=True)
    assert "is not the log of the database" in _refusal(monkeypatch, capfd)
    shutil.rmtree(data / "log")
    assert "is not the log of the database" in _refusal(monkeypatch, capfd)


def _refusal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    """Start `getuige serve`, which must not serve, and return the one line of why."""
    monkeypatch.setattr(sys, "argv", ["getuige", "serve"])
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capfd.readouterr().err
    assert ended.value.code == cli.EXIT_REFUSED
    for line in said.splitlines()[:-1]:
        assert line.startswith('{"') and "library" not in line, said  # noqa: PT018 - one question
    return said.splitlines()[-1]


def test_a_log_that_stops_is_not_ready_and_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running(settings) as root:
        assert _ready(settings).json() == {"ready": True, "trouble": {}}
        until((tmp_path / "data" / "log" / "checkpoint").exists, "a head is published")
        _corrupt_log(tmp_path / "data")
        (tmp_path / "data" / "log" / "checkpoint").write_bytes(b"something else")
        World(settings, Person(settings.public_url, identity=root)).open_case()
        until(lambda: _ready(settings).status_code == 503, "the log has stopped")
        answer = _ready(settings)
        assert problem(answer) == "not-ready"
        assert "CorruptLogError" in answer.json()["trouble"]["log"]
        assert not answer.json()["ready"]
        desk = httpx.get(f"{settings.public_url}/health/ready/alarms")
        assert desk.json() == {"ready": True, "trouble": {}}, (
            "a log that stands still keeps no dispatcher from an alarm"
        )
        assert httpx.get(f"{settings.public_url}/health/live").status_code == 200


def _ready(settings: Settings) -> httpx.Response:
    return httpx.get(f"{settings.public_url}/health/ready")
