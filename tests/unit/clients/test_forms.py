"""Forms of papers: what is said becomes a description, and what a reader would refuse is refused first."""

import json
from pathlib import Path
from typing import Any

import pytest

from evidence import schema
from evidence.envelope import meta as metas
from server.cli import records
from server.clients import forms
from server.clients.errors import ClientError
from tests.vectors import make_kind

EACH = pytest.mark.parametrize("kind", records.HELP)
CHROME = {"v", "kind", "source", "recorded"}


def said_of(kind: str) -> dict[str, Any]:
    """Return what the vectors say of a kind, by the paths that may be said."""
    whole = make_kind.whole(kind)

    def at(path: str) -> Any:  # noqa: ANN401 - JSON
        value: Any = whole
        for name in path.split("."):
            value = value[name]
        return value

    return {one.path: "".join(at("text")) if one.path == "text" else at(one.path) for one in forms.members(kind)}


@EACH
def test_what_is_said_of_each_member_is_what_is_sealed(kind: str) -> None:
    described = forms.describe(kind, "caseworker", said_of(kind))
    expected = {name: value for name, value in make_kind.whole(kind).items() if name not in CHROME}
    assert {name: value for name, value in schema.encode_whole(described).items() if name not in CHROME} == expected
    assert metas.parse(metas.to_bytes(described)) == described


@EACH
def test_a_form_says_the_same_and_an_option_wins(kind: str, tmp_path: Path) -> None:
    (tmp_path / "form.json").write_text(json.dumps(make_kind.least(kind) | {"title": "Uit het formulier"}))
    form = forms.read(tmp_path / "form.json")
    assert forms.describe(kind, "victim", {}, form).title == "Uit het formulier"
    described = forms.describe(kind, "victim", {"title": "Gezegd", "text": "Een zin. Nog een."}, form)
    assert (described.title, described.source, described.text) == ("Gezegd", "victim", ("Een zin. ", "Nog een."))


@EACH
def test_what_must_be_said_is_named(kind: str) -> None:
    needed = [one.path for one in forms.members(kind) if one.needed]
    assert (kind == "question") is (needed == [])
    for path in needed:
        with pytest.raises(ClientError, match=rf"{path.rpartition('.')[2]}.*Nothing was sealed"):
            forms.describe(kind, "caseworker", {**said_of(kind), path: None})


@pytest.mark.parametrize(
    ("kind", "wrong", "why"),
    [
        ("report", {"report.kind": "klachtje"}, "expected one of melding"),
        ("report", {"report.at": "2026-02-30"}, "no time that can be"),
        ("report", {"happened": "gisteren"}, "no time that can be"),
        ("cost", {"cost.amount_cents": -1}, "zero or more"),
        ("cost", {"about": "abc"}, "Cost.about"),
        ("note", {"text": "a" * 70_000}, "Note.text: text of 70000 characters"),
        ("trace", {"trace.what": "é" * 70_000}, "text of 70000 characters"),
        ("assessment", {"assessment.items": ["x"]}, "Assessment.items"),
    ],
)
def test_what_a_reader_would_refuse_is_refused_before_it_is_sealed(kind: str, wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ClientError, match=why):
        forms.describe(kind, "caseworker", {**said_of(kind), **wrong})


@pytest.mark.parametrize(
    "text", ["", "[]", '{"title": 1.5}', "{", '{"unknown": 1}', '{"report": 5}', '{"kind": "cost"}']
)
def test_what_is_no_form_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "form.json").write_text(text)
    with pytest.raises(ClientError, match="Nothing was sealed"):
        forms.describe("report", "victim", {"report.number": "1"}, forms.read(tmp_path / "form.json"))
    with pytest.raises(ClientError, match="Nothing was sealed"):
        forms.read(tmp_path / "there is none.json")
