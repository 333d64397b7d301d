"""Announced items over HTTP: what the server accepts as an announcement, to whom it shows what came, and for how long.

THREATS.md: "destroys the phone, also in the middle of a recording", "data lost after an acknowledgement". The journey
with the real clients is in `tests/e2e/test_incomplete.py`.
"""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from evidence import canonical, ids
from evidence.envelope import container
from evidence.statements import bodies
from evidence.statements.facts import Begun
from evidence.store.blobs.directory import DirectoryBlobs
from server.keeping.backup import make
from server.keeping.restore import restore
from server.services import open_services
from server.uploads import begun as rules
from server.uploads.folder import UploadFolder
from server.uploads.service import Uploads
from tests.support.begun_items import announced, begun
from tests.support.server_world import CaseOfHers, Person, World, problem, running, settings_in
from tests.support.timeline_page import timeline
from tests.support.waiting import until


def shown(case: CaseOfHers, who: Person, item: str) -> list[dict[str, object]]:
    events = timeline(who, case.case)["events"]
    return [one["item"] for one in events if one["item"] and one["item"]["item"] == item]


def test_an_announcement_needs_its_head_here_and_is_made_once(case: CaseOfHers) -> None:
    phone = case.phone()
    item, where, opening, start = begun(case, phone)
    statement = phone.sign("item.open", opening)
    assert problem(phone.post(statement)) == "blob-missing"
    assert phone.patch(where, 0, item.container[: start - 1]).status_code == 204
    assert problem(phone.post(statement)) == "blob-missing"
    assert phone.patch(where, start - 1, item.container[start - 1 : start]).status_code == 204
    assert phone.post(statement).status_code == 201
    assert phone.http.post("/api/v1/statements", content=statement.envelope.to_bytes()).status_code == 200
    again = phone.post(phone.sign("item.open", opening))
    assert (again.status_code, again.json()["reason"]) == (409, "exists")


def test_only_the_head_that_was_announced_counts(case: CaseOfHers) -> None:
    phone = case.phone()
    item, where, opening, start = begun(case, phone)
    other = bodies.ItemOpen(opening.item, bodies.Blob(ids.Sha256("ab" * 32), opening.head.size))
    assert phone.patch(where, 0, item.container[:start]).status_code == 204
    assert problem(phone.post(phone.sign("item.open", other))) == "container"
    thief = case.phone()  # another phone of the same case names her item as its own
    assert problem(thief.post(thief.sign("item.open", opening))) == "blob-missing"


def test_what_arrived_is_shown_to_its_readers_and_to_nobody_else(case: CaseOfHers) -> None:
    phone = case.phone()
    item, where = announced(case, phone, 100_000)
    (found,) = shown(case, case.vault, item.body.item)
    arrived = int(str(found["arrived"]))
    assert arrived == int(phone.head(where).headers["upload-offset"]) < int(str(found["size"])) == len(item.container)
    path = f"/api/v1/items/{item.body.item}/container"
    whole = case.vault.http.get(path)
    assert (whole.status_code, whole.content) == (200, item.container[:arrived])
    part = case.vault.http.get(path, headers={"range": "bytes=10-99"})
    assert (part.status_code, part.content) == (206, item.container[10:100])
    assert case.vault.http.get(path, headers={"range": f"bytes={arrived}-"}).status_code == 416
    assert shown(case, case.world.caseworker, item.body.item) == []
    outsider = case.world.open_case().vault
    for who in (case.world.caseworker, case.world.investigator, outsider):
        refused, nowhere = who.http.get(path), who.http.get(f"/api/v1/items/{'0' * 32}/container")
        assert refused.status_code == nowhere.status_code == 404
        assert refused.json()["detail"] == nowhere.json()["detail"]
    assert phone.patch(where, arrived, item.container[arrived:]).status_code == 204
    (found,) = shown(case, case.vault, item.body.item)
    assert found["arrived"] == found["size"], "all is here but the statement that seals it"
    assert case.vault.http.get(path).content == item.container
    phone.act("item.seal", item.body)
    (found,) = shown(case, case.vault, item.body.item)
    assert found["arrived"] is None


