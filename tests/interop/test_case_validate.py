"""`data/case.jsonld` conforms to CASE 1.5 and UCO by their own validator (case-utils), and says what the bag says.

The validator's exit code is what counts: its text "Conforms: True" ignores infos. It is slow, so there are few items.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.envelope import pieces, sealing
from evidence.envelope.meta import Media
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.waiting import patience


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Organisation, Path]:
    folder = tmp_path_factory.mktemp("story")
    book = Organisation(folder)
    photo = Media(
        kind="photo",
        source="camera",
        recorded=ids.now(),
        title='Zijn "auto"',
        text=pieces.cut("été"),
        conduct=("following",),
    )
    items = [book.seal(incident()), book.seal(photo, sealing.Content.of_bytes(b"x" * 5000, "auto é.jpg", "image/jpeg"))]
    book.grant(*items)
    opened.open_bundle(book.export(*items), book.investigator, folder / "opened")
    return book, folder / "opened"


def validate(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "case_validate"), str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=patience(120), check=False)


def graph(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / layout.CASE).read_bytes())["@graph"]
    return found


def of_type(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [node for node in graph(folder) if node["@type"] == kind]


def test_the_validator_accepts_it(story: tuple[Organisation, Path]) -> None:
    done = validate(story[1] / layout.CASE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_validator_can_refuse(story: tuple[Organisation, Path], tmp_path: Path) -> None:
    bad = (story[1] / layout.CASE).read_text().replace('"xsd:hexBinary"', '"xsd:string"')
    (tmp_path / "bad.jsonld").write_text(bad)
    assert validate(tmp_path / "bad.jsonld").returncode != 0


def test_every_file_is_there_with_its_hash_and_its_record(story: tuple[Organisation, Path]) -> None:
    book, folder = story
    files = of_type(folder, "observable:File")
    for file in files:
        named, content = file["core:hasFacet"]
        data = (folder / named["observable:filePath"]).read_bytes()
        (hashed,) = content["observable:hash"]
        assert hashed["types:hashValue"]["@value"] == hashlib.sha256(data).hexdigest()
        assert content["observable:sizeInBytes"] == len(data)
    assert len(files) == 3
    records = of_type(folder, "investigation:ProvenanceRecord")
    assert {record["investigation:exhibitNumber"] for record in records} == set(book.standing.items)
    listed = [one["@id"] for record in records for one in record["core:object"]]
    assert sorted(listed) == sorted(file["@id"] for file in files)


def test_the_export_names_who_and_on_what_ground(story: tuple[Organisation, Path]) -> None:
    _, folder = story
    (export,) = [node for node in of_type(folder, "investigation:InvestigativeAction") if node["core:name"] == "export"]
    names = {node["@id"]: node["core:name"] for node in of_type(folder, "identity:Identity")}
    assert names[export["action:performer"]["@id"]] == "R. Rechercheur (investigator)"
    (ground,) = of_type(folder, "investigation:Authorization")
    assert ground["investigation:authorizationIdentifier"] == ["artikel 126nd Sv"]
    known = {node["@id"] for node in graph(folder)}
    assert all(one["@id"] in known for one in export["action:object"])


def test_the_bag_with_it_still_verifies(story: tuple[Organisation, Path]) -> None:
    book, folder = story
    assert verify(folder, trust.load(book.trust, folder)).exit_code == 0
