"""Our log is byte-compatible with Tessera: its published test log comes out of our integrator bit for bit.

The vectors (Apache-2.0) are not part of this repository. They are looked for in GETUIGE_VECTORS, then in
`../shared/vectors` beside the repository; absent, this is a loud skip, and a failure when CI=true.
"""

import os
from pathlib import Path

import pytest

from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.growth import audit
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import NoteSigner, NoteVerifier
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.log.tlogproof import build_proof, verify
from evidence.custody.witnessing.policy import Policy
from tests.support.heads import MemoryHeadStore

LEAVES = b"one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".split()
VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
# Tessera publishes this private key for exactly this purpose; it protects nothing.
SKEY = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"


@pytest.fixture(name="published")
def find_published() -> Path:
    default = Path(__file__).parents[4] / "shared" / "vectors"
    folder = Path(os.environ.get("GETUIGE_VECTORS", default)) / "tessera" / "log"
    if not (folder / "checkpoint").is_file():
        text = "Tessera's test log is not here: set GETUIGE_VECTORS to the folder that holds tessera/log"
        if os.environ.get("CI") == "true":
            pytest.fail(text, pytrace=False)
        pytest.skip(text)
    return folder


def test_the_key_texts_are_read_and_written_alike() -> None:
    assert NoteVerifier.parse(VKEY).vkey == VKEY
    assert NoteSigner.parse(SKEY).skey == SKEY
    assert NoteSigner.parse(SKEY).vkey == VKEY


def test_appending_one_leaf_at_a_time_gives_every_published_file(published: Path, tmp_path: Path) -> None:
    integrator = Integrator(tmp_path, NoteSigner.parse(SKEY), MemoryHeadStore())
    heads = [integrator.integrate(())]
    heads += [integrator.integrate((leaf,), start=index) for index, leaf in enumerate(LEAVES)]

    for size, head in enumerate(heads):
        assert head.to_bytes() == (published / f"checkpoint.{size}").read_bytes()
    theirs = {path.relative_to(published) for path in published.rglob("tile/**/*") if path.is_file()}
    ours = {path.relative_to(tmp_path) for path in tmp_path.rglob("tile/**/*") if path.is_file()}
    assert theirs == ours
    assert len(ours) == 2 * len(LEAVES)
    for path in theirs | {Path("checkpoint")}:
        assert (tmp_path / path).read_bytes() == (published / path).read_bytes()


def test_appending_all_at_once_gives_the_published_last_files(published: Path, tmp_path: Path) -> None:
    Integrator(tmp_path, NoteSigner.parse(SKEY), MemoryHeadStore()).integrate(LEAVES)

    for path in ("checkpoint", "tile/0/000.p/15", "tile/entries/000.p/15"):
        assert (tmp_path / path).read_bytes() == (published / path).read_bytes()


@pytest.mark.parametrize("size", range(1, 16))
def test_their_log_is_audited_and_every_leaf_is_proven_from_their_tiles(published: Path, size: int) -> None:
    policy = Policy.parse(f"log {VKEY}\nquorum none\n")
    signed = SignedCheckpoint.parse((published / f"checkpoint.{size}").read_bytes())
    tiles = FolderTiles(published)
    audit(tiles, signed.checkpoint.size, signed.checkpoint.root)
    for index, leaf in enumerate(LEAVES[:size]):
        proof = build_proof(tiles, index, signed).to_bytes()
        assert verify(proof, leaf, policy).index == index
