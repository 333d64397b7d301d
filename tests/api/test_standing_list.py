"""The standing list at the server: who is given what, and that no list keeps an item from arriving.

THREATS.md: "revoked reader, wrap present, asks for bytes", "stolen phone wraps to a stranger", "works for the police".
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evidence import ids, keys
from evidence.envelope import wraps
from evidence.statements import bodies
from server.doctor import checks as doctor
from server.doctor.finding import State
from server.timeline import health
from tests.support import published
from tests.support.erasing_world import grant
from tests.support.listing import add, fetched, opens, row, rows, set_list
from tests.support.server_world import STATEMENTS, CaseOfHers, Person, SealedItem, World, problem, seal
from tests.support.timeline_page import timeline


@pytest.fixture
def colleague(world: World) -> Person:
    return world.certify("caseworker", "S. Tand-In", world.team)


def test_a_reader_is_given_what_is_added_after_the_list(
    world: World, case: CaseOfHers, phone: Person, colleague: Person
) -> None:
    before = add(case, phone, world.caseworker)
    assert problem(fetched(world.caseworker, before)) == "not-found"
    set_list(case, 1, world.caseworker)
    after, unwrapped = add(case, phone, world.caseworker, colleague), add(case, phone)
    assert fetched(world.caseworker, after).content == after.container
    shown = rows(world.caseworker, case)
    assert opens(shown[after.body.item], world.caseworker.identity)
    assert shown[unwrapped.body.item]["head"] is not None  # given, and cannot be opened
    assert shown[unwrapped.body.item]["wraps"] == []
    hidden: dict[str, Any] = {"head": None, "wraps": []}
    assert shown[before.body.item].items() >= hidden.items()
    for item in (before, after, unwrapped):  # wrapped to her by a phone that was not told to, and on no list
        assert problem(fetched(colleague, item)) == "not-found"
        assert rows(colleague, case)[item.body.item].items() >= hidden.items()
    grant(case, world.caseworker, before)
    assert fetched(world.caseworker, before).content == before.container


def test_only_what_was_given_counts_as_fetched(world: World, case: CaseOfHers, phone: Person) -> None:
    set_list(case, 1, world.caseworker)
    given = add(case, phone, world.caseworker)
    colleague = world.certify("caseworker", "B. Uiten", world.team)
    assert rows(colleague, case)
    assert rows(world.caseworker, case)
    events = timeline(case.vault, case.case, limit=1000)["events"]
    reads = [one["body"] for one in events if one["type"] == "read"]
    assert [one["items"] for one in reads if one["reader"] == world.caseworker.kid] == [[given.body.item]]
    assert not [one for one in reads if one["reader"] == colleague.kid]


def test_a_reader_who_was_taken_off_gets_no_bytes_although_the_wrap_is_there(
    world: World, case: CaseOfHers, phone: Person, colleague: Person
) -> None:
    set_list(case, 1, world.caseworker, colleague)
    item = add(case, phone, world.caseworker, colleague)
    assert fetched(colleague, item).status_code == 200
    set_list(case, 2, world.caseworker)
    late = add(case, phone, world.caseworker, colleague)  # its phone has not heard, and it arrives all the same
    for one in (item, late):
        assert problem(fetched(colleague, one)) == "not-found"
        assert rows(colleague, case)[one.body.item]["head"] is None
    set_list(case, 3, world.caseworker, colleague)  # one signed act restores
    assert fetched(colleague, item).content == item.container


def test_a_list_that_waits_for_the_lead_is_brought_by_her_or_by_the_lead_and_by_nobody_else(
    world: World, case: CaseOfHers, phone: Person, colleague: Person
) -> None:
    lead, until = world.caseworker, ids.time_of(datetime.now(UTC) + timedelta(days=90))
    set_list(case, 1, lead)
    body = bodies.ListSet(2, ids.now(), until, (row(lead), row(colleague)))
    refused = case.vault.post(case.vault.sign("list.set", body))
    assert (refused.status_code, refused.json()["reason"]) == (403, "too-soon")
    agreed = replace(body, agreed=lead.kid)
    alone = case.vault.sign("list.set", agreed)
    assert problem(lead.http.post(STATEMENTS, content=alone.envelope.to_bytes())) == "statement-signature"
    others = case.vault.sign("list.set", agreed, cosigner=colleague.identity)
    assert problem(colleague.http.post(STATEMENTS, content=others.envelope.to_bytes())) == "signer"
    assert problem(lead.http.post(STATEMENTS, content=others.envelope.to_bytes())) == "statement-signature"
    both = case.vault.sign("list.set", agreed, cosigner=lead.identity)
    for who in (colleague, phone, world.investigator):
        assert problem(who.http.post(STATEMENTS, content=both.envelope.to_bytes())) == "signer"
    item = add(case, phone, lead, colleague)
    assert problem(fetched(colleague, item)) == "not-found"
    assert lead.http.post(STATEMENTS, content=both.envelope.to_bytes()).status_code == 201
    assert case.vault.http.post(STATEMENTS, content=both.envelope.to_bytes()).status_code == 200
    assert fetched(colleague, add(case, phone, lead, colleague)).status_code == 200


def test_a_list_is_in_force_from_its_since_to_its_until(world: World, case: CaseOfHers, phone: Person) -> None:
    soon, later = (ids.time_of(datetime.now(UTC) + timedelta(days=days)) for days in (1, 3))
    set_list(case, 1, world.caseworker, since=soon, until=later)
    item = add(case, phone, world.caseworker)
    assert problem(fetched(world.caseworker, item)) == "not-found"
    set_list(case, 2, world.caseworker)
    assert fetched(world.caseworker, item).status_code == 200


def test_an_item_arrives_whatever_it_is_wrapped_to(world: World, case: CaseOfHers, phone: Person) -> None:
    set_list(case, 1, world.caseworker)
    strangers: Sequence[bytes] = [keys.Identity.generate().xwing_public for _ in range(9)]
    for readers in ([], [world.investigator.identity.xwing_public], strangers):
        item = seal(phone, [case.vault.identity.xwing_public, *readers])
        phone.upload(item.container, item.body)
        phone.act("item.seal", item.body)
        assert problem(fetched(world.investigator, item)) == "not-found"
        assert fetched(case.vault, item).content == item.container


def test_a_key_is_wrapped_afterwards_and_a_wrong_first_one_locks_nobody_out(
    world: World, case: CaseOfHers, phone: Person, colleague: Person
) -> None:
    set_list(case, 1, world.caseworker)
    item = add(case, phone, world.caseworker)
    set_list(case, 2, world.caseworker, colleague)
    later = add(case, phone, world.caseworker)

    def wrap(of: SealedItem, key: bytes, to: Person) -> bodies.ItemWrap:
        made = wraps.wrap(key, case.case, of.body.item, to.identity.xwing_public)
        return bodies.ItemWrap(of.body.item, to.kid, to.identity.opening_kid, made, 2)

    answer = world.caseworker.post(
        world.caseworker.sign("item.wrap", wrap(item, item.key, world.investigator), case.case)
    )
    assert (answer.status_code, answer.json()["reason"]) == (403, "reader")
    world.caseworker.act("item.wrap", wrap(later, b"\x00" * 32, colleague), case.case)
    assert not opens(rows(colleague, case)[later.body.item], colleague.identity)
    world.caseworker.act("item.wrap", wrap(later, later.key, colleague), case.case)
    assert opens(rows(colleague, case)[later.body.item], colleague.identity)
    case.vault.act("item.wrap", wrap(item, item.key, colleague))
    assert problem(fetched(colleague, item)) == "not-found"  # older than the list that named her: a grant gives it
    set_list(case, 3, world.caseworker)
    assert problem(fetched(colleague, later)) == "not-found"


def test_who_is_excluded_hears_what_a_stranger_hears(
    world: World, case: CaseOfHers, phone: Person, colleague: Person
) -> None:
    set_list(case, 1, world.caseworker, colleague)
    item = add(case, phone, world.caseworker, colleague)
    reader = world.certify("investigator", "Een verwant")
    grant(case, reader, item)
    own = seal(colleague, [case.vault.identity.xwing_public, colleague.identity.xwing_public], case=case.case)
    colleague.upload(own.container, own.body)
    colleague.act("item.seal", own.body, case.case)
    assert fetched(colleague, own).status_code == fetched(reader, item).status_code == 200
    world.caseworker.act("readers.exclude", bodies.ReadersExclude((colleague.kid, reader.kid)), case.case)
    for who in (colleague, reader):
        for path, nowhere in (
            (f"/api/v1/items/{item.body.item}/container", f"/api/v1/items/{ids.new_id()}/container"),
            (f"/api/v1/items/{own.body.item}/container", f"/api/v1/items/{ids.new_id()}/container"),
            (f"/api/v1/cases/{case.case}/timeline", f"/api/v1/cases/{ids.new_id()}/timeline"),
        ):
            one, none = who.http.get(path), who.http.get(nowhere)
            assert (one.status_code, one.json()) == (none.status_code, none.json()), path
            assert problem(one) == "not-found"
        assert case.case not in [one["case"] for one in who.http.get("/api/v1/cases").json()]


def test_her_lead_is_told_neutrally_what_changed_and_whoever_has_her_phrase_is_not(
    world: World, case: CaseOfHers, phone: Person, colleague: Person
) -> None:
    def told(who: Person) -> tuple[Any, list[str], Any]:
        facts = timeline(who, case.case)["case"]
        (row,) = [one for one in who.http.get("/api/v1/cases").json() if one["case"] == case.case]
        return facts["readers"], [one["kind"] for one in facts["signs"]], row["readers"]

    readers, signs, row = told(world.caseworker)
    assert (readers["count"], readers["changed_at"], signs, row) == (0, None, [], readers)
    soon = ids.time_of(datetime.now(UTC) + timedelta(days=6))
    set_list(case, 1, world.caseworker, colleague, until=soon)
    add(case, phone, world.caseworker)
    readers, signs, row = told(world.caseworker)
    assert (readers["count"], readers["until"], readers["ends_within_days"], signs) == (2, soon, 7, [])
    add(case, phone)  # kept to herself, or a phone that has not heard
    tomorrow = ids.time_of(datetime.now(UTC) + timedelta(days=1, minutes=1))
    set_list(case, 2, since=tomorrow)
    readers, signs, row = told(world.caseworker)
    assert (readers["count"], readers["next_from"], signs, row) == (2, tomorrow, ["closed-to-readers"], readers)
    assert readers["changed_at"] is not None
    assert told(case.vault) == (None, [], None)
    assert (readers["grant_ends_at"], row["grant_ends_at"]) == (None, None)
    reader = world.certify("investigator", "R. Nieuwsgierig")
    grant(case, reader, add(case, phone, world.caseworker))
    assert told(reader) == (None, [], None)
    leaver = world.certify("investigator", "V. Ertrokken")
    ends = [
        grant_until(case, who, add(case, phone, world.caseworker), days) for who, days in ((reader, 31), (leaver, 9))
    ]
    assert told(world.caseworker)[0]["grant_ends_at"] == ends[1]
    world.root.act("key.retire", bodies.KeyRetire(leaver.kid))  # who reads nothing any more is no reason to ask her
    assert told(world.caseworker)[0]["grant_ends_at"] is None
    ends.append(grant_until(case, reader, add(case, phone, world.caseworker), 29))
    assert told(world.caseworker)[0]["grant_ends_at"] == ends[2]
    assert told(case.vault) == (None, [], None)
    assert told(reader) == (None, [], None)


def grant_until(case: CaseOfHers, reader: Person, item: SealedItem, days: int) -> ids.Time:
    """She gives an item for so many days; return when that ends."""
    until = ids.time_of(datetime.now(UTC) + timedelta(days=days))
    given = published.given(item.key, case.case, item.body.item, reader.identity)
    body = bodies.Grant(ids.GrantId(ids.new_id()), reader.kid, reader.identity.opening_kid, "aangifte", until, (given,))
    case.vault.act("grant", body)
    return until


def test_a_case_without_a_reader_is_counted_and_the_doctor_says_so(world: World) -> None:
    def alone() -> tuple[int, int]:
        return health.examine(world.settings)

    (before, cases), case = alone(), world.open_case()
    assert alone() == (before + 1, cases + 1)
    finding = doctor.check_readers(world.settings)
    assert (finding.state, f"{before + 1} of {cases + 1} cases" in finding.seen) == (State.LOOK, True)
    set_list(case, 1, world.caseworker)
    assert alone() == (before, cases + 1)
    colleague = world.certify("caseworker", "V. Ertrekt", world.team)
    other = world.open_case()
    set_list(other, 1, colleague)
    assert alone() == (before, cases + 2)
    world.root.act("key.retire", bodies.KeyRetire(colleague.kid))
    assert alone() == (before + 1, cases + 2)
