"""The doctor sees when the bridge's certificate ends, before a receiver refuses an alarm because of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.doctor import certificates
from server.doctor import checks as doctor
from server.doctor.finding import State
from server.settings import Settings
from tests.support.certificates import Authority

RECEIVERS = "GETUIGE_BRIDGE_RECEIVER_CERTIFICATE_FILE"


def examined(file: Path, now: datetime | None = None, **more: str) -> certificates.Certificate:
    (found,) = certificates.certificates({RECEIVERS: str(file), **more}, now)
    return found


def test_one_that_can_be_used_says_until_when(tmp_path: Path) -> None:
    file, key = Authority(tmp_path).issue("bridge", tmp_path / "bridge.pem")
    found = examined(file)
    assert (found.fault, found.until and found.until > datetime.now(UTC)) == ("", True)
    moved = key.rename(tmp_path / "elsewhere.pem")
    assert "cannot be read" in examined(file).fault
    assert examined(file, GETUIGE_BRIDGE_RECEIVER_KEY_FILE=str(moved)).fault == ""


def test_each_fault_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    file, key = authority.issue("bridge", tmp_path / "bridge.pem")
    assert "has ended" in examined(file, datetime.now(UTC) + timedelta(days=2)).fault
    assert "has not begun" in examined(file, datetime.now(UTC) - timedelta(days=2)).fault
    key.write_bytes(authority.issue("other", tmp_path / "other.pem")[1].read_bytes())
    assert "is not its key" in examined(file).fault
    key.write_text("no key")
    assert "is no certificate" in examined(file).fault
    assert "cannot be read" in examined(tmp_path / "nowhere.pem").fault


def test_the_doctor_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RECEIVERS, raising=False)
    assert doctor.check_certificates(Settings()).seen == "none set up"
    file = Authority(tmp_path).issue("bridge", tmp_path / "bridge.pem")[0]
    monkeypatch.setenv(RECEIVERS, str(file))
    found = doctor.check_certificates(Settings())
    assert (found.state, f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}" in found.seen) == (State.LOOK, True)
    file.with_suffix(".key").unlink()
    assert doctor.check_certificates(Settings()).state is State.BAD
