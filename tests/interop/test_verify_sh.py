"""`verify.sh` inside a bundle: sh, sha256sum, openssl, xxd and base64 prove it, and find what was tampered with."""

import base64
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.trust import TrustError
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.envelope import sealing
from evidence.envelope.meta import Media
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.verify_sh import run

pytestmark = [pytest.mark.need("openssl", "xxd", "sha256sum", "base64", "dash", "bash")]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Organisation, Path]:
    book = Organisation(tmp_path_factory.mktemp("book"))
    photo = Media(kind="photo", source="victim", recorded=ids.now(), title="Auto")
    content = sealing.Content.of_bytes(bytes(50_000), "auto.jpg", "image/jpeg")
    items = [book.seal(incident()), book.seal(photo, content, announced=True), book.begin(photo, content, 30_000)]
    items += [book.seal(incident("Nog eens"), announced=True), book.seal(photo, content, announced=True)]
    book.grant(*items)
    return book, book.export(*items)


@pytest.fixture
def folder(story: tuple[Organisation, Path], tmp_path: Path) -> Path:
    with zipfile.ZipFile(story[1]) as archive:
        archive.extractall(tmp_path)
    (found,) = tmp_path.iterdir()
    return found


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_sealed_bundle_holds(story: tuple[Organisation, Path], folder: Path, shell: str) -> None:
    code, said = run(folder, story[0].trust, shell)
    assert (code, "FAIL" in said) == (0, False), said
    assert "4 sealed items are unchanged" in said
    assert said.count("is INCOMPLETE: it was begun, and never sealed") == 1
    assert "ok    time stamp: " in said
    assert f"{len(list((folder / layout.EVENTS).iterdir()))} events are in the log" in said


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_an_opened_bundle_holds(story: tuple[Organisation, Path], tmp_path: Path, shell: str) -> None:
    book, path = story
    opened.open_bundle(path, book.investigator, tmp_path / "opened")
    code, said = run(tmp_path / "opened", book.trust, shell)
    assert (code, said.count("is INCOMPLETE: it was begun, and never sealed")) == (0, 1), said


def flip_item(folder: Path, book: Organisation) -> None:
    path = next(one for one in sorted((folder / layout.ITEMS).iterdir()) if one.stem in book.standing.items)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_what_was_begun(folder: Path, book: Organisation) -> None:
    (item,) = book.standing.opened
    path = folder / layout.container(item)
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)


def backdate(folder: Path, _book: Organisation) -> None:
    path = max((folder / layout.EVENTS).iterdir())
    path.write_bytes(path.read_bytes().replace(b'"received_at":"2', b'"received_at":"1'))


def strip_witness(folder: Path, _book: Organisation) -> None:
    for path in (folder / "proof").rglob("*.tlog-proof"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith("— witness.example")))


def foreign_token(folder: Path, _book: Organisation) -> None:
    (path,) = (folder / layout.TIMESTAMPS).iterdir()
    path.write_bytes(DevelopmentTsa.create().stamp(bytes.fromhex(path.stem)))


def swap_proofs(folder: Path, _book: Organisation) -> None:
    first, second, *_ = sorted((folder / layout.PROOFS).iterdir())
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


def forge_log_signature(folder: Path, _book: Organisation) -> None:
    for path in (folder / "proof").rglob("*.tlog-proof"):
        head, _, note = path.read_text().partition("\n\n")
        origin, size, root, *rest = note.split("\n")
        path.write_text("\n".join([f"{head}\n\n{origin}", str(int(size) + 1), root, *rest]))


def add_a_line_that_is_wrong(folder: Path, _book: Organisation) -> None:
    """A second line of the witness that does not verify: a note with such a line is refused (c2sp.org/signed-note)."""
    for path in (folder / "proof").rglob("*.tlog-proof"):
        lines = path.read_text().splitlines(keepends=True)
        (line,) = [line for line in lines if line.startswith("— witness.example")]
        dash, name, blob = line.split()
        wrong = base64.b64encode(base64.b64decode(blob)[:-1] + b"\x00").decode()
        path.write_text("".join([*lines, f"{dash} {name} {wrong}\n"]))


def add_a_line_of_a_stranger(folder: Path, _book: Organisation) -> None:
    for path in (folder / "proof").rglob("*.tlog-proof"):
        path.write_text(path.read_text() + f"— stranger.example {base64.b64encode(bytes(76)).decode()}\n")


def say_the_cosignature_twice(folder: Path, _book: Organisation) -> None:
    for path in (folder / "proof").rglob("*.tlog-proof"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([*lines, *(line for line in lines if line.startswith("— witness.example"))]))


@pytest.mark.parametrize("harmless", [add_a_line_of_a_stranger, say_the_cosignature_twice])
def test_what_changes_nothing_accuses_nobody(
    story: tuple[Organisation, Path], folder: Path, harmless: Callable[[Path, Organisation], None]
) -> None:
    harmless(folder, story[0])
    regenerate(folder)
    code, output = run(folder, story[0].trust)
    assert (code, verify(folder, trust.load(story[0].trust, folder)).exit_code) == (0, 0), output


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (flip_item, "differs from its event"),
        (flip_what_was_begun, "is not the one that was begun"),
        (backdate, "is not in the log"),
        (strip_witness, "log or witnesses did not sign it"),
        (foreign_token, "FAIL  time stamp"),
        (swap_proofs, "is not in the log"),
        (forge_log_signature, "log or witnesses did not sign it"),
        (add_a_line_that_is_wrong, "log or witnesses did not sign it"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_forger_who_regenerates_the_manifests_is_found(
    story: tuple[Organisation, Path], folder: Path, forge: Callable[[Path, Organisation], None], said: str
) -> None:
    forge(folder, story[0])
    regenerate(folder)
    code, output = run(folder, story[0].trust)
    assert (code, verify(folder, trust.load(story[0].trust, folder)).exit_code) == (1, 1)
    assert said in output


def test_anchors_from_inside_are_refused(story: tuple[Organisation, Path], folder: Path) -> None:
    shutil.copytree(story[0].trust, folder / "trust")
    code, said = run(folder, folder / "trust")
    assert code == 2
    assert "prove nothing" in said


def test_links_into_the_bundle_are_no_anchors(
    story: tuple[Organisation, Path], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inside, outside = folder / "proof/anchors", tmp_path_factory.mktemp("anchors")
    shutil.copytree(story[0].trust, inside)
    for path in inside.iterdir():
        (outside / path.name).symlink_to(path)
    code, said = run(folder, outside)
    assert (code, "prove nothing" in said) == (2, True)
    with pytest.raises(TrustError, match="prove nothing"):
        trust.load(outside, folder)
