"""Proves that whoever lost the answer to a write may ask again: the same request twice leaves what it leaves once.

`HOW` names for every operation that writes why that is so; an operation without an entry fails.
"""

import hashlib
import os

import httpx
import pytest

from evidence import ids
from evidence.statements.statement import FIRST_PREV, Chain
from server import upload_addresses
from tests.support import documented
from tests.support.resumable import append, create
from tests.support.server_world import STATEMENTS, TUS, UPLOADS, CaseOfHers, Person, World, seal

DOCUMENT = documented.document()
SAFE = {"get", "head", "options"}

HOW = {
    "ask_challenge": "nothing is stored: a challenge is computed and signed",
    "fetch_locked_key": "nothing is stored",
    "open_session": "a second session; both end by themselves",
    "close_session": "what is closed is closed (the second hears 401)",
    "leave_locked_key": "PUT: the same bytes under the same name (tests/api/test_sign_in.py)",
    "enrol_phone": "a statement: its id is the hash of what was signed",
    "create_upload": "an upload has the name of what it is of",
    "continue_upload": "the offset: a part that arrived is answered with 409 and where to go on",
    "terminate_upload": "what is gone is gone (the second hears 404)",
    "create_resumable_upload": "an upload has the name of what it is of",
    "append_to_resumable_upload": "the offset: a part that arrived is answered with 409 and where to go on",
    "cancel_resumable_upload": "what is gone is gone (the second hears 404)",
    "post_statement": "its id is the hash of what was signed; the same receipt",
    "post_batch": "each statement's id is the hash of what was signed; the same receipts (tests/api/test_batches.py)",
    "add_closing_note": "a statement: its id is the hash of what was signed (tests/api/test_closing_note.py)",
    "act_on_alarm": "a statement, recorded by its id (tests/api/test_alarms.py)",
    "say_watching": "a console is awake, twice as well as once",
    "renew_claim": "a lease is prolonged, twice as well as once",
    "leave_ring": "PUT: the same bytes under the same name (tests/api/test_rings.py)",
    "prepare_export": "the same plan is the same export (tests/api/test_exports.py)",
}


def test_every_operation_that_writes_says_how_it_may_be_repeated() -> None:
    writing = {
        operation["operationId"]
        for operations in DOCUMENT["paths"].values()
        for method, operation in operations.items()
        if method not in SAFE
    }
    assert writing == HOW.keys()


def count(world: World) -> int:
    """Return how many events there are."""
    answer = world.caseworker.http.get("/api/v1/cases")
    assert answer.status_code == 200
    return len(list((world.settings.data / "uploads").glob("*.open")))


def test_a_statement_again_has_the_same_receipt(case: CaseOfHers, phone: Person) -> None:
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    statement = phone.sign("item.seal", item.body)
    first = phone.http.post(STATEMENTS, content=statement.envelope.to_bytes())
    again = phone.http.post(STATEMENTS, content=statement.envelope.to_bytes())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_an_enrolment_again_has_the_same_receipt(world: World, case: CaseOfHers) -> None:
    phone = Person(world.url, case.case, Chain(0, FIRST_PREV))
    statement = case.enrolment(phone, case.invite())
    first, again = (
        httpx.post(f"{world.url}/api/v1/enrolments", content=statement.envelope.to_bytes()) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


@pytest.mark.parametrize("dialect", ["tus", "draft"])
def test_an_upload_again_at_each_step_is_one_upload(world: World, phone: Person, dialect: str) -> None:
    content, item = os.urandom(5000), ids.new_id()
    sha256 = hashlib.sha256(content).hexdigest()

    def announce() -> httpx.Response:
        return phone.create(len(content), sha256, item) if dialect == "tus" else create(phone, content, item=item)

    def bring(start: int, end: int) -> httpx.Response:
        part = content[start:end]
        return phone.patch(where, start, part) if dialect == "tus" else append(phone, where, start, part)

    before = count(world)
    first, again = announce(), announce()
    where = first.headers["location"]
    assert (first.status_code, again.status_code, again.headers["location"]) == (201, 201, where)
    assert count(world) == before + 1
    assert [bring(0, 3000).status_code, bring(0, 3000).status_code] == [204, 409]
    assert announce().headers["upload-offset"] == "3000"
    late = bring(3000, 5000), bring(3000, 5000)
    assert [one.status_code for one in late] == [204, 409]
    assert late[1].headers["upload-offset"] == "5000"  # so it knows that all of it is there
    assert announce().headers["upload-offset"] == "5000"
    assert count(world) == before


@pytest.mark.parametrize("address", [UPLOADS, upload_addresses.RESUMABLE])
def test_calling_off_again_finds_nothing(phone: Person, address: str) -> None:
    name = phone.create(5000, "ab" * 32).headers["location"].rsplit("/", 1)[1]
    answers = [phone.http.delete(f"{address}/{name}", headers=TUS).status_code for _ in range(2)]
    assert answers == [204, 404]


def test_an_upload_called_off_may_be_announced_anew(world: World, phone: Person) -> None:
    content, item = os.urandom(5000), ids.new_id()
    sha256 = hashlib.sha256(content).hexdigest()
    where = phone.create(len(content), sha256, item).headers["location"]
    phone.patch(where, 0, content[:100])
    assert phone.http.delete(where, headers=TUS).status_code == 204
    again = phone.create(len(content), sha256, item)
    assert again.headers["upload-offset"] == "0"
    assert phone.patch(again.headers["location"], 0, content).status_code == 204
    assert (world.settings.data / "blobs" / sha256[:2] / sha256).read_bytes() == content
