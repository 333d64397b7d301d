"""Proves who sees what of a case, that reading is an event before the bytes flow, and that outsiders hear one 404."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from evidence import canonical, ids, keys
from evidence.custody.log import leaf, tlogproof
from evidence.custody.witnessing.policy import Policy
from evidence.envelope import container, opening, wraps
from evidence.statements import bodies, event
from tests.support import published, timeline_page
from tests.support.exporting import grant
from tests.support.server_world import CaseOfHers, Person, World, problem, seal
from tests.support.waiting import until

CONTENT = bytes(range(256)) * 500


def timeline(who: Person, case: CaseOfHers, **query: int) -> dict[str, Any]:
    return timeline_page.timeline(who, case.case, **query)


def reads(case: CaseOfHers) -> list[dict[str, Any]]:
    events = timeline(case.vault, case, limit=1000)["events"]
    return [one["body"] for one in events if one["type"] == "read" and one["body"]["reader"] != case.vault.kid]


def test_the_vault_opens_what_the_phone_sealed(case: CaseOfHers, phone: Person) -> None:
    sealed = case.sealed(phone, "Hij stond om drie uur voor het raam.", CONTENT)
    page = timeline(case.vault, case)
    (item,) = [one["item"] for one in page["events"] if one["type"] == "item.seal"]
    prefix = item["prefix"]
    container.verify_head(prefix, phone.identity.sign_public)
    key = wraps.unwrap(prefix.head.wraps[0].wrap, case.case, sealed.body.item, case.vault.identity)
    assert opening.open_meta(prefix, key).words == "Hij stond om drie uur voor het raam."
    assert (prefix.head.content is not None, item["wraps"]) == (True, [])
    assert [one["type"] for one in page["events"]][:3] == ["case.open", "device.invite", "device.enrol"]
    assert page["case"]["lead"]["label"] == "M. de Wit"


def test_every_event_can_be_checked_by_its_reader(case: CaseOfHers, phone: Person) -> None:
    case.sealed(phone)
    for one in timeline(case.vault, case)["events"]:
        parsed = event.parse(one["event"])
        assert (parsed.index, parsed.statement.id) == (one["index"], one["statement"])


def test_pages_join_without_gap(case: CaseOfHers, phone: Person) -> None:
    for _ in range(5):
        case.sealed(phone)
    whole = [one["index"] for one in timeline(case.vault, case)["events"]]
    joined: list[int] = []
    since: int | None = -1
    while since is not None and len(joined) < len(whole):
        page = timeline(case.vault, case, since=since, limit=3)
        joined += [one["index"] for one in page["events"]]
        since = page["next"]
    assert joined[: len(whole)] == whole


def test_a_caseworker_sees_but_cannot_open_what_was_not_granted(case: CaseOfHers, phone: Person) -> None:
    sealed = case.sealed(phone, content=CONTENT)
    caseworker = case.world.caseworker
    (shown,) = [one for one in timeline(caseworker, case)["events"] if one["type"] == "item.seal"]
    assert (shown["body"]["item"], shown["item"]) == (sealed.body.item, None)
    where = f"/api/v1/items/{sealed.body.item}/container"
    assert problem(caseworker.http.get(where)) == "not-found"
    grant(case, caseworker, sealed)
    (item,) = [one["item"] for one in timeline(caseworker, case)["events"] if one["item"]]
    assert wraps.unwrap(item["wraps"][0]["wrap"], case.case, sealed.body.item, caseworker.identity) == sealed.key
    assert caseworker.http.get(where).content == sealed.container


def test_a_caseworker_of_another_team_sees_no_case(case: CaseOfHers, phone: Person) -> None:
    sealed = case.sealed(phone)
    team = ids.TeamId(ids.new_id())
    case.world.root.act("team.open", bodies.TeamOpen(team, "elders"))
    other = case.world.certify("caseworker", "K. Blom", team)
    for where in (f"/api/v1/cases/{case.case}/timeline", f"/api/v1/items/{sealed.body.item}/container"):
        assert problem(other.http.get(where)) == "not-found"
    assert other.http.get("/api/v1/cases").json() == []
    assert case.case in [one["case"] for one in case.world.caseworker.http.get("/api/v1/cases").json()]


def test_another_vault_sees_no_case(case: CaseOfHers, phone: Person) -> None:
    sealed, theirs = case.sealed(phone), case.world.open_case()
    assert problem(theirs.vault.http.get(f"/api/v1/cases/{case.case}/timeline")) == "not-found"
    assert problem(theirs.vault.http.get(f"/api/v1/items/{sealed.body.item}/container")) == "not-found"


def test_an_investigator_sees_what_was_granted_and_nothing_else(case: CaseOfHers, phone: Person) -> None:
    shown, hidden = case.sealed(phone, "gedeeld"), case.sealed(phone, "niet gedeeld")
    who = case.world.certify("investigator", "A. Smit")
    where = f"/api/v1/cases/{case.case}/timeline"
    before = who.http.get(where)
    nothing = who.http.get(f"/api/v1/cases/{ids.new_id()}/timeline")
    assert problem(before) == problem(nothing) == "not-found"
    assert before.json() == nothing.json()
    grant(case, who, shown)
    page = timeline(who, case)
    assert [one["item"]["item"] for one in page["events"] if one["item"]] == [shown.body.item]
    assert hidden.body.item not in str(page)
    assert all(hidden.body.item.encode() not in one["event"] for one in page["events"])
    assert problem(who.http.get(f"/api/v1/items/{hidden.body.item}/container")) == "not-found"
    assert [one["case"] for one in who.http.get("/api/v1/cases").json()] == [case.case]


def test_a_grant_that_was_revoked_or_has_expired_shows_nothing(case: CaseOfHers, phone: Person) -> None:
    sealed = case.sealed(phone)
    who = case.world.certify("investigator", "T. Vos")
    name = grant(case, who, sealed)
    assert who.http.get(f"/api/v1/items/{sealed.body.item}/container").status_code == 200
    case.vault.act("revoke", bodies.Revoke(name))
    assert problem(who.http.get(f"/api/v1/items/{sealed.body.item}/container")) == "not-found"
    grant(case, who, sealed, valid=timedelta(seconds=-1))
    assert problem(who.http.get(f"/api/v1/cases/{case.case}/timeline")) == "not-found"


@pytest.mark.parametrize("method", ["timeline", "container", "proof"])
def test_a_phone_reads_nothing(case: CaseOfHers, phone: Person, method: str) -> None:
    sealed = case.sealed(phone)
    where = {
        "timeline": f"/api/v1/cases/{case.case}/timeline",
        "container": f"/api/v1/items/{sealed.body.item}/container",
        "proof": "/api/v1/receipts/0/proof",
    }[method]
    answer = phone.http.get(where)
    assert answer.status_code == (200 if method == "proof" else 404)


def test_reading_is_in_the_journal_before_the_bytes_flow(case: CaseOfHers, phone: Person) -> None:
    sealed = case.sealed(phone, content=CONTENT)
    caseworker = case.world.caseworker
    grant(case, caseworker, sealed)
    assert reads(case) == []
    timeline(caseworker, case)
    with caseworker.http.stream("GET", f"/api/v1/items/{sealed.body.item}/container") as answer:
        assert answer.status_code == 200
        seen = reads(case)  # not one byte of the body was read yet
    assert [(one["reader"], one["items"], one["part"]) for one in seen] == [
        (caseworker.kid, [sealed.body.item], "meta"),
        (caseworker.kid, [sealed.body.item], "content"),
    ]


def test_ranges_give_the_same_bytes_and_one_reading(case: CaseOfHers, phone: Person) -> None:
    sealed = case.sealed(phone, content=CONTENT)
    where = f"/api/v1/items/{sealed.body.item}/container"
    size = len(sealed.container)
    ranges = {"bytes=0-0": (0, 1), "bytes=100-199": (100, 200), "bytes=-10": (size - 10, size), "bytes=5-": (5, size)}
    for asked, (first, end) in ranges.items():
        answer = case.vault.http.get(where, headers={"range": asked})
        assert answer.status_code == 206
        assert answer.content == sealed.container[first:end]
        assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    beyond = case.vault.http.get(where, headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, problem(beyond)) == (416, "range")
    assert case.vault.http.get(where, headers={"range": "bytes=9-1"}).status_code == 200
    events = timeline(case.vault, case)["events"]
    assert sum(one["type"] == "read" and one["body"]["part"] == "content" for one in events) == 1


def test_a_receipt_is_proven_by_the_log_under_the_pinned_policy(world: World, case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    answer = phone.act("item.seal", item.body)
    stored = canonical.unb64(answer["event"])
    index = event.parse(stored).index
    where = f"/api/v1/receipts/{index}/proof"
    proof = until(lambda: got.content if (got := phone.http.get(where)).status_code == 200 else b"", "a proof")
    policy = Policy.parse((world.settings.data / "trust" / "policy").read_text())
    entry = leaf.leaf_entry(bytes.fromhex(answer["salt"]), stored)
    assert tlogproof.verify(proof, entry, policy).index == index
    stranger = world.certify("investigator", "elders")
    assert problem(stranger.http.get(where)) == "not-found"
    beyond = phone.http.get("/api/v1/receipts/99999999/proof")
    assert problem(beyond) == "not-found"


def test_a_stranger_sees_no_names(world: World, phone: Person) -> None:

    trust = httpx.get(f"{world.url}/api/v1/trust").json()
    shown = [canonical.decode(canonical.unb64(one["payload"]))["body"] for one in trust["certificates"]]
    assert {one.get("role", "retired") for one in shown} <= {"server", "bridge", "retired"}
    known = phone.http.get("/api/v1/trust").json()
    assert len(known["certificates"]) > len(trust["certificates"])
    assert trust["policy"] == (world.settings.data / "trust" / "policy").read_text()


def test_keys_shared_with_a_reader_open_what_was_sealed_to_the_desk(world: World, case: CaseOfHers) -> None:
    desk = keys.Identity.generate()
    caseworker = world.caseworker
    wrapped = wraps.wrap(desk.xwing_seed, wraps.NO_ID, wraps.NO_ID, world.dispatcher.identity.xwing_public)
    share = bodies.KeyShare(published.opens(desk), world.dispatcher.kid, wrapped, wraps.SUITE)
    world.root.act("key.share", share)
    shares = world.dispatcher.http.get("/api/v1/session").json()["shares"]
    assert any(one["xwing"] == published.opens(desk) for one in shares)
    card = seal(caseworker, [case.vault.identity.xwing_public, desk.xwing_public], "kaart", case=case.case)
    caseworker.upload(card.container, card.body)
    caseworker.act("item.seal", card.body, case.case)
    # a dispatcher reads cards through alarms only, never a case
    assert problem(world.dispatcher.http.get(f"/api/v1/items/{card.body.item}/container")) == "not-found"
    assert world.dispatcher.http.get("/api/v1/cases").json() == []
