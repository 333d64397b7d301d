"""Each check of `getuige doctor` tells good from bad on a real machine, and what is bad says how to mend it."""

import hashlib
import os
import socket
import time
from pathlib import Path

import pytest

from server.doctor import checks as doctor
from server.doctor.finding import State
from server.settings import Settings
from tests.support.ports import free_ports


def settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def test_every_check_answers_and_every_complaint_says_how_to_mend_it(tmp_path: Path) -> None:
    findings = doctor.examine(settings(data=tmp_path))
    assert len(findings) == len(doctor.CHECKS)
    assert len({finding.name for finding in findings}) == len(findings)
    assert all(finding.mend for finding in findings if finding.state is not State.GOOD)
    assert not list(tmp_path.iterdir()), "a check left something behind"


def test_this_python_is_new_enough() -> None:
    assert doctor.check_python(settings()).state is State.GOOD


def test_missing_programs_are_named_with_their_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "EXTRA_FOLDERS", ())
    found = {finding.name: finding for finding in doctor.examine(settings(data=tmp_path))}
    assert found["nats-server"].state is State.BAD
    assert found["Node.js"].state is State.LOOK
    for name in ("chromium", "mosquitto", "openssl"):
        assert found[name].state is State.LOOK
        assert f"apt-get install {name}" in found[name].mend


def test_an_old_node_is_not_taken_for_a_good_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, says in (("node", "v18.20.4"), ("npm", "10.0.0")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {says}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(doctor, "EXTRA_FOLDERS", ())
    finding = doctor.check_node(settings())
    assert finding.state is State.LOOK
    assert "v18.20.4" in finding.seen


@pytest.fixture
def web(tmp_path: Path) -> Path:
    content = b"export const witness = 1;\n"
    (tmp_path / "vendor" / "lit").mkdir(parents=True)
    (tmp_path / "vendor" / "lit" / "index.js").write_bytes(content)
    (tmp_path / "vendor.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  lit/index.js\n")
    return tmp_path


def test_libraries_of_the_pages(web: Path) -> None:
    assert doctor.check_vendor(settings(), web).state is State.GOOD
    (web / "vendor" / "lit" / "index.js").write_bytes(b"changed")
    assert "lit/index.js differs" in doctor.check_vendor(settings(), web).seen
    (web / "vendor" / "lit" / "index.js").unlink()
    finding = doctor.check_vendor(settings(), web)
    assert finding.state is State.BAD
    assert "lit/index.js is missing" in finding.seen


def test_a_data_folder_that_does_not_exist_yet_is_fine(tmp_path: Path) -> None:
    finding = doctor.check_data(settings(data=tmp_path / "new" / "var"))
    assert finding.state in (State.GOOD, State.LOOK)  # by the speed of this disk
    assert "writable; fdatasync" in finding.seen
    assert not (tmp_path / "new").exists()


def test_a_data_folder_that_cannot_be_written() -> None:
    finding = doctor.check_data(settings(data="/proc/getuige"))  # not even by root
    assert finding.state is State.BAD
    assert "GETUIGE_DATA" in finding.mend


def test_a_clock_before_the_installation() -> None:
    newest = max(path.stat().st_mtime for path in Path(doctor.__file__).parent.glob("*.py"))
    assert doctor.check_clock(settings(), lambda: newest - 86_400).state is State.BAD
    assert doctor.check_clock(settings(), lambda: max(newest, time.time()) + 1).state is not State.BAD


def test_ports_that_are_taken() -> None:
    port, feed, a, b = free_ports(4)
    chosen = settings(
        port=port, bridge_feed_url=f"http://127.0.0.1:{feed}", brokers=f"mqtt://127.0.0.1:{a},mqtt://127.0.0.1:{b}"
    )
    assert doctor.check_ports(chosen).state is State.GOOD
    with socket.create_server(("127.0.0.1", a)):
        finding = doctor.check_ports(chosen)
    assert finding.state is State.LOOK
    assert finding.seen == f"{a} in use"


def test_packages_are_compared_with_the_pins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    pins = tmp_path / "requirements" / "run.txt"
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)
    pins.write_text("typer==0.0.1 \\\n    --hash=sha256:00\nno-such-thing==1.0\n")
    finding = doctor.check_packages(settings())
    assert finding.state is State.BAD
    assert "not 0.0.1" in finding.seen
    assert "no-such-thing is missing" in finding.seen
    pins.unlink()  # as in an installed wheel
    assert doctor.check_packages(settings()).state is State.GOOD


def test_a_program_is_found_beside_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nats-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(doctor, "EXTRA_FOLDERS", (str(tmp_path),))
    assert doctor.find_program("nats-server") == program
