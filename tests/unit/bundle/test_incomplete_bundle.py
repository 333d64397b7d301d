"""Bundles with an item that was announced and never sealed: what they prove, what they note, what they refuse."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.report import Report, Verdict
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.envelope import container, sealing
from evidence.envelope.meta import Media
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.timeline_rows import rows_of

PLAIN = bytes(number % 251 for number in range(100_000))
ARRIVED = 56 + 2 * 16_400 + 5_000
"""Header, two chunks that are whole, and a piece of the third."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Organisation, Path, ids.ItemId, ids.ItemId]:
    book = Organisation(tmp_path_factory.mktemp("book"))
    film = Media(kind="video", source="victim", recorded=ids.now(), title="Aan de deur")
    content = sealing.Content.of_bytes(PLAIN, "deur.mp4", "video/mp4")
    whole, cut = book.seal(incident()), book.begin(film, content, ARRIVED)
    book.grant(whole, cut)
    return book, book.export(whole, cut), whole, cut


@pytest.fixture
def folder(story: tuple[Organisation, Path, ids.ItemId, ids.ItemId], tmp_path: Path) -> Path:
    with zipfile.ZipFile(story[1]) as archive:
        archive.extractall(tmp_path)
    (found,) = tmp_path.iterdir()
    return found


@pytest.fixture
def bag(story: tuple[Organisation, Path, ids.ItemId, ids.ItemId], tmp_path: Path) -> Path:
    opened.open_bundle(story[1], story[0].investigator, tmp_path / "opened")
    return tmp_path / "opened"


def check(path: Path, book: Organisation) -> Report:
    return verify(path, trust.load(book.trust, path))


def said(report: Report, verdict: Verdict) -> set[tuple[str, str]]:
    return {(claim.code, claim.about) for claim in report.claims if claim.verdict is verdict}


def test_it_is_noted_beside_what_is_proven(story: tuple[Organisation, Path, ids.ItemId, ids.ItemId]) -> None:
    book, path, whole, cut = story
    report = check(path, book)
    assert (report.failed, report.exit_code) == ((), 0)
    assert ("item-unchanged", whole) in said(report, Verdict.PROVEN)
    (claim,) = (claim for claim in report.claims if claim.code == "item-incomplete")
    assert (claim.about, claim.verdict) == (cut, Verdict.NOTE)
    prefix = container.parse_prefix(book.begun[cut].path.read_bytes())
    assert claim.values["here"] == str(prefix.size + ARRIVED)
    assert claim.values["whole"] == str(prefix.container_size)
    assert "ONVOLLEDIG" in claim.text("nl")
    assert "INCOMPLETE" in claim.text("en")


def test_it_opens_as_far_as_whole_chunks_go(
    story: tuple[Organisation, Path, ids.ItemId, ids.ItemId], bag: Path
) -> None:
    book, _, _, cut = story
    report = check(bag, book)
    assert report.failed == ()
    assert ("original-incomplete", cut) in said(report, Verdict.NOTE)
    (original,) = (bag / layout.ORIGINALS).iterdir()
    assert opened.INCOMPLETE in original.name
    assert original.read_bytes() == PLAIN[: 2 * 16_384]
    assert [row["complete"] for row in rows_of(bag)] == ["ja / yes", "nee / no"]
    (entry,) = (one for one in json.loads((bag / layout.OPENINGS).read_bytes())["items"] if "incomplete" in one)
    assert entry["item"] == cut
    assert entry["incomplete"]["here"] < entry["incomplete"]["whole"]


def cut_shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def longer_than_its_head(path: Path) -> None:
    path.write_bytes(path.read_bytes() + bytes(200_000))


def head_changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)


def description_changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[container.parse_prefix(bytes(data)).size - 10] ^= 1
    path.write_bytes(data)


def taken_away(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("forge", "found"),
    [
        (cut_shorter, set()),
        (longer_than_its_head, {"item-differs"}),
        (head_changed, {"item-differs"}),
        (description_changed, {"item-differs"}),
        (taken_away, {"item-differs"}),
    ],
)
def test_a_forger_who_regenerates_the_manifests_is_found(
    story: tuple[Organisation, Path, ids.ItemId, ids.ItemId],
    folder: Path,
    forge: Callable[[Path], None],
    found: set[str],
) -> None:
    """The export that the investigator signed commits to how much was here; the head says whose it is."""
    book, _, _, cut = story
    forge(folder / layout.container(cut))
    regenerate(folder)
    codes = {code for code, _ in said(check(folder, book), Verdict.FAILED)}
    assert codes == {"export-manifest-differs", *found}


@pytest.mark.parametrize("what", [layout.DESCRIPTIONS, layout.HEADS, layout.FIELDS])
def test_an_opened_description_is_held_to_the_head_that_was_announced(
    story: tuple[Organisation, Path, ids.ItemId, ids.ItemId], bag: Path, what: str
) -> None:
    book, _, _, cut = story
    openings = json.loads((bag / layout.OPENINGS).read_bytes())
    (entry,) = (one for one in openings["items"] if one["item"] == cut)
    names = {layout.DESCRIPTIONS: entry["description"], layout.HEADS: entry["incomplete"]["head"]}
    path = bag / names.get(what, entry["fields"])
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    regenerate(bag)
    failed = said(check(bag, book), Verdict.FAILED)
    changed = {("derived-differs", layout.CASE)} if what == layout.DESCRIPTIONS else set()  # it names the file's hash
    assert failed - {("derived-differs", layout.TIMELINE)} == {("original-differs", cut)} | changed
