"""Key files: made once, for their owner only, and the same for all processes that make one at the same moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from evidence import keyfile
from evidence.custody.errors import KeyFormatError
from evidence.custody.log.note_key import load_or_create_key
from tests.support.waiting import patience

PROCESSES = 4
ROUNDS = 40

RACER = """
import sys
from pathlib import Path
from evidence import keyfile
from evidence.custody.log.note_key import load_or_create_key

folder = Path(sys.argv[1])
makers = {
    "secret": lambda path: keyfile.load_or_create_secret(path).hex(),
    "token": keyfile.load_or_create_token,
    "server": lambda path: keyfile.load_or_create_signing_key(path).kid,
    "bridge": lambda path: keyfile.load_or_create_bridge(path).kid,
    "note": lambda path: load_or_create_key(path, "log.example").vkey,
}
print("ready", flush=True)
sys.stdin.readline()
for round in range(int(sys.argv[2])):
    for name, make in makers.items():
        print(round, name, make(folder / f"{round}-{name}"))
"""


def test_processes_that_make_a_key_at_once_hold_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RACER, str(tmp_path / "secrets"), str(ROUNDS)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = {racer.communicate(timeout=patience(120))[0] for racer in racers}
    assert [racer.returncode for racer in racers] == [0] * PROCESSES
    assert len(said) == 1, "two processes hold different secrets"
    made = list((tmp_path / "secrets").iterdir())
    assert len(made) == ROUNDS * 5, "nothing half-written stays"
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}


def test_a_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "key"
    made = keyfile.load_or_create(path, lambda: b"first")
    assert keyfile.load_or_create(path, lambda: b"second") == made == b"first"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b"x" * (keyfile.MAX_BYTES + 1), b'{"v":2}', b"[" * 2000])
def test_a_file_that_holds_something_else_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.key"
    path.write_bytes(content)
    loads = (
        keyfile.load_signing_key,
        keyfile.load_bridge,
        keyfile.load_or_create_bridge,
        keyfile.load_or_create_secret,
    )
    for load in loads:
        with pytest.raises(keyfile.KeyFileError, match=r"odd\.key"):
            load(path)
    with pytest.raises((keyfile.KeyFileError, KeyFormatError)):
        load_or_create_key(path, "log.example")
    assert path.read_bytes() == content


def test_a_file_that_is_not_there_or_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(keyfile.KeyFileError, match="missing"):
        keyfile.load_signing_key(tmp_path / "none")
    with pytest.raises(keyfile.KeyFileError, match=r"cannot be read"):
        keyfile.read(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(keyfile.KeyFileError, match="cannot be made"):
        keyfile.load_or_create_token(tmp_path / "file" / "token")
