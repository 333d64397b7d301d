"""Proves that a batch is many statements by one commit: each with its receipt, in order, up to the first refusal.

What refuses a statement is one rule for both doors: one table of refusals is put to the one and to the other.
"""

import dataclasses
import json
import threading
from collections.abc import Callable

import httpx
import pytest

from evidence import canonical, ids
from evidence.canonical import MAX_DOCUMENT_BYTES
from evidence.statements import bodies, dsse, event
from evidence.statements.statement import FIRST_PREV, Chain, SeenCheckpoint, Statement
from tests.support.batches import (
    BATCH,
    invitation,
    invitations,
    names,
    numbered,
    post_batch,
    seals,
    stored_in,
    together,
)
from tests.support.server_world import CaseOfHers, Person, problem, seal

MANY = 100


# ------------------------------------------------------------------------------------------------------- accepted
@pytest.mark.parametrize("count", [1, 2, MANY])
def test_each_statement_gets_its_own_receipt_in_order(case: CaseOfHers, count: int) -> None:
    said = invitations(case, count)
    answer = post_batch(case.world.caseworker, said)
    assert answer.status_code == 201, answer.text
    assert stored_in(answer) == names(said)
    alone = [case.world.caseworker.post(one) for one in said[:3]]
    assert [one.status_code for one in alone] == [200] * len(alone)
    assert [one.json() for one in alone] == answer.json()["receipts"][:3], "one receipt, whichever door it came through"


def test_the_same_batch_gives_the_same_receipts(case: CaseOfHers, phone: Person) -> None:
    said = seals(case, phone, 3)
    first, again = post_batch(phone, said), post_batch(phone, said)
    assert (first.status_code, again.status_code) == (201, 200), again.text
    assert first.json() == again.json()
    later = post_batch(phone, [*said, *after(phone, said[-1])])
    assert later.status_code == 201, "what is new among what is known is stored"
    assert later.json()["receipts"][:3] == first.json()["receipts"]


def after(phone: Person, last: Statement) -> list[Statement]:
    """Return one more statement of a phone, numbered behind `last`."""
    assert last.chain is not None
    assert isinstance(last.body, bodies.ItemSeal)
    phone.chain = Chain(last.chain.seq + 1, last.id)
    item = seal(phone, [phone.identity.xwing_public])
    phone.upload(item.container, item.body)
    return [phone.sign("item.seal", item.body)]


# -------------------------------------------------------------------------------------- refusals, at both doors
Refusal = tuple[Callable[[CaseOfHers, Person], Statement], str]


def without_its_file(case: CaseOfHers, phone: Person) -> Statement:
    return phone.sign("item.seal", seal(phone, [case.vault.identity.xwing_public]).body)


def unlike_its_file(case: CaseOfHers, phone: Person) -> Statement:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    return phone.sign("item.seal", dataclasses.replace(item.body, item=ids.ItemId(ids.new_id())))


def not_by_this_role(_case: CaseOfHers, phone: Person) -> Statement:
    return phone.sign("device.revoke", bodies.DeviceRevoke(ids.DeviceId(ids.new_id())))


def that_saw_another_log(case: CaseOfHers, phone: Person) -> Statement:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    head = case.world.stamped_head().checkpoint
    return phone.sign("item.seal", item.body, seen=SeenCheckpoint(head.size, ids.Sha256("0" * 64)))


def wrongly_signed(_case: CaseOfHers, phone: Person) -> Statement:
    amend = phone.sign("item.amend", bodies.ItemAmend(ids.ItemId(ids.new_id()), ids.ItemId(ids.new_id())))
    bad = dsse.Signature(phone.kid, ids.Base64(canonical.b64(bytes(64))))
    return dataclasses.replace(amend, envelope=dataclasses.replace(amend.envelope, signatures=(bad,)))


