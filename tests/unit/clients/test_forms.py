"""Forms of every kind: what is said becomes a description, and what a reader would refuse is refused first."""

import json
from pathlib import Path
from typing import Any

import pytest

from evidence import schema
from evidence.edtf import Edtf
from evidence.envelope import meta as metas
from evidence.envelope import parts
from server.cli import records
from server.clients import forms, telling
from server.clients.errors import ClientError
from tests.vectors import make_kind

EACH = pytest.mark.parametrize("kind", records.HELP)
CHROME = {"v", "kind", "source", "recorded"}


def told_of(kind: str) -> dict[str, Any]:
    """Return a description with all that may be said of a kind: times without a contradiction, no picture."""
    whole = json.loads(json.dumps(make_kind.whole(kind)))
    if kind == "card":
        whole["card"]["suspect"]["picture"] = None
    return dict(whole)


def beside(kind: str) -> dict[str, Any]:
    """Return what nobody is asked: what a file says of itself."""
    return {name: value for name, value in told_of(kind).items() if name in {"file", "camera"}}


def said_of(kind: str) -> dict[str, Any]:
    """Return what the vectors say of a kind, by the paths that may be said."""
    whole = told_of(kind)

    def at(path: str) -> Any:  # noqa: ANN401 - JSON
        value: Any = whole
        for name in path.split("."):
            value = value[name]
        return value

    return {one.path: "".join(at("text")) if one.path == "text" else at(one.path) for one in forms.members(kind)}


@EACH
def test_what_is_said_of_each_member_is_what_is_sealed(kind: str) -> None:
    described = forms.describe(kind, "caseworker", said_of(kind), beside(kind))
    expected = {name: value for name, value in told_of(kind).items() if name not in CHROME}
    found = {name: value for name, value in schema.encode_whole(described).items() if name not in CHROME}
    if kind == "card":
        assert found["card"]["suspect"].pop("picture") == schema.complete(parts.Picture, None)
        expected["card"]["suspect"].pop("picture")
    assert found == expected
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
    assert (kind in {"question", "file"}) is (needed == [])
    for path in needed:
        with pytest.raises(ClientError, match=rf"{path.rpartition('.')[2]}.*Nothing was sealed"):
            forms.describe(kind, "caseworker", {**said_of(kind), path: None}, beside(kind))


@EACH
def test_an_answer_that_there_is_not_is_refused_by_the_name_of_its_option(kind: str) -> None:
    for one in forms.members(kind):
        if one.choices:
            wrong = ["there is none"] if one.many else "there is none"
            with pytest.raises(
                ClientError, match=rf"“there is none” is no answer to --{one.option}.*Nothing was sealed"
            ):
                forms.describe(kind, "caseworker", {**said_of(kind), one.path: wrong}, beside(kind))


@pytest.mark.parametrize(
    ("kind", "path", "written"),
    [
        ("incident", "told", "whom=Politie; at=2026-05-12T20:45; number=PL1700-1, blad 2; no-number=nee"),
        ("card", "card.orders", "kind=contactverbod; valid_from=2026-05-14; persons=Noor"),
        ("card", "card.known_places", "label=School, de achterkant; lat=51.936142; lon=4.470218;"),
        ("screening", "screening.answers", "question=Kan hij bij uw telefoon?; answer=Nee"),
    ],
)
def test_a_record_of_a_list_is_written_by_the_names_of_its_members(kind: str, path: str, written: str) -> None:
    found = schema.leaf(forms.describe(kind, "victim", {**said_of(kind), path: [written]}), path)
    assert found == {
        "told": (parts.ToldTo("Politie", Edtf("2026-05-12T20:45"), "PL1700-1, blad 2", no_number=False),),
        "card.orders": (parts.Order("contactverbod", Edtf("2026-05-14"), persons=("Noor",)),),
        "card.known_places": (parts.KnownPlace("School, de achterkant", "51.936142", "4.470218"),),
        "screening.answers": (parts.Asked("Kan hij bij uw telefoon?", "Nee"),),
    }[path]  # fmt: skip
    for wrong in (f"{written}; wie=ik", "Politie", f"{written}; ={written}"):
        with pytest.raises(ClientError, match=r"says nothing of --.*Nothing was sealed"):
            forms.describe(kind, "victim", {**said_of(kind), path: [wrong]})


def test_a_tag_is_meant_also_by_its_words_in_either_language() -> None:
    said = ["bellen", "Breach of an order", "VALSE MELDINGEN", "sexual-violence", "in de tuin"]
    described = forms.describe("incident", "victim", {"title": "x", "conduct": said})
    assert isinstance(described, metas.Incident)
    assert described.conduct == ("call", "breach", "false-report", "sexual-violence", "in de tuin")
    assert [one.split("”")[0] for one in telling.remarks(described)] == ["“in de tuin"]


@pytest.mark.parametrize(
    ("kind", "wrong", "why"),
    [
        ("report", {"report.kind": "klachtje"}, "“klachtje” is no answer to --kind"),
        ("report", {"report.at": "2026-02-30"}, "no time that can be"),
        ("report", {"happened": "gisteren"}, "no time that can be"),
        ("cost", {"cost.amount_cents": -1}, "zero or more"),
        ("cost", {"about": "abc"}, "Cost.about"),
        ("note", {"text": "a" * 70_000}, "Note.text: text of 70000 characters"),
        ("trace", {"trace.what": "é" * 70_000}, "text of 70000 characters"),
        ("assessment", {"assessment.items": ["x"]}, "Assessment.items"),
        ("incident", {"severity": 7}, "“7” is no answer to --severity"),
        ("incident", {"position.lat": "91"}, "is no place such as"),
        ("incident", {"position.lat": "51.9", "position.lon": None}, "Position.lon"),
        ("incident", {"told": ["whom=Politie; number=1; no-number=ja"]}, "cannot both be"),
        ("incident", {"told": ["whom=Politie; no-number=misschien"]}, "neither yes nor no"),
        ("incident", {"told": ["at=2026-05-12"]}, "ToldTo.whom"),
        ("incident", {"lasted_minutes": -1}, "zero or more"),
        ("card", {"card.known_places": ["label=School; lat=north; lon=4.4"]}, "is no place such as"),
        (
            "card",
            {"card.orders": ["kind=straatverbod; valid-from=2026-05-14"]},
            "“straatverbod” is no answer to --kind",
        ),
        ("card", {"card.aol.until": "morgen"}, "aol.until: no time that can be"),
        ("order", {"order.valid_from": "21-11-2026"}, "no day such as"),
        ("order", {"order.valid_from": "2026-11"}, "no day such as"),
        ("order", {"order.until": "2026-02-30"}, "no time that can be"),
        ("order", {"happened": None, "order.until": "2026-05-01"}, "no time that can be"),
        ("order", {"order.proof": "x"}, "Order.proof"),
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
