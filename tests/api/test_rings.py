"""Proves that a ring of opened keys is its reader's alone, and goes with an erased item and with a retired key."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from evidence import ids
from evidence.envelope import rings
from evidence.statements import bodies
from server.edge import MAX_BODY_BYTES
from tests.support.erasing_world import sweeping, told
from tests.support.exporting import grant
from tests.support.ring_bytes import ring
from tests.support.server_world import CaseOfHers, Person, problem, running_world, settings_in


def leave(who: Person, case: ids.CaseId, data: bytes) -> httpx.Response:
    return who.http.put(f"/api/v1/cases/{case}/ring", content=data, headers={"content-type": rings.MEDIA_TYPE})


def kept(who: Person, case: ids.CaseId) -> bytes:
    answer = who.http.get(f"/api/v1/cases/{case}/ring")
    assert answer.status_code in {200, 204}, answer.text
    return answer.content


def test_each_reader_has_one_of_their_own(case: CaseOfHers, phone: Person) -> None:
    item = case.sealed(phone)
    caseworker = case.world.caseworker
    grant(case, caseworker, item)
    hers, theirs = ring(1, item.body.item), ring(1, item.body.item)
    assert kept(case.vault, case.case) == b""
    for _ in range(2):
        assert leave(case.vault, case.case, hers).status_code == 204
    assert (kept(case.vault, case.case), kept(caseworker, case.case)) == (hers, b"")
    assert leave(caseworker, case.case, theirs).status_code == 204
    assert (kept(case.vault, case.case), kept(caseworker, case.case)) == (hers, theirs)
    newer = ring(2, item.body.item)
    assert leave(caseworker, case.case, newer).status_code == 204
    assert kept(caseworker, case.case) == newer


def test_who_sees_nothing_of_a_case_has_none(case: CaseOfHers, phone: Person) -> None:
    data = ring(1, case.sealed(phone).body.item)
    for who in (phone, case.world.open_case().vault, case.world.certify("investigator", "elders")):
        assert problem(leave(who, case.case, data)) == "not-found"
        assert problem(who.http.get(f"/api/v1/cases/{case.case}/ring")) == "not-found"


def test_it_names_only_what_is_given(case: CaseOfHers, phone: Person) -> None:
    given, other = case.sealed(phone), case.sealed(phone)
    caseworker = case.world.caseworker
    name = grant(case, caseworker, given)
    assert problem(leave(caseworker, case.case, ring(1, given.body.item, other.body.item))) == "not-found"
    assert leave(caseworker, case.case, ring(1, given.body.item)).status_code == 204
    case.vault.act("revoke", bodies.Revoke(name))
    assert kept(caseworker, case.case) == b""


@pytest.mark.parametrize("data", [b"", b"x", rings.MAGIC, bytes(5000), ring(1), ring(1, ids.ItemId("00" * 16))[:-1]])
def test_what_is_no_ring_is_refused(case: CaseOfHers, data: bytes) -> None:
    assert problem(leave(case.vault, case.case, data)) == "statement"
    assert kept(case.vault, case.case) == b""


def test_one_that_is_too_large_is_refused(case: CaseOfHers) -> None:
    assert problem(leave(case.vault, case.case, bytes(MAX_BODY_BYTES + 1))) == "too-large"


def test_an_erasure_destroys_the_rings_that_name_the_item_and_no_other(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        case, going, staying = story.case.case, story.going.body.item, story.staying.body.item
        with_it, without = ring(1, going, staying), ring(1, staying)
        assert leave(story.case.vault, case, with_it).status_code == 204
        assert leave(world.investigator, case, without).status_code == 204
        with sweeping(settings) as sweeper:
            assert sweeper.sweep() == 1
        assert {path.read_bytes() for path in (settings.data / "rings").iterdir()} == {without}
        assert kept(story.case.vault, case) == b""
        assert problem(leave(story.case.vault, case, with_it)) == "not-found", "a page that was open all the while"
        assert {path.read_bytes() for path in (settings.data / "rings").iterdir()} == {without}
        assert leave(story.case.vault, case, ring(2, staying)).status_code == 204


def test_once_it_is_decided_no_ring_with_the_item_is_served(tmp_path: Path) -> None:
    """Also when the server was killed between the decision and the destruction."""
    settings = settings_in(tmp_path / "data")

    def killed(step: str) -> None:
        if step == "executed":
            raise KeyboardInterrupt

    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        assert leave(story.case.vault, story.case.case, ring(1, story.going.body.item)).status_code == 204
        with sweeping(settings, reached=killed) as sweeper, pytest.raises(KeyboardInterrupt):
            sweeper.sweep()
        assert kept(story.case.vault, story.case.case) == b""
        assert not list((settings.data / "rings").iterdir())


def test_the_rings_of_a_retired_key_go_at_once_and_those_that_a_crash_left_at_the_next_start(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        case = world.open_case()
        item = case.sealed(case.phone())
        who, other = world.certify("investigator", "A. Smit"), world.certify("investigator", "B. Vos")
        for one in (who, other):
            grant(case, one, item, valid=timedelta(days=30))
            assert leave(one, case.case, ring(1, item.body.item)).status_code == 204
        (left,) = (settings.data / "rings").glob(f"*-{who.kid}.ring")
        data = left.read_bytes()
        world.root.act("key.retire", bodies.KeyRetire(who.kid))
        assert [path.name for path in (settings.data / "rings").iterdir()] == [f"{case.case}-{other.kid}.ring"]
    left.write_bytes(data)
    with running_world(settings, world.root.identity):
        assert [path.name for path in (settings.data / "rings").iterdir()] == [f"{case.case}-{other.kid}.ring"]
