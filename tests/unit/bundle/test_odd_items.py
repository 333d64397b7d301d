"""Odd items in one case: the bundle is built, verifies, opens but for what does not open, and verifies again."""

import dataclasses
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, edtf, ids, keys, schema
from evidence.bundle.checking import trust
from evidence.bundle.checking.report import Verdict
from evidence.bundle.checking.verify import verify
from evidence.bundle.opening import naming
from evidence.bundle.opening.opened import Result, open_bundle
from evidence.envelope import meta as metas
from evidence.envelope import sealing
from evidence.envelope.wraps import NotGivenError
from evidence.errors import FormatError
from tests.support import odd_items
from tests.support.incidents import incident, photo
from tests.support.odd_items import Odd
from tests.support.organisation import Organisation
from tests.support.timeline_rows import rows_of


@dataclass(frozen=True)
class Story:
    book: Organisation
    odd: dict[ids.ItemId, Odd]
    good: list[ids.ItemId]
    bundle: Path
    opened: Path
    result: Result


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("odd")
    book = Organisation(tmp_path_factory.mktemp("book"))
    good = [book.seal(incident("Eerst"))]
    odd = {book.raw(one): one for one in odd_items.some()}
    good.append(book.seal(photo("Laatst"), sealing.Content.of_bytes(odd_items.CONTENT, "foto.jpg", "image/jpeg")))
    fitting = book.grant(*(item for item in book.standing.items if item not in odd or odd[item].wrap is None))
    random = tuple(
        dataclasses.replace(fitting.items[0], item=item, wrap=ids.Base64(canonical.b64(one.wrap)))
        for item, one in odd.items()
        if one.wrap is not None
    )
    again = dataclasses.replace(fitting, grant=ids.GrantId(ids.new_id()), items=random)
    book.act(book.vault, "grant", again, case=book.case)
    bundle = book.export(*book.standing.items)
    result = open_bundle(bundle, book.investigator, folder / "opened")
    return Story(book, odd, good, bundle, folder / "opened", result)


def test_the_sealed_bundle_proves_every_item_whatever_is_in_it(story: Story) -> None:
    report = verify(story.bundle, trust.load(story.book.trust))
    assert report.failed == ()
    assert {one.about for one in report.claims if one.code == "item-unchanged"} == {*story.odd, *story.good}


def test_opening_goes_on_and_says_what_did_not_open_and_who_added_it(story: Story) -> None:
    unopened = {one.item: one for one in story.result.unopened}
    expected = {item for item, odd in story.odd.items() if odd.opens != "whole"}
    assert set(unopened) == expected
    assert {one.added_by for one in unopened.values()} == {f"telefoon/phone {_device(story.book)[:8]}"}
    for item, odd in story.odd.items():
        if odd.opens != "whole":
            part = "key" if odd.wrap is not None else "content" if odd.opens == "description" else "description"
            assert unopened[item].part == part, odd.name
    assert set(story.good) <= {one.item for one in story.result.items}
    assert not list(story.opened.parent.glob("*.partial"))


def test_the_opened_bundle_verifies_with_a_note_on_each_item_that_is_not_there(story: Story) -> None:
    report = verify(story.opened, trust.load(story.book.trust))
    assert report.failed == ()
    noted = {one.about for one in report.claims if one.code == "original-closed"}
    assert noted == {one.item for one in story.result.unopened}
    proven = {one.about for one in report.claims if one.code == "original-proven"}
    assert proven == {*story.odd, *story.good} - noted
    for language in ("nl", "en"):
        assert all(one.text(language) for one in report.claims if one.verdict is Verdict.NOTE)


def test_names_stay_recognisable_and_fit_every_disk(story: Story) -> None:
    for one in story.result.items:
        if one.original is not None:
            name = one.original.rpartition("/")[2]
            assert len(name.encode()) <= naming.MAX_BYTES
            assert name == unicodedata.normalize("NFC", name)
            assert (story.opened / one.original).read_bytes() == odd_items.CONTENT


def test_the_timeline_has_a_row_for_each_item_in_order_of_happening(story: Story) -> None:
    rows = rows_of(story.opened)
    assert {row["item"] for row in rows} == {*story.odd, *story.good}
    assert {row["item"] for row in rows if row["not_opened"]} == {one.item for one in story.result.unopened}
    times = [_stands_at(row) for row in rows if row["title"]]
    assert times == sorted(times)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert json.loads((story.opened / "data/case.jsonld").read_text())["@graph"]


def _stands_at(row: dict[str, str]) -> str:
    told = (row["happened"].removeprefix("'"), row["alarm.pressed_at"], row["order.valid_from"])
    return next(filter(None, map(_begins, told)), row["recorded"])


def _begins(time: str) -> str:
    try:
        told = edtf.parse(time)
    except edtf.TimeError:
        return ""
    begins = told.earliest or told.latest
    return begins.isoformat() if begins else ""


def test_a_stranger_to_the_bundle_gets_nothing_and_leaves_nothing(story: Story, tmp_path: Path) -> None:
    with pytest.raises(NotGivenError):
        open_bundle(story.bundle, keys.Identity.generate(), tmp_path / "opened")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("हिन्दी फ़ाइल.jpg", "हिन्दी फ़ाइल.jpg"),
        ("cafe\u0301.jpg", "café.jpg"),
        (" .jpg", "bestand.jpg"),
        ("...", "bestand"),
        ("漢" * 80 + ".jpg", "漢" * 80 + ".jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("uit\u202egpj.exe", "uit_gpj.exe"),
        ("x." + "y" * 253, ("x." + "y" * 253)[:80]),
    ],
)
def test_a_name_is_cut_and_cleaned_and_nothing_more(name: str, expected: str) -> None:
    assert naming.safe_name(name) == unicodedata.normalize("NFC", expected)
    assert len(naming.safe_name(name, "0001-abcdef12-ONVOLLEDIG-").encode()) <= naming.MAX_BYTES


@pytest.mark.parametrize(
    "odd", [one for one in odd_items.ODD if one.opens == "nothing" and one.wrap is None and one.committed is None]
)
def test_what_no_reader_reads_is_never_sealed(odd: Odd) -> None:
    with pytest.raises(FormatError):
        metas.parse(odd.plain)


@pytest.mark.parametrize("member", ["title", "text", "place", "impact"])
def test_what_is_too_long_for_its_reader_is_refused_before_it_is_sealed(member: str) -> None:
    phone = keys.Identity.generate()
    text = "é" * (odd_items.LONGEST + 1)
    texts: dict[str, Any] = {member: (text,) if member == "text" else text}
    long = dataclasses.replace(incident(), **texts)
    with pytest.raises(FormatError, match=f"Incident.{member}: text of 65537 characters"):
        sealing.prepare(phone, ids.CaseId(ids.new_id()), long, [keys.Identity.generate().xwing_public])


def test_texts_that_fit_one_by_one_and_not_together_are_refused_before_they_are_sealed() -> None:
    most = "🌷" * odd_items.LONGEST
    long = dataclasses.replace(incident(), text=schema.Pieces((most,)), impact=most, place=most)
    with pytest.raises(FormatError, match="too long to be sealed"):
        sealing.prepare(
            keys.Identity.generate(), ids.CaseId(ids.new_id()), long, [keys.Identity.generate().xwing_public]
        )


def _device(book: Organisation) -> str:
    return next(iter(book.standing.device_of_key.values()))
