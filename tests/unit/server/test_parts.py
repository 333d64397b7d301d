"""Proves the small parts of the server: founding, secrets, challenges, ranges, logs, metrics, limits on hosts."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.auth import challenges
from server.edge import allowed_hosts
from server.founding import FoundingError, found
from server.items.routes import parse_range
from server.metrics import Metrics
from server.problems import ProblemError
from server.settings import Settings
from tests.support.ports import free_port
from tests.support.waiting import patience

KEY = bytes(range(32))


def test_founding_twice_changes_nothing_and_another_root_is_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    root = keys.Identity.generate()
    first = found(settings, root, "Filomena")
    before = {
        path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file() and "db" not in path.name
    }
    assert found(settings, root, "Filomena") == first
    assert {path: path.read_bytes() for path in before} == before
    engine = open_engine(settings.database_url)
    stored = SqlJournal(engine).read(limit=10)
    engine.dispose()
    assert len(stored) == 2
    assert trust.load(tmp_path / "data" / "trust").root == root.sign_public
    with pytest.raises(FoundingError):
        found(settings, keys.Identity.generate(), "iemand anders")


def test_the_roots_key_is_nowhere_in_the_data_folder(tmp_path: Path) -> None:
    root = keys.Identity.generate()
    found(Settings(data=tmp_path), root, "Filomena")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert root.sign_seed not in content
            assert root.sign_seed.hex().encode() not in content


def test_serving_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from server.cli import main; main()", "serve"]
    env = {"GETUIGE_DATA": str(tmp_path), "GETUIGE_PORT": str(free_port()), "PATH": "/usr/bin"}
    ended = subprocess.run(command, env=env, capture_output=True, timeout=patience(60), check=False)
    assert ended.returncode != 0
    assert b"was this data folder founded" in b" ".join(ended.stderr.split())
    assert b"Traceback" not in ended.stderr


@given(st.text(max_size=20), st.text(max_size=20), st.integers(0, 2**31), st.integers(-10_000, 10_000))
def test_a_challenge_is_for_one_handle_and_some_minutes(handle: str, other: str, now: int, later: int) -> None:
    made = challenges.make(KEY, handle, now)
    good = challenges.check(KEY, handle, made, now + later) is not None
    assert good == (later <= challenges.LIFETIME_S)
    if other != handle:
        assert challenges.check(KEY, other, made, now) is None
    assert challenges.check(bytes(32), handle, made, now) is None


@given(st.binary(max_size=40))
def test_what_we_did_not_make_is_no_challenge(data: bytes) -> None:
    assert challenges.check(KEY, "noor", data, 0) is None


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_range_is_inside_the_file(size: int, first: int, last: int) -> None:
    for text in (f"bytes={first}-{last}", f"bytes={first}-", f"bytes=-{last}"):
        try:
            found_range = parse_range(text, size)
        except ProblemError:
            continue  # it begins behind the end
        if found_range is not None:
            begin, end = found_range
            assert 0 <= begin <= end < size


@pytest.mark.parametrize("text", [None, "", "bytes=-", "items=0-1", "bytes=0-1,5-6", "bytes=a-b", "bytes=5-1"])
def test_other_ranges_are_answered_with_the_whole(text: str | None) -> None:
    assert parse_range(text, 100) is None


def test_metrics_have_a_listener_of_their_own() -> None:
    metrics, port = Metrics(), free_port()
    metrics.observe("GET", "/api/v1/time", 200, 0.01)
    listener = metrics.listen(port)
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    finally:
        listener.shutdown()
        listener.server_close()
    assert 'getuige_http_requests_total{method="GET",route="/api/v1/time",status="200"} 1.0' in text


def test_a_public_name_is_the_only_one_when_we_listen_to_the_world() -> None:
    settings = Settings(host="0.0.0.0", port=8480, public_url="https://getuige.example")  # noqa: S104 - the case in hand
    assert allowed_hosts(settings) == {"getuige.example", "0.0.0.0:8480"}
    local = allowed_hosts(Settings(port=9000))
    assert {"localhost:9000", "127.0.0.1:9000"} <= local
    assert ids.new_id() not in local
