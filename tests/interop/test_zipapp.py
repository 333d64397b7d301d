"""The verifier as one file, in a Python that holds PyNaCl and `cryptography` and nothing else: same words and codes."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence import canonical, ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.making import zipapp
from evidence.bundle.opening import opened
from evidence.envelope import sealing
from evidence.envelope.meta import Media
from evidence.statements import event as events
from evidence.statements import statement
from tests.support import published
from tests.support.bare_python import BarePython
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.waiting import patience


@dataclass(frozen=True)
class Bench:
    """A bare Python with the file, and what to verify."""

    bare: BarePython
    book: Organisation
    sealed: Path
    opened: Path
    receipt: Path

    def run(self, path: Path, *more: str, trust_in: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return self.bare.verify(path, trust_in or self.book.trust, *more)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    book = Organisation(folder / "book")
    photo = Media(kind="photo", source="victim", recorded=ids.now(), title="Auto")
    items = [book.seal(incident()), book.seal(photo, sealing.Content.of_bytes(bytes(9_000), "a.jpg", "image/jpeg"))]
    book.grant(*items)
    sealed = book.export(*items)
    opened.open_bundle(sealed, book.investigator, folder / "opened")
    receipt = folder / "receipt.json"
    receipt.write_bytes(canonical.encode(receipt_members(book)))
    with BarePython.built(folder) as bare:
        yield Bench(bare, book, sealed, folder / "opened", receipt)


def receipt_members(book: Organisation) -> dict[str, object]:
    recorded = book.journal[-1]
    certificate = published.certificate(book.server, "server", "Getuige")
    return {
        "receipt": events.issue(book.server, book.log.name, recorded).to_json(),
        "event": canonical.b64(recorded.event),
        "salt": recorded.salt.hex(),
        "server_key": statement.sign(book.root, "key.publish", certificate).envelope.to_json(),
    }


@pytest.mark.parametrize("what", ["sealed", "opened", "receipt"])
def test_it_says_what_getuige_verify_says(bench: Bench, what: str) -> None:
    path: Path = getattr(bench, what)
    report = verify(path, trust.load(bench.book.trust, path))
    for language in ("nl", "en"):
        done = bench.run(path, "--lang", language)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [line for _, line in report.lines(language)]
    assert json.loads(bench.run(path, "--json").stdout) == report.to_json()


def test_the_command_says_it_too(bench: Bench) -> None:
    done = bench.bare.command(bench.sealed, bench.book.trust, "--json")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", bench.run(bench.sealed, "--json").stdout)


def test_the_stamp_is_checked(bench: Bench) -> None:
    codes = {claim["code"] for claim in json.loads(bench.run(bench.sealed, "--json").stdout)["claims"]}
    assert "time" in codes
    assert "time-missing" not in codes


def test_tampering_gives_exit_code_1_and_is_named(bench: Bench, tmp_path: Path) -> None:
    with zipfile.ZipFile(bench.sealed) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    item = next((folder / layout.ITEMS).iterdir())
    item.write_bytes(item.read_bytes()[:-1] + b"\x00")
    token = next((folder / layout.TIMESTAMPS).iterdir())
    token.write_bytes(bench.book.tsa.stamp(bytes(32)))
    regenerate(folder)
    done = bench.run(folder, "--json")
    failed = {claim["code"] for claim in json.loads(done.stdout)["claims"] if claim["verdict"] == "failed"}
    stamp = {"time-token-bad", "time-quorum"}
    assert (done.returncode, failed) == (1, {"item-differs", "export-manifest-differs", *stamp})
    assert "NIET BEWEZEN" in bench.run(folder).stdout
    assert "NOT PROVEN" in bench.run(folder, "--lang", "en").stdout


def test_what_cannot_be_read_gives_exit_code_2(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "noise.zip").write_bytes(b"no bundle")
    unreadable = bench.run(tmp_path / "noise.zip")
    assert (unreadable.returncode, unreadable.stdout) == (2, "")
    assert "noise.zip" in unreadable.stderr
    inside = bench.opened / "trust"
    inside.mkdir()
    try:
        assert "prove nothing" in bench.run(bench.opened, trust_in=inside).stderr
    finally:
        inside.rmdir()
    assert bench.run(bench.sealed, trust_in=tmp_path).returncode == 2


def test_the_same_sources_give_the_same_bytes_and_only_what_is_needed(bench: Bench, tmp_path: Path) -> None:
    modules = zipapp.build(tmp_path / "again.pyz")
    assert (tmp_path / "again.pyz").read_bytes() == bench.bare.program.read_bytes()
    assert "evidence.bundle.checking.verify" in modules
    assert not [name for name in modules if name.startswith(("evidence.store", "evidence.custody.log.integrator"))]
    assert not {"evidence.bundle.opening.opened", "evidence.bundle.making.sealed", "evidence.envelope.opening"} & set(
        modules
    )


def test_a_python_without_the_packages_says_what_to_install(bench: Bench) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", bench.bare.program, "--help"],
        capture_output=True,
        text=True,
        timeout=patience(60),
        check=False,
    )
    assert done.returncode == 2
    assert "pip install pynacl" in done.stderr
