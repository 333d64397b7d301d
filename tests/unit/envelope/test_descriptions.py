"""A kind says its members once: vectors, docs, texts of the page and columns of the timeline have them all."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from evidence import canonical, ids, keys, schema
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.edtf import Edtf
from evidence.envelope import meta as metas
from evidence.envelope import sealing, words
from evidence.errors import FormatError
from tests.support import format_pages
from tests.support.incidents import incident, photo
from tests.support.organisation import Organisation
from tests.support.timeline_rows import rows_of
from tests.vectors import make_kind

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "formats" / "envelope.md"
EACH = pytest.mark.parametrize("kind", metas.KINDS)
CHOSEN = {path for path, hint in words.every_path().items() if words.choices(hint)}
PHONE, CASE = keys.Identity.generate(), ids.CaseId(ids.new_id())


@EACH
def test_the_vectors_of_a_kind_have_all_its_members(kind: str) -> None:
    hints = get_type_hints(metas.KINDS[kind])
    assert make_kind.whole(kind).keys() == hints.keys()
    assert make_kind.least(kind).keys() == hints.keys()
    needed = {name for name, hint in hints.items() if _is_needed(hint)}
    assert make_kind.NEEDED.get(kind, set()) == needed - {"v", "kind", "source", "recorded", "title"}
    nothing = schema.complete(metas.KINDS[kind], {})
    assert all(value != nothing[name] for name, value in make_kind.whole(kind).items()), "each member says something"


def test_the_table_in_the_docs_is_the_kinds() -> None:
    rows = re.findall(r"^\| (every kind|`[a-z][\w`, -]*`) \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)
    table = {kind: format_pages.named(cell) for kinds, cell in rows for kind in re.findall(r"\w[\w -]*", kinds)}
    every = [*format_pages.members(metas.Described)]
    own = {
        kind: [one for one in format_pages.members(described) if one not in {*every, "kind"}]
        for kind, described in metas.KINDS.items()
    }
    assert table == {"every kind": [*every, "kind"], **own}


@EACH
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_has_a_word_for_each_kind_and_source(kind: str, language: str) -> None:
    texts = (ROOT / "server/web/static/locales" / f"{language}.ftl").read_text()
    for text in (f"kind-{kind}", *(f"source-{source}" for source in get_args(metas.Source))):
        assert re.search(rf"^{text} = \S", texts, re.MULTILINE), text


def test_a_time_that_cannot_be_is_refused_wherever_it_is_told() -> None:
    refused = []
    for kind in metas.KINDS:
        plain = canonical.encode(make_kind.whole(kind)).decode()
        for told in dict.fromkeys(re.findall(r'(?<=")2026-\d\d-\d\d(?:T[\d:+]+)?(?=")', plain)):
            meta = metas.parse(plain.replace(f'"{told}"', '"2026-13-01"').encode())
            with pytest.raises(FormatError, match="no time that can be") as error:
                metas.to_bytes(meta)
            refused.append(str(error.value).split(":")[0])
    assert set(refused) == {path for path, hint in _paths() if hint is Edtf}


def test_timeline_and_case_file_have_every_word_of_a_description(tmp_path: Path) -> None:
    book = Organisation(tmp_path)
    content = sealing.Content.of_bytes(bytes(5000), "foto één.jpg", "image/jpeg")
    described = {kind: metas.read(make_kind.whole(kind)) for kind in metas.KINDS}
    items = {
        book.seal(meta, content if isinstance(meta, metas.Media) else None): kind for kind, meta in described.items()
    }
    book.grant(*items)
    opened.open_bundle(book.export(*items), book.investigator, tmp_path / "opened")

    found = {items[ids.ItemId(row["item"])]: " ".join(row.values()) for row in rows_of(tmp_path / "opened")}
    graph = json.loads((tmp_path / "opened" / layout.CASE).read_bytes())["@graph"]
    notes = [" ".join(node["core:statement"]) for node in graph if node["@type"] == "core:Annotation"]
    for path in (tmp_path / "opened" / layout.DESCRIPTIONS).iterdir():
        plain = json.loads(path.read_bytes())
        (note,) = (one for one in notes if f"[kind]: {_both(words.TERMS['kind'][plain['kind']])} " in f"{one} ")
        for said in (found[plain["kind"]], note):
            left_out = [word for word in _words("", plain) if word not in said]
            assert left_out == _bytes_in(plain)


def test_content_belongs_to_media_and_to_nothing_else() -> None:
    content = sealing.Content.of_bytes(b"x", "a.txt", "text/plain")
    reader = [keys.Identity.generate().xwing_public]
    with pytest.raises(FormatError, match=r"Incident: only a photo, sound, video or file has content"):
        sealing.prepare(PHONE, CASE, incident(), reader, content)
    with pytest.raises(FormatError, match=r"Media\.file: "):
        sealing.prepare(PHONE, CASE, photo(), reader)
    sealing.prepare(PHONE, CASE, photo(), reader, content)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (
            {"kind": "Position"},
            "kind: expected one of incident, photo, sound, video, file, order, assessment, report, card, cost",
        ),
        ({"camera": {}}, "Incident: unknown member 'camera'"),
        ({"severity": 5}, "Incident.severity: expected one of 0, 1, 2, 3, 4"),
        ({"position": {"lat": "1"}}, "Incident.position: Position: no member 'accuracy_m'"),
        ({"position": {"lat": "1", "lon": None, "accuracy_m": None}}, "Incident.position: Position.lon: expected text"),
        ({"position": None}, "Incident.position: Position: expected an object"),
        ({"text": "Een uur lang."}, "Incident.text: expected a list of at most 1024 pieces of text"),
    ],
)
def test_what_is_wrong_with_a_description_is_named(changes: dict[str, object], named: str) -> None:
    with pytest.raises(FormatError, match=re.escape(named)):
        metas.parse(canonical.encode({**make_kind.least("incident"), **changes}))


def _is_needed(hint: Any) -> bool:  # noqa: ANN401 - a type form has no common type
    return schema.without_none(hint) is hint and hint is not schema.Pieces and get_origin(hint) is not tuple


def _paths() -> Iterator[tuple[str, Any]]:
    """Yield the path of each member of each kind as a writer names it, and its type; a list is looked into."""
    for one in set(metas.KINDS.values()):
        yield from _inside(one, one.__name__)


def _inside(part: type, path: str) -> Iterator[tuple[str, Any]]:
    for name, hint in get_type_hints(part).items():
        inner = schema.without_none(hint)
        one = get_args(inner)[0] if get_origin(inner) is tuple else inner
        yield f"{path}.{name}", one
        if isinstance(one, type) and is_dataclass(one):
            yield from _inside(one, f"{path}.{name}")


def _bytes_in(plain: dict[str, Any]) -> list[str]:
    """Return what is no word for people: a device's signed bytes, and a picture."""
    inside: dict[str, tuple[str, ...]] = dict.fromkeys(("alarm", "position", "check-in"), ("alarm", "cose"))
    inside["card"] = ("card", "suspect", "picture", "data")
    found: Any = plain
    for name in inside.get(plain["kind"], ()):
        found = found[name]
    return [found] if isinstance(found, str) else []


def _words(path: str, value: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Return what a reader of tables must find of a value: an answer of which there are only so many in its words."""
    if isinstance(value, Mapping):
        inside = {f"{path}.{name}".removeprefix("."): one for name, one in value.items() if name != "v"}
        return [word for name, one in inside.items() for word in _words(name, one)]
    if isinstance(value, list):
        return [word for one in value for word in _words(path, one)]
    if isinstance(value, bool):
        return [_both(words.VALUES["yes" if value else "no"])]
    answers = words.TERMS.get(path, words.VALUES if path in CHOSEN else {})
    return [_both(answers[str(value)]) if str(value) in answers else str(value)]


def _both(said: words.Words) -> str:
    return said[0] if said[0] == said[1] else f"{said[0]} / {said[1]}"
