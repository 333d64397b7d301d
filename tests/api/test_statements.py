"""Proves that the one write door answers only what is durable, answers a replay alike, and refuses in plain words."""

import base64
import dataclasses
from datetime import timedelta

import httpx
import pytest

from evidence import canonical, ids, keys
from evidence.statements import bodies, dsse, event
from evidence.statements.statement import FIRST_PREV, Chain
from tests.support.server_world import STATEMENTS, CaseOfHers, Person, World, problem, seal
from tests.support.timeline_page import timeline


def check_receipt(world: World, answer: httpx.Response, statement: ids.Sha256) -> event.Receipt:
    document = answer.json()
    trust = httpx.get(f"{world.url}/api/v1/trust").json()
    published = [dsse.from_json(one, dsse.STATEMENT_TYPE) for one in trust["certificates"]]
    server = canonical.decode(published[0].body)["body"]
    return event.check(
        dsse.from_json(document["receipt"], dsse.RECEIPT_TYPE),
        canonical.unb64(document["event"]),
        bytes.fromhex(document["salt"]),
        statement=statement,
        origin=trust["origin"],
        server=bytes.fromhex(server["sign"]),
    )


def test_a_sealed_item_gets_a_receipt_that_verifies(world: World, case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public], content=b"x" * 70_000)
    phone.upload(item.container, item.body)
    statement = phone.sign("item.seal", item.body)
    answer = phone.post(statement)
    assert answer.status_code == 201, answer.text
    receipt = check_receipt(world, answer, statement.id)
    assert receipt.statement == statement.id


def test_a_replay_gets_the_same_receipt(case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    statement = phone.sign("item.seal", item.body)
    first, again = phone.post(statement), phone.post(statement)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_an_unknown_device_and_a_wrong_signature_look_alike(world: World, phone: Person) -> None:
    stranger = Person(world.url)
    body = phone.sign("device.revoke", bodies.DeviceRevoke(ids.DeviceId(ids.new_id()))).envelope.to_bytes()
    unknown = stranger.http.post(STATEMENTS, content=body)
    forged = phone.http.build_request("POST", STATEMENTS, content=body)
    signed = next(phone.http.auth.auth_flow(forged))  # type: ignore[union-attr]
    signed.headers["signature"] = "sig1=:" + base64.b64encode(bytes(64)).decode() + ":"
    with httpx.Client() as plain:
        wrong = plain.send(signed)
    assert problem(unknown) == problem(wrong) == "signature"
    assert unknown.json() == wrong.json()


def test_a_request_without_signature_is_told_what_is_missing(world: World) -> None:
    answer = httpx.post(world.url + STATEMENTS, content=b"{}")
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")


@pytest.mark.parametrize("skew_s", [-3600, 3600])
def test_a_stale_clock_hears_the_servers_time(phone: Person, skew_s: int) -> None:
    answer = phone.client(skew_s).post(STATEMENTS, content=b"{}")
    assert (answer.status_code, problem(answer)) == (401, "clock")
    assert abs(ids.moment_of(answer.json()["server_time"]) - ids.moment_of(ids.now())) < timedelta(seconds=10)
    assert "date" in answer.headers


def test_a_changed_body_is_refused(phone: Person) -> None:
    request = phone.http.build_request("POST", STATEMENTS, content=b'{"a":1}')
    signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
    changed = httpx.Request("POST", signed.url, headers=signed.headers, content=b'{"a":2}')
    with httpx.Client() as plain:
        assert problem(plain.send(changed)) == "digest"


def test_a_statement_of_another_signer_is_refused(case: CaseOfHers, phone: Person) -> None:
    other = case.phone()
    statement = other.sign("item.seal", seal(other, [case.vault.identity.xwing_public]).body)
    assert problem(phone.http.post(STATEMENTS, content=statement.envelope.to_bytes())) == "signer"


def test_a_changed_statement_is_refused(case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    good = phone.sign("item.seal", item.body).envelope
    bad = dataclasses.replace(good, signatures=(dsse.Signature(phone.kid, ids.Base64(canonical.b64(bytes(64)))),))
    answer = phone.http.post(STATEMENTS, content=bad.to_bytes())
    assert (answer.status_code, problem(answer)) == (422, "statement-signature")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"payload":"","payloadType":"x","signatures":[]}'])
def test_something_else_than_a_statement_is_refused(phone: Person, body: bytes) -> None:
    answer = phone.http.post(STATEMENTS, content=body)
    assert (answer.status_code, problem(answer)) == (422, "statement")


def test_a_seal_waits_for_its_file(case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public])
    statement = phone.sign("item.seal", item.body)
    assert problem(phone.post(statement)) == "blob-missing"
    phone.upload(item.container, item.body)
    assert phone.post(statement).status_code == 201


