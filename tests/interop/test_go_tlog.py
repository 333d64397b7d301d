"""A peer that we did not write: Go's checksum-database packages read our log, and are a log to our witness.

`go_tlog/main.go` is a thin program around Debian's golang.org/x/mod/sumdb/{note,tlog}; nothing is fetched.
"""

import hashlib
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.log.tiles import FolderTiles, TileReader
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support import rfc6962
from tests.support.heads import MemoryHeadStore
from tests.support.programs import need
from tests.support.published_folder import published
from tests.support.waiting import patience
from tests.support.witness_world import running

pytestmark = pytest.mark.need("go")

PACKAGES = Path("/usr/share/gocode")
"""Where Debian puts Go packages (golang-golang-x-mod-dev); GOPATH mode finds them without a network."""

SOURCE = Path(__file__).parent / "go_tlog" / "main.go"
LOG = generate_key("log.example")
WITNESS = generate_key("w.example/1", KeyType.COSIGNATURE_V1)
LEAVES = [b"leaf %d" % number for number in range(1100)]
OLD_SIZES = (1, 2, 3, 255, 256, 257, 511, 512, 513, 768, 1000, 1099, 1100)


@pytest.fixture(name="program", scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program; the compiler's own cache makes the second time quick."""
    if not (PACKAGES / "src" / "golang.org" / "x" / "mod").is_dir():
        need("golang-golang-x-mod-dev")  # says what to install
    program = tmp_path_factory.mktemp("go") / "go_tlog"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOFLAGS": "", "GOPROXY": "off"}
    command = [str(need("go")), "build", "-o", str(program), str(SOURCE)]
    subprocess.run(command, env=environment, check=True, timeout=patience(150))
    return program


@pytest.fixture(name="log", scope="module")
def make_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that grew in uneven steps, cosigned."""
    folder = tmp_path_factory.mktemp("log")
    witness = Witness(WITNESS, FileWitnessState(folder / "witness"), [LOG.verifier])
    integrator = Integrator(folder / "log", LOG, MemoryHeadStore(), [witness], clock=lambda: datetime.now(UTC))
    for start, end in ((0, 3), (3, 300), (300, 1024), (1024, 1100)):
        integrator.integrate(LEAVES[start:end], start=start)
    return folder / "log"


def run(program: Path, *arguments: object, stdin: bytes = b"") -> Any:  # noqa: ANN401 - JSON
    done = subprocess.run(
        [program, *map(str, arguments)], input=stdin, capture_output=True, timeout=patience(60), check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def read(program: Path, where: object) -> Any:  # noqa: ANN401 - JSON
    return run(program, "read", where, LOG.vkey, WITNESS.vkey, *OLD_SIZES)


def test_go_opens_the_checkpoint_and_finds_every_entry_and_every_earlier_tree(program: Path, log: Path) -> None:
    with published(log) as url:
        found = read(program, url)
    assert found == read(program, log)
    assert (found["origin"], found["size"], found["included"]) == (LOG.name, 1100, 1100)
    assert found["entries_sha256"] == hashlib.sha256(b"".join(LEAVES)).hexdigest()
    reader = TileReader(FolderTiles(log), 1100)
    for size in OLD_SIZES:
        assert found["roots"][str(size)] == rfc6962.mth(LEAVES[:size]).hex()
        if size < 1100:
            # Go's proof has the same shape as ours.
            assert found["proofs"][str(size)] == len(reader.prove_consistency(size))


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/001", "tile/1/000.p/4", "tile/entries/002"])
def test_go_sees_a_changed_byte_too(program: Path, log: Path, path: str) -> None:
    """Otherwise it would not be a peer."""
    victim = log / path
    whole = victim.read_bytes()
    try:
        changed = bytearray(whole)
        changed[-9] ^= 1
        victim.write_bytes(changed)
        with pytest.raises(AssertionError):
            read(program, log)
    finally:
        victim.write_bytes(whole)


def test_the_roots_of_every_size_are_the_same(program: Path) -> None:
    leaves = LEAVES[:300]
    assert run(program, "roots", stdin=b"\n".join(leaves)) == [
        rfc6962.mth(leaves[:size]).hex() for size in range(1, len(leaves) + 1)
    ]


def test_a_log_written_in_go_is_cosigned_by_our_witness(program: Path, tmp_path: Path) -> None:
    """Go signs the heads, makes the proofs and opens the cosignatures."""
    sizes = [1, 1, 2, 3, 7, 8, 200, 256, 257, 700]
    with running(tmp_path / "w", [LOG.verifier]) as witness:
        steps = run(program, "grow", witness.url, LOG.skey, witness.verifier.vkey, *sizes)
        assert [(one["size"], one["status"], one["opened"]) for one in steps] == [(size, 200, True) for size in sizes]
        again = run(program, "grow", witness.url, LOG.skey, witness.verifier.vkey, 5)
    (step,) = again
    assert (step["status"], step["type"], step["body"]) == (409, "text/x.tlog.size", "700\n")
