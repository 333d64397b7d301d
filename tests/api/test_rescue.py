"""Breaking the glass at the server: one share gives nothing, two give nothing without the statement, and it works once.

THREATS.md: "rescue key: one share; two shares without the statement; used twice".
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from evidence import canonical, ids, keys
from evidence.envelope import rescue_shares, wraps
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from tests.support import published
from tests.support.listing import fetched, opens, rows, set_list
from tests.support.server_world import CaseOfHers, Person, SealedItem, World, problem, seal
from tests.support.timeline_page import timeline


@pytest.fixture
def colleagues(world: World) -> tuple[Person, Person]:
    one, two = (world.certify("caseworker", label, world.team) for label in ("S. Tand-In", "B. Ijstaan"))
    return one, two


def share_out(case: CaseOfHers, rescue: keys.Identity, *holders: Person) -> None:
    """Have her vault give each of them a share."""
    shares = rescue_shares.split(rescue, 2, len(holders))
    for share, who in zip(shares, holders, strict=True):
        sealed = rescue_shares.seal(share, case.case, rescue.opening_kid, who.identity.xwing_public)
        name, to = rescue.opening_kid, who.identity.opening_kid
        case.vault.act("rescue.share", bodies.RescueShare(name, share.number, who.kid, to, sealed, 2))


@pytest.fixture
def rescue(case: CaseOfHers, colleagues: tuple[Person, Person]) -> keys.Identity:
    """Return a rescue key that her list names, and two colleagues share. The list names no reader."""
    made = keys.Identity.generate()
    share_out(case, made, *colleagues)
    set_list(case, 1, rescue=published.opens(made))
    return made


def add_to(case: CaseOfHers, phone: Person, *readers: keys.Identity) -> SealedItem:
    """Have her phone seal something to her and to these keys."""
    item = seal(phone, [case.vault.identity.xwing_public, *(one.xwing_public for one in readers)])
    phone.upload(item.container, item.body)
    phone.act("item.seal", item.body)
    return item


def use(rescue: keys.Identity, **more: Any) -> bodies.RescueUse:  # noqa: ANN401 - members of a body
    until = ids.time_of(datetime.now(UTC) + timedelta(hours=4))
    return replace(bodies.RescueUse(rescue.opening_kid, "zij is vermist", until), **more)


def ask(case: CaseOfHers, who: Person, body: bodies.RescueUse) -> Statement:
    said = who.sign("rescue.use", body, case.case)
    assert who.post(said).status_code == 201
    return said


def agree(case: CaseOfHers, who: Person, request: Statement) -> httpx.Response:
    assert isinstance(request.body, bodies.RescueUse)
    body = replace(request.body, agrees=request.id, share=ids.Base64("AAAA"))
    return who.post(who.sign("rescue.use", body, case.case))


def test_nobody_is_served_before_two_used_it_and_then_only_who_asked(
    world: World, case: CaseOfHers, phone: Person, colleagues: tuple[Person, Person], rescue: keys.Identity
) -> None:
    one, two = colleagues
    item, hers_alone = add_to(case, phone, rescue), add_to(case, phone)
    # Two who have put the key together in secret hold it, and are served nothing for that.
    for who in (one, two, world.caseworker):
        assert problem(fetched(who, item)) == "not-found"
        assert rows(who, case)[item.body.item].items() >= {"head": None, "wraps": []}.items()
    request = ask(case, one, use(rescue))
    assert problem(fetched(one, item)) == "not-found"
    assert agree(case, two, request).status_code == 201
    assert fetched(one, item).content == item.container
    assert opens(rows(one, case)[item.body.item], rescue)
    assert problem(fetched(one, hers_alone)) == "not-found"  # given by the list, and wrapped to nobody
    for who in (two, world.caseworker):
        assert problem(fetched(who, item)) == "not-found"
        assert rows(who, case)[item.body.item]["wraps"] == []
    reads = [one["body"] for one in _events(case) if one["type"] == "read"]
    assert {each["reader"] for each in reads if item.body.item in each["items"]} == {one.kid}


def test_it_works_once_until_its_end_and_until_she_ends_it(
    case: CaseOfHers, phone: Person, colleagues: tuple[Person, Person], rescue: keys.Identity
) -> None:
    one, two = colleagues
    item = add_to(case, phone, rescue)
    agree(case, two, ask(case, one, use(rescue)))
    assert fetched(one, item).status_code == 200
    for who in (one, two):
        answer = who.post(who.sign("rescue.use", use(rescue), case.case))
        assert (answer.status_code, answer.json()["reason"]) == (403, "spent")
    answer = case.vault.post(case.vault.sign("list.set", _list(2, rescue)))
    assert (answer.status_code, answer.json()["reason"]) == (403, "spent")
    set_list(case, 2)
    assert problem(fetched(one, item)) == "not-found"
    assert rows(one, case)[item.body.item]["head"] is None


def test_when_it_has_ended_nobody_is_served(
    case: CaseOfHers, phone: Person, colleagues: tuple[Person, Person], rescue: keys.Identity
) -> None:
    one, two = colleagues
    item = add_to(case, phone, rescue)
    soon = ids.time_of(datetime.now(UTC) + timedelta(seconds=2))
    assert agree(case, two, ask(case, one, use(rescue, until=soon))).status_code == 201
    while ids.now() < soon:  # the machine may be slow: then it had ended before it was asked
        fetched(one, item)
    assert problem(fetched(one, item)) == "not-found"


def test_what_was_there_before_is_served_when_her_vault_wrapped_it(
    case: CaseOfHers, phone: Person, colleagues: tuple[Person, Person]
) -> None:
    one, two = colleagues
    rescue = keys.Identity.generate()
    before, unwrapped = add_to(case, phone), add_to(case, phone, rescue)
    share_out(case, rescue, one, two)
    set_list(case, 1, rescue=published.opens(rescue))
    made = wraps.wrap(before.key, case.case, before.body.item, rescue.xwing_public)
    name = rescue.opening_kid
    case.vault.act("item.wrap", bodies.ItemWrap(before.body.item, name, name, made, 2))
    assert problem(fetched(one, before)) == "not-found"
    agree(case, two, ask(case, one, use(rescue)))
    assert opens(rows(one, case)[before.body.item], rescue)
    assert fetched(one, before).status_code == 200
    assert problem(fetched(one, unwrapped)) == "not-found"  # older than the list: a wrap alone gives nobody access


def test_who_is_excluded_or_left_reads_nothing_with_it(
    world: World, case: CaseOfHers, phone: Person, colleagues: tuple[Person, Person], rescue: keys.Identity
) -> None:
    one, two = colleagues
    item = add_to(case, phone, rescue)
    agree(case, two, ask(case, one, use(rescue)))
    assert fetched(one, item).status_code == 200
    world.caseworker.act("readers.exclude", bodies.ReadersExclude((one.kid,)), case.case)
    assert problem(fetched(one, item)) == "not-found"


def test_her_phone_makes_uses_and_learns_nothing_of_who_holds_it(
    case: CaseOfHers, phone: Person, colleagues: tuple[Person, Person], rescue: keys.Identity
) -> None:
    """It hears of the key, because it seals to it; of nobody who holds a share, whatever it asks for."""
    one, two = colleagues
    agree(case, two, ask(case, one, use(rescue)))
    shown = phone.http.get(f"/api/v1/enrolments/cases/{case.case}")
    assert shown.status_code == 200
    (listed,) = [statements.parse(canonical.unb64(each)) for each in shown.json()["lists"]]
    assert getattr(listed.body, "rescue", None) == published.opens(rescue)
    for text in (shown.text.encode(), listed.envelope.body, phone.http.get("/api/v1/authority").content):
        for who in colleagues:
            assert who.kid.encode() not in text
            assert published.opens(who.identity).encode() not in text
    assert phone.http.get(f"/api/v1/cases/{case.case}/timeline").status_code in {401, 403, 404}
    share = bodies.RescueShare(rescue.opening_kid, 3, one.kid, one.identity.opening_kid, ids.Base64("AAAA"), 2)
    for kind, body in (("rescue.share", share), ("rescue.use", use(rescue)), ("list.set", _list(2, rescue))):
        answer = phone.post(phone.sign(kind, body, case.case))
        assert (answer.status_code, answer.json().get("reason")) == (403, "role"), kind


def test_her_lead_is_told_that_a_rescue_key_was_ended_or_replaced_and_not_that_one_was_made(
    world: World, case: CaseOfHers, colleagues: tuple[Person, Person]
) -> None:
    """Whoever knows her phrase can end it: the lead makes the check that was agreed at intake."""

    def changed() -> object:
        found = timeline(world.caseworker, case.case)
        return found["case"]["readers"]["changed_at"]

    first, second = keys.Identity.generate(), keys.Identity.generate()
    share_out(case, first, *colleagues)
    set_list(case, 1)
    set_list(case, 2, rescue=published.opens(first))
    set_list(case, 3, rescue=published.opens(first))
    assert changed() is None
    share_out(case, second, *colleagues)
    set_list(case, 4, rescue=published.opens(second))
    replaced = changed()
    assert replaced is not None
    set_list(case, 5)
    ended = changed()
    assert isinstance(ended, str)
    assert isinstance(replaced, str)
    assert ended > replaced
    set_list(case, 6)
    assert changed() == ended


def _list(number: int, rescue: keys.Identity) -> bodies.ListSet:
    now = datetime.now(UTC)
    until = ids.time_of(now + timedelta(days=90))
    return bodies.ListSet(number, ids.time_of(now), until, (), rescue=published.opens(rescue))


def _events(case: CaseOfHers) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = timeline(case.vault, case.case, limit=1000)["events"]
    return found