def test_a_seal_must_say_what_the_file_says(case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public], content=b"y" * 5000)
    phone.upload(item.container, item.body)
    assert item.body.content is not None
    wrong = dataclasses.replace(item.body.content, sha256=ids.Sha256("0" * 64))
    answer = phone.post(phone.sign("item.seal", dataclasses.replace(item.body, content=wrong)))
    assert (answer.status_code, problem(answer)) == (422, "container")
    other = dataclasses.replace(item.body, item=ids.ItemId(ids.new_id()))
    assert problem(phone.post(phone.sign("item.seal", other))) == "container"


def test_a_gap_in_the_numbers_of_a_phone_is_refused(case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    assert phone.chain is not None
    expected = phone.chain
    phone.chain = Chain(expected.seq + 1, expected.prev)
    answer = phone.post(phone.sign("item.seal", item.body))
    assert (answer.status_code, problem(answer), answer.json()["reason"]) == (409, "chain", "chain")
    phone.chain = expected
    assert phone.post(phone.sign("item.seal", item.body)).status_code == 201


def test_a_foreign_case_and_no_case_are_the_same_404(world: World, case: CaseOfHers, phone: Person) -> None:
    theirs = world.open_case()
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    foreign = phone.post(phone.sign("item.seal", item.body, theirs.case))
    # the file says its own case: the statement is compared with it first
    assert problem(foreign) == "container"
    revoke = bodies.DeviceRevoke(ids.DeviceId(ids.new_id()))
    answers = [
        case.vault.post(case.vault.sign("device.revoke", revoke, of)) for of in (theirs.case, ids.CaseId(ids.new_id()))
    ]
    assert [problem(answer) for answer in answers] == ["not-found", "not-found"]
    assert answers[0].json() == answers[1].json()


def test_roles_are_kept_apart(case: CaseOfHers, phone: Person) -> None:
    grant = bodies.Grant(
        ids.GrantId(ids.new_id()),
        case.world.investigator.kid,
        case.world.investigator.identity.opening_kid,
        "aangifte",
        ids.Time("2030-01-01T00:00:00.000Z"),
        (),
    )
    answer = phone.post(phone.sign("grant", grant))
    assert (answer.status_code, problem(answer), answer.json()["reason"]) == (403, "not-allowed", "role")


def test_an_enrolment_twice_gets_the_same_receipt_and_a_used_invitation_is_gone(case: CaseOfHers) -> None:
    where = f"{case.world.url}/api/v1/enrolments"
    one_time = case.invite()
    phone = Person(case.world.url, case.case, Chain(0, FIRST_PREV))
    body = case.enrolment(phone, one_time).envelope.to_bytes()
    first, again = httpx.post(where, content=body), httpx.post(where, content=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    late = Person(case.world.url, case.case, Chain(0, FIRST_PREV))
    used = httpx.post(where, content=case.enrolment(late, one_time).envelope.to_bytes())
    never = httpx.post(where, content=case.enrolment(late, keys.Identity.generate()).envelope.to_bytes())
    assert problem(used) == problem(never) == "invitation"
    assert "Vraag uw hulpverlener om een nieuwe uitnodiging" in used.json()["detail"]
    assert used.json() == never.json()


def test_an_expired_invitation_is_answered_as_a_used_one(case: CaseOfHers) -> None:
    one_time = case.invite(timedelta(seconds=-1))
    phone = Person(case.world.url, case.case, Chain(0, FIRST_PREV))
    answer = httpx.post(
        f"{case.world.url}/api/v1/enrolments", content=case.enrolment(phone, one_time).envelope.to_bytes()
    )
    assert (answer.status_code, problem(answer)) == (404, "invitation")


def test_a_revoked_phone_is_as_unknown_as_any(case: CaseOfHers, phone: Person) -> None:
    devices = timeline(case.world.caseworker, case.case)["events"]
    device = next(one["body"]["device"] for one in devices if one["type"] == "device.enrol")
    case.world.caseworker.act("device.revoke", bodies.DeviceRevoke(device), case.case)
    assert problem(phone.http.get("/api/v1/session")) == "signature"


def test_an_oversized_statement_is_refused_before_it_is_read_whole(phone: Person) -> None:
    answer = phone.http.post(STATEMENTS, content=b" " * (5 * 1024 * 1024))
    assert (answer.status_code, problem(answer)) == (413, "too-large")