def test_a_file_that_turns_out_another_one_is_kept_and_sent_again(case: CaseOfHers) -> None:
    """One damaged byte: the beginning stays evidence, and her phone delivers the whole all the same."""
    phone = case.phone()
    item, where = announced(case, phone, 100_000)
    at = int(phone.head(where).headers["upload-offset"])
    damaged = bytearray(item.container[at:])
    damaged[-1] ^= 1
    assert problem(phone.patch(where, at, bytes(damaged))) == "upload-hash"
    (found,) = shown(case, case.vault, item.body.item)
    assert found["arrived"] == len(item.container)
    path = f"/api/v1/items/{item.body.item}/container"
    assert case.vault.http.get(path).content[:at] == item.container[:at]
    phone.upload(item.container, item.body)
    phone.act("item.seal", item.body)
    assert case.vault.http.get(path).content == item.container


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("begun")


def test_neither_time_nor_a_lost_machine_takes_it_away(alone: Path) -> None:
    settings = settings_in(alone / "data")
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        case = world.open_case()
        phone = case.phone()
        item, where = announced(case, phone, 120_000)
        loose = phone.create(500, hashlib.sha256(b"x").hexdigest()).headers["location"]
        until((settings.data / "log" / "checkpoint").exists, "a head is published")
        arrived = int(phone.head(where).headers["upload-offset"])
        make(settings, alone / "backup", with_secrets=True)
    for note in (settings.data / "uploads").glob("*.open"):  # both are long out of date now
        past = {**json.loads(note.read_bytes()), "expires_at": "2020-01-01T00:00:00.000Z"}
        note.write_bytes(canonical.encode(past))
    with open_services(settings) as services:
        asyncio.run(Uploads(services.upload_store).sweep())
    left = {path.stem for path in (settings.data / "uploads").glob("*.part")}
    assert left == {where.rsplit("/", 1)[1]}
    assert loose.rsplit("/", 1)[1] not in left

    again = settings_in(alone / "again")
    restore(again, alone / "backup")
    with running(again, root):
        for who in (case.vault, phone):
            who.url = again.public_url
            who.__dict__.pop("http", None)
        (found,) = shown(case, case.vault, item.body.item)
        assert found["arrived"] == arrived
        where = f"/api/v1/uploads/{where.rsplit('/', 1)[1]}"
        assert phone.patch(where, arrived, item.container[arrived:]).status_code == 204
        phone.act("item.seal", item.body)
    prefix = container.parse_prefix(item.container)
    assert prefix.container_size == len(item.container)


def test_while_bytes_are_coming_in_only_what_is_certain_is_signed_for(case: CaseOfHers) -> None:
    """What a request brings is cut off again when its checksum fails: no manifest may have counted it."""
    phone = case.phone()
    item, where = announced(case, phone, 100_000)
    name = where.rsplit("/", 1)[1]
    folder = case.world.settings.data / "uploads"
    known = Begun(case.case, phone.kid, bodies.ItemOpen(item.body.item, item.body.head))
    uploads = UploadFolder(folder, DirectoryBlobs(case.world.settings.data / "blobs"))
    start = container.parse_prefix(item.container).size
    hold = uploads.hold(name)
    assert hold is not None
    try:
        busy = rules.settled(uploads, item.body.item, known)
    finally:
        hold.release()
    calm = rules.settled(uploads, item.body.item, known)
    assert busy is not None
    assert calm is not None
    assert (busy.size, calm.size) == (start, start + 100_000)
    stranger = Begun(case.case, phone.kid, bodies.ItemOpen(item.body.item, bodies.Blob(ids.Sha256("0" * 64), 1)))
    assert rules.arrived(uploads, item.body.item, stranger) is None
