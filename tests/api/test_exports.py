"""Proves that a bundle holds what was signed for, verifies with the trust anchors alone, and goes to nobody else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import bag
from evidence.statements import bodies
from tests.support.exporting import GROUND, ask, grant, statement
from tests.support.server_world import CaseOfHers, Person, World, problem
from tests.support.waiting import until


@pytest.fixture
def who(world: World) -> Person:
    return world.certify("investigator", "R. Bos")


def test_from_grant_to_a_bundle_that_verifies(
    world: World, case: CaseOfHers, phone: Person, who: Person, tmp_path: Path
) -> None:
    shown = [case.sealed(phone, content=b"x" * 100_000), case.sealed(phone)]
    hidden = case.sealed(phone)
    grant(case, who, *shown)
    prepared = ask(who, case).json()
    assert sorted(prepared["items"]) == sorted(item.body.item for item in shown)
    where = f"/api/v1/exports/{prepared['export']}"
    assert who.http.get(where).json()["state"] == "waiting"
    assert problem(who.http.get(f"{where}/bundle.zip")) == "export-waiting"
    who.act("export", statement(prepared), case.case)
    until(lambda: who.http.get(where).json()["state"] == "ready", "the bundle is built")
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(who.http.get(f"{where}/bundle.zip").content)
    report = verify(bundle, trust.load(world.settings.data / "trust"))
    assert report.exit_code == 0, list(report.failed)
    assert hidden.body.item.encode() not in bundle.read_bytes()
    proven = {claim.code for claim in report.claims}
    assert "time" in proven


def test_a_large_case_is_taken_in_parts_grant_by_grant(
    case: CaseOfHers, phone: Person, who: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bag, "MAX_ITEMS", 2)
    first = [case.sealed(phone), case.sealed(phone)]
    given, more = grant(case, who, *first), grant(case, who, case.sealed(phone))
    assert problem(ask(who, case)) == "too-many-to-export"
    prepared = ask(who, case, grants=[given]).json()
    assert sorted(prepared["items"]) == sorted(one.body.item for one in first)
    who.act("export", statement(prepared), case.case)
    assert len(ask(who, case, grants=[more]).json()["items"]) == 1
    assert problem(ask(who, case, grants=[given, more])) == "too-many-to-export"
    assert problem(ask(who, case, grants=["ab" * 16])) == "nothing-to-export"
    assert problem(ask(who, case, grants=[])) == "nothing-to-export"


def test_looking_in_between_does_not_change_what_was_prepared(case: CaseOfHers, phone: Person, who: Person) -> None:
    grant(case, who, case.sealed(phone))
    prepared = ask(who, case).json()
    who.http.get(f"/api/v1/cases/{case.case}/timeline")  # one more read event in the journal
    who.act("export", statement(prepared), case.case)
    where = f"/api/v1/exports/{prepared['export']}"
    until(lambda: who.http.get(where).json()["state"] == "ready", "the bundle is built")


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {"manifest": ids.Sha256("0" * 64)},
        lambda _: {"ground": "iets anders"},
        lambda _: {"items": ()},
        lambda said: {"last": said.last[1:]},
        lambda said: {"last": (*said.last[:-1], replace(said.last[-1], seq=said.last[-1].seq + 1))},
        lambda said: {"last": (*said.last[:-1], replace(said.last[-1], statement=ids.Sha256("0" * 64)))},
        lambda said: {"head": replace(said.head, size=said.head.size - 1)},
        lambda said: {"head": replace(said.head, root=ids.Sha256("0" * 64))},
    ],
)
def test_a_signature_over_something_else_is_refused(
    case: CaseOfHers, phone: Person, who: Person, change: Callable[[bodies.Export], dict[str, object]]
) -> None:
    grant(case, who, case.sealed(phone))
    prepared = ask(who, case).json()
    answer = who.post(who.sign("export", statement(prepared, **change(statement(prepared))), case.case))
    assert (answer.status_code, problem(answer)) == (409, "export-stale")


def test_an_export_that_was_never_prepared_is_not_found(case: CaseOfHers, phone: Person, who: Person) -> None:
    sealed = case.sealed(phone)
    grant(case, who, sealed)
    zero = ids.Sha256("0" * 64)
    head = bodies.ExportHead("log.example", 1, zero)
    body = bodies.Export(ids.ExportId(ids.new_id()), GROUND, zero, (sealed.body.item,), head, ())
    assert problem(who.post(who.sign("export", body, case.case))) == "not-found"


def test_somebody_elses_export_is_not_found(world: World, case: CaseOfHers, phone: Person, who: Person) -> None:
    grant(case, who, case.sealed(phone))
    prepared = ask(who, case).json()
    other = world.certify("investigator", "nog iemand")
    for where in (f"/api/v1/exports/{prepared['export']}", f"/api/v1/exports/{ids.new_id()}"):
        assert problem(other.http.get(where)) == "not-found"
    assert problem(ask(other, case)) == "not-found"
    assert problem(ask(phone, case)) == "not-found"
    assert problem(ask(world.caseworker, case)) == "not-found"
