"""Any single bit flipped anywhere in a bundle is found, or provably changes nothing that the bundle claims."""

import random
import zipfile
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.envelope import sealing
from evidence.envelope.meta import Media
from evidence.errors import EvidenceError
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation

FLIPS = 80
HARMLESS = ("HOWTO.txt", "verify.sh", "bag-info.txt")
"""Texts for people: no claim rests on them, and the tag manifest names them when they differ."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Organisation, Path]:
    folder = tmp_path_factory.mktemp("book")
    book = Organisation(folder / "book")
    photo = Media(kind="photo", source="victim", recorded=ids.now(), title="Auto")
    content = sealing.Content.of_bytes(bytes(9_000), "a.jpg", "image/jpeg")
    items = [book.seal(incident()), book.seal(photo, content), book.begin(photo, content, 5_000)]
    book.grant(*items)
    with zipfile.ZipFile(book.export(*items)) as archive:
        archive.extractall(folder / "out")
    (bundle,) = (folder / "out").iterdir()
    return book, bundle


@pytest.mark.parametrize("seed", range(FLIPS))
def test_a_flipped_bit_is_found_even_when_the_manifests_fit(story: tuple[Organisation, Path], seed: int) -> None:
    book, folder = story
    chance = random.Random(seed)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "manifest" not in path.name)
    path = chance.choice(files)
    before = {file: file.read_bytes() for file in (path, *folder.glob("*manifest*"))}
    changed = bytearray(before[path])
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    try:
        path.write_bytes(changed)
        assert not holds(folder, book), f"{path.name} as found in transit"
        regenerate(folder)
        assert path.name in HARMLESS or not holds(folder, book), f"{path.name} after regenerating the manifests"
    finally:
        for file, data in before.items():
            file.write_bytes(data)


def test_the_bundle_itself_holds(story: tuple[Organisation, Path]) -> None:
    assert holds(story[1], story[0])


def holds(folder: Path, book: Organisation) -> bool:
    try:
        return not verify(folder, trust.load(book.trust, folder)).failed
    except EvidenceError:
        return False