REFUSALS: dict[str, Refusal] = {
    "no file": (without_its_file, "blob-missing"),
    "another file": (unlike_its_file, "container"),
    "role": (not_by_this_role, "not-allowed"),
    "seen": (that_saw_another_log, "seen"),
    "signature": (wrongly_signed, "statement-signature"),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_refusal_is_the_same_at_both_doors_and_stops_what_comes_behind(
    case: CaseOfHers, phone: Person, name: str, at: int
) -> None:
    make, expected = REFUSALS[name]
    said = seals(case, phone, at)
    if said:
        last = said[-1]
        assert last.chain is not None
        phone.chain = Chain(last.chain.seq + 1, last.id)
    bad = make(case, phone)
    behind = [] if at == 2 else behind_it(case, phone, bad)
    answer = post_batch(phone, [*said, bad, *behind])
    assert (problem(answer), answer.json()["at"]) == ("batch-stopped", at)
    assert stored_in(answer) == names(said)
    alone = phone.http.post("/api/v1/statements", content=bad.envelope.to_bytes())
    assert problem(alone) == expected
    assert answer.json()["refused"] == alone.json(), "one rule for both doors"
    again = post_batch(phone, said) if said else None
    assert again is None or again.status_code == 200, "what came before it is stored"
    for one in behind:  # nothing of it is stored: its number is too high
        assert problem(phone.http.post("/api/v1/statements", content=one.envelope.to_bytes())) == "chain"


def behind_it(case: CaseOfHers, phone: Person, bad: Statement) -> list[Statement]:
    assert bad.chain is not None
    phone.chain = Chain(bad.chain.seq + 1, bad.id)
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    return [phone.sign("item.seal", item.body)]


def test_what_came_behind_a_refusal_was_not_accepted(case: CaseOfHers) -> None:
    worker = case.world.caseworker
    said = invitations(case, 3)
    foreign = worker.sign("device.revoke", bodies.DeviceRevoke(ids.DeviceId(ids.new_id())), case.case)
    answer = post_batch(worker, [said[0], foreign, *said[1:]])
    assert (problem(answer), answer.json()["at"]) == ("batch-stopped", 1)
    later = [worker.post(one).status_code for one in said]
    assert later == [200, 201, 201], "only what came before it was stored"


def test_one_item_sealed_twice_in_a_batch_stops_at_the_second(case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    once, twice = numbered(phone, "item.seal", item.body), numbered(phone, "item.seal", item.body)
    answer = post_batch(phone, [once, twice])
    assert (problem(answer), answer.json()["at"]) == ("batch-stopped", 1)
    refused = answer.json()["refused"]
    assert refused["type"].endswith(":exists")
    assert refused["stored"] == answer.json()["receipts"][0], "it may be taken over"


def test_a_taken_number_brings_the_statement_that_has_it(case: CaseOfHers, phone: Person) -> None:
    said = seals(case, phone, 2)
    assert post_batch(phone, said[:1]).status_code == 201
    other = seals(case, phone, 1)  # with the number of the first
    answer = post_batch(phone, other)
    assert (problem(answer), answer.json()["at"]) == ("batch-stopped", 0)
    stored = event.parse(canonical.unb64(answer.json()["refused"]["stored"]["event"])).statement
    assert stored.id == said[0].id


# ---------------------------------------------------------------------------------------------- what is no batch
def of_two_authors(case: CaseOfHers, phone: Person) -> list[Statement]:
    return [invitation(case), without_its_file(case, phone)]


def of_two_cases(case: CaseOfHers, _phone: Person) -> list[Statement]:
    return [invitation(case), invitation(case.world.open_case())]


def with_a_gap(case: CaseOfHers, phone: Person) -> list[Statement]:
    first, second, third = (without_its_file(case, numbered_as(phone, number)) for number in (1, 2, 4))
    return [first, second, third]


def numbered_as(phone: Person, number: int) -> Person:
    return dataclasses.replace(phone, chain=Chain(number, FIRST_PREV))


def with_one_twice(case: CaseOfHers, _phone: Person) -> list[Statement]:
    return [invitation(case)] * 2


def one_too_many(case: CaseOfHers, _phone: Person) -> list[Statement]:
    return [invitation(case)] * (MANY + 1)


HOSTILE = (of_two_authors, of_two_cases, with_a_gap, with_one_twice, one_too_many)


@pytest.mark.parametrize("make", HOSTILE)
def test_what_is_no_batch_is_refused_whole(
    case: CaseOfHers, phone: Person, make: Callable[[CaseOfHers, Person], list[Statement]]
) -> None:
    said = make(case, phone)
    who = phone if said[0].by == phone.kid else case.world.caseworker
    answer = post_batch(who, said)
    assert (answer.status_code, problem(answer)) == (422, "statement")
    assert "receipts" not in answer.json()
    if who is case.world.caseworker:
        assert who.post(said[0]).status_code == 201, "the first was not stored"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b"[", b"[{}]", b"[1]", b'["x"]', b"[[]]", b'{"statements":[]}', b"\xff"]
)
def test_something_else_is_refused_in_words(phone: Person, body: bytes) -> None:
    answer = phone.http.post(BATCH, content=body)
    assert (answer.status_code, problem(answer)) == (422, "statement")


def test_a_statement_that_cannot_be_read_is_named_by_its_place(case: CaseOfHers) -> None:
    good = json.loads(invitation(case).envelope.to_bytes())
    answer = case.world.caseworker.http.post(BATCH, content=json.dumps([good, {**good, "payload": "e30="}]))
    assert (answer.status_code, problem(answer)) == (422, "statement")
    assert answer.json()["reason"].startswith("statement 1: ")


def test_four_mebibytes_and_a_byte_are_too_large(case: CaseOfHers) -> None:
    worker, said = case.world.caseworker, invitation(case)
    body = together([said])
    fits = body + b" " * (MAX_DOCUMENT_BYTES - len(body))
    assert problem(worker.http.post(BATCH, content=fits + b" ")) == "too-large"
    assert worker.http.post(BATCH, content=fits).status_code == 201


def test_somebody_elses_batch_is_refused(case: CaseOfHers, phone: Person) -> None:
    answer = post_batch(phone, invitations(case, 2))
    assert (answer.status_code, problem(answer)) == (403, "signer")


# ------------------------------------------------------------------------------------------------- beside others
def test_batches_of_two_phones_at_once_are_each_whole_and_in_order(case: CaseOfHers) -> None:
    phones = [case.phone(), case.phone()]
    said = [seals(case, phone, 8) for phone in phones]
    answers: list[httpx.Response | None] = [None, None]

    def send(number: int) -> None:
        answers[number] = post_batch(phones[number], said[number])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer, sent in zip(answers, said, strict=True):
        assert answer is not None
        assert answer.status_code == 201, answer.text
        assert stored_in(answer) == names(sent)


def test_a_batch_counts_as_its_statements_and_not_as_one_request(case: CaseOfHers, phone: Person) -> None:
    """Whoever floods a case gets no further with batches; another device of the case is heard meanwhile."""
    said = invitations(case, MANY)
    worker = case.world.caseworker
    asked = [post_batch(worker, said) for _ in range(40)]
    told = [one for one in asked if one.status_code == 429]
    assert told, "4,000 statements are more than the pace of a key"
    assert all(problem(one) == "rate" and int(one.headers["retry-after"]) > 0 for one in told)
    assert post_batch(phone, seals(case, phone, 1)).status_code == 201
