"""Other people's tools read our bundles: `bagit.py --validate` (Library of Congress) and `openssl ts -verify`.

What BagIt cannot see is shown too: a forger who makes the manifests fit again satisfies bagit.py, and not us.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.custody.log.tlogproof import TlogProof
from evidence.envelope import sealing
from evidence.envelope.meta import Media
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.waiting import patience

NAMES = ["auto 1.jpg", "brief % 100.pdf", "été – ‘foto’.jpg"]
"""File names as people give them: spaces, a per cent sign, letters beyond ASCII."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    return Organisation(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def bundle(book: Organisation) -> Path:
    items = [book.seal(incident())]
    for name in NAMES:
        meta = Media(kind="photo", source="victim", recorded=ids.now(), title=name)
        items.append(book.seal(meta, sealing.Content.of_bytes(name.encode() * 1000, name, "image/jpeg")))
    book.grant(*items)
    return book.export(*items)


@pytest.fixture(params=["sealed", "opened"])
def bag(request: pytest.FixtureRequest, book: Organisation, bundle: Path, tmp_path: Path) -> Path:
    if request.param == "opened":
        opened.open_bundle(bundle, book.investigator, tmp_path / "opened")
        return tmp_path / "opened"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    return folder


def bagit(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "-m", "bagit", "--validate", *more, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=patience(60), check=False)


def test_bagit_finds_the_bag_valid(bag: Path) -> None:
    done = bagit(bag)
    assert done.returncode == 0, done.stderr
    assert "is valid" in done.stderr


def test_bagit_finds_the_accidents(bag: Path) -> None:
    victim = max((path for path in (bag / "data").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = victim.read_bytes()
    victim.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert bagit(bag).returncode == 1
    victim.write_bytes(data)
    assert bagit(bag).returncode == 0
    (bag / "data" / "extra.txt").write_text("van niemand")
    assert bagit(bag).returncode == 1


def test_bagit_does_not_find_a_forger_and_the_verifier_does(book: Organisation, bag: Path) -> None:
    victim = max((bag / layout.EVENTS).iterdir())
    victim.write_bytes(victim.read_bytes().replace(b'"received_at":"2', b'"received_at":"1'))
    regenerate(bag)
    assert bagit(bag).returncode == 0
    assert verify(bag, trust.load(book.trust, bag)).failed


@pytest.mark.need("openssl")
def test_openssl_verifies_the_time_stamps_over_the_heads_in_the_proofs(book: Organisation, bag: Path) -> None:
    heads = {TlogProof.parse(path.read_bytes()).checkpoint for path in (bag / "proof").rglob("*.tlog-proof")}
    tokens = list((bag / layout.TIMESTAMPS).iterdir())
    assert len(heads) == len(tokens) == 1
    (bag.parent / "head").write_bytes(heads.pop())

    def openssl(data: Path, roots: Path) -> int:
        command = ["openssl", "ts", "-verify", "-in", str(tokens[0]), "-data", str(data), "-CAfile", str(roots)]
        return subprocess.run(command, capture_output=True, timeout=patience(30), check=False).returncode

    roots = book.trust / trust.TSA_ROOTS
    assert openssl(bag.parent / "head", roots) == 0
    assert openssl(bag / "bagit.txt", roots) != 0
