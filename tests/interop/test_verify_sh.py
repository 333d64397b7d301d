"""`verify.sh` inside a bundle: bash, sha256sum, openssl, xxd and base64 prove it.

A sealed bundle in bash, an opened one in dash; what a shell finds: `test_tampered.py`.
"""

import shutil
import zipfile
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.trust import TrustError
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.envelope import sealing
from evidence.envelope.meta import Media
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


def test_a_sealed_bundle_holds(story: tuple[Organisation, Path], folder: Path) -> None:
    code, said = run(folder, story[0].trust, "bash")
    assert (code, "FAIL" in said) == (0, False), said
    assert "4 sealed items are unchanged" in said
    assert said.count("is INCOMPLETE: it was begun, and never sealed") == 1
    assert "ok    time stamp: " in said
    assert f"{len(list((folder / layout.EVENTS).iterdir()))} events are in the log" in said


def test_an_opened_bundle_holds(story: tuple[Organisation, Path], tmp_path: Path) -> None:
    book, path = story
    opened.open_bundle(path, book.investigator, tmp_path / "opened")
    code, said = run(tmp_path / "opened", book.trust, "dash")
    assert (code, said.count("is INCOMPLETE: it was begun, and never sealed")) == (0, 1), said


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
