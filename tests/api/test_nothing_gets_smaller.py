"""Proves over the whole OpenAPI that no single credential, whatever it asks, makes evidence smaller.

Requests are drawn for every documented operation, with every kind of credential, ids that exist, and bodies that are
statements signed by that credential, those of an erasure among them. After each, every event that was there is there
with the same bytes, every blob still hashes to its name, and the log has not become shorter.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evidence import ids
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.tiles import CHECKPOINT_PATH, FolderTiles
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.event import Recorded
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.auth.rates import Pace
from server.settings import Settings
from tests.support import documented
from tests.support.server_world import TUS, CaseOfHers, Person, World, running, seal, settings_in
from tests.support.waiting import until

DOCUMENT = documented.document()
OPERATIONS = sorted((method, path) for path, found in DOCUMENT["paths"].items() for method in found)
STREAMS = {"/api/v1/alarms/stream"}
"""Answers without an end; nothing can be asked of them."""

ASKED = [one for one in OPERATIONS if one[1] not in STREAMS]
PEOPLE = ("root", "caseworker", "dispatcher", "investigator", "vault", "phone", "stranger")

HOLD, ERASURE = ids.HoldId(ids.new_id()), ids.ErasureId(ids.new_id())
KINDS: tuple[str, ...] = (
    *("erase.request", "erase.approve", "erase.cancel", "erase.execute", "hold.place", "hold.lift"),
    *("erase.finish", "erase.repeat", "case.retain"),
    *("item.seal", "item.open", "item.amend", "device.revoke", "key.retire", "revoke"),
)


@dataclass
class Evidence:
    """Everything that must stay, and the people who try."""

    people: dict[str, Person]
    case: CaseOfHers
    values: dict[str, list[str]]
    events: list[Recorded]
    blobs: dict[ids.Sha256, bytes]
    journal: SqlJournal
    store: DirectoryBlobs
    log: FolderTiles
    device: ids.DeviceId
    item: ids.ItemId
    begun: tuple[Path, bytes]
    """What arrived of an item that was announced and never sealed, and where the server has it."""
    loose: ids.Sha256
    """A file that is complete and that nobody sealed: it stays until its phone is shut out, and no longer."""

    log_size: int = 0

    def check(self) -> None:
        """Demand that nothing is gone or changed, and remember what came."""
        now = self.journal.read(limit=10_000)
        assert list(now[: len(self.events)]) == self.events
        self.events = list(now)
        shut_out = self.journal.ask(lambda standing: standing.devices[self.device].revoked)
        for name, content in self.blobs.items():
            if shut_out and name == self.loose:
                continue
            assert self.store.local_path(name).read_bytes() == content
        path, arrived = self.begun
        places = (path, path.with_suffix(".kept"))  # set aside when more came that was not the announced file
        assert any(one.exists() and one.read_bytes().startswith(arrived) for one in places)
        size = SignedCheckpoint.parse(self.log.read(CHECKPOINT_PATH)).checkpoint.size
        assert size >= self.log_size
        self.log_size = size


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """A server of its own: what is tried here may well shut people and phones out."""
    settings = settings_in(tmp_path_factory.mktemp("nothing-smaller"))
    with pytest.MonkeyPatch.context() as unhurried:
        # Who is slowed down was not asked for a reason: each operation must be refused by what it is.
        unhurried.setattr("server.services.STRANGER", Pace(per_second=1000, burst=100_000))
        yield from _served(settings)


def _served(settings: Settings) -> Iterator[Evidence]:
    with running(settings) as root:
        world = World(settings, Person(settings.public_url, identity=root))
        yield from prepared(world)


def prepared(world: World) -> Iterator[Evidence]:
    case = world.open_case()
    phone = case.phone()
    item = case.sealed(phone, content=b"x" * 5000)
    loose = os.urandom(3000)  # complete, and not sealed yet: its phone was told that it is here
    where = phone.create(len(loose), hashlib.sha256(loose).hexdigest()).headers["location"]
    assert phone.patch(where, 0, loose).status_code == 204
    cut = seal(phone, [case.vault.identity.xwing_public], content=b"y" * 5000)
    cut_at = phone.create(len(cut.container), cut.body.container.sha256, cut.body.item).headers["location"]
    assert phone.patch(cut_at, 0, cut.container[:-2000]).status_code == 204
    phone.act("item.open", bodies.ItemOpen(cut.body.item, cut.body.head))
    upload = cut_at.rsplit("/", 1)[1]
    begun = (world.settings.data / "uploads" / f"{upload}.part", cut.container[:-2000])
    engine = open_engine(world.settings.database_url)
    journal = SqlJournal(engine)
    device = journal.ask(lambda standing: standing.device_of_key[phone.kid])
    log = FolderTiles(world.settings.data / "log")
    until((world.settings.data / "log" / CHECKPOINT_PATH).exists, "a head is published")
    people = {
        "root": world.root,
        "caseworker": world.caseworker,
        "dispatcher": world.dispatcher,
        "investigator": world.investigator,
        "vault": case.vault,
        "phone": phone,
        "stranger": Person(world.url),
    }
    values: dict[str, list[str]] = {
        "item": [item.body.item, cut.body.item],
        "case": [case.case],
        "upload": [where.rsplit("/", 1)[1], upload],
        "index": ["0", "5"],
        "path": ["0/000", "entries/000", "../checkpoint"],
        "handle": ["noor"],
        "size": ["1"],
        "kind": ["tsr", "checkpoint"],
    }
    unsealed = ids.Sha256(hashlib.sha256(loose).hexdigest())
    blobs = {item.body.container.sha256: item.container, unsealed: loose}
    store = DirectoryBlobs(world.settings.data / "blobs")
    events = list(journal.read(limit=10_000))
    yield Evidence(people, case, values, events, blobs, journal, store, log, device, item.body.item, begun, unsealed)
    engine.dispose()


def statement_bodies(evidence: Evidence) -> dict[str, bodies.Body]:
    """Return the body that goes furthest for each kind, over items and devices that exist."""
    items = (evidence.item,)
    part = bodies.Part(ids.Sha256("1" * 64), 1, ids.Commitment("2" * 64))
    blob = bodies.Blob(ids.Sha256("3" * 64), 3)
    step = bodies.EraseStep(ERASURE)
    return {
        "erase.request": bodies.EraseRequest(ERASURE, items),
        "erase.approve": step,
        "erase.cancel": step,
        "erase.execute": step,
        "erase.finish": bodies.EraseFinish(ERASURE, (1,), (), ()),
        "erase.repeat": bodies.EraseRepeat(ERASURE, items, *[ids.Base64("e30=")] * 3),
        "case.retain": bodies.CaseRetain("consent", "weg ermee", ids.Time("2000-01-01T00:00:00.000Z")),
        "hold.place": bodies.HoldPlace(HOLD, "nodig", items),
        "hold.lift": bodies.HoldLift(HOLD),
        "item.seal": bodies.ItemSeal(evidence.item, blob, blob, part, None),
        "item.open": bodies.ItemOpen(evidence.item, blob),
        "item.amend": bodies.ItemAmend(evidence.item, evidence.item),
        "device.revoke": bodies.DeviceRevoke(evidence.device),
        "key.retire": bodies.KeyRetire(evidence.people["investigator"].kid),
        "revoke": bodies.Revoke(ids.GrantId(ids.new_id())),
    }


def ask(evidence: Evidence, method: str, path: str, who: Person, kind: str, number: int) -> int:
    """Send one request; return its status."""
    for name, values in evidence.values.items():
        path = path.replace(f"{{{name}}}", quote(values[number % len(values)]))
    path = path.replace("{", "").replace("}", "")
    case = None if kind == "key.retire" else evidence.case.case
    link = None if who.chain is None else evidence.journal.ask(lambda standing: standing.next_link(who.kid))
    signed = statements.sign(who.identity, kind, statement_bodies(evidence)[kind], case=case, chain=link)
    headers = {**TUS, "upload-offset": str(number), "upload-length": "1", "content-type": "application/json"}
    content: bytes | None = signed.envelope.to_bytes() if method in {"post", "put", "patch"} else None
    if method == "patch":
        headers["content-type"] = "application/offset+octet-stream"
    return who.http.request(method.upper(), path, content=content, headers=headers).status_code


@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(PEOPLE),
    st.lists(st.tuples(st.sampled_from(ASKED), st.sampled_from(KINDS), st.integers(0, 3)), min_size=1, max_size=4),
)
def test_no_single_credential_makes_evidence_smaller(
    evidence: Evidence, name: str, requests: list[tuple[tuple[str, str], str, int]]
) -> None:
    for (method, path), kind, number in requests:
        status = ask(evidence, method, path, evidence.people[name], kind, number)
        assert status < 500 or status == 503  # the bridge is not there
    evidence.check()


@pytest.mark.parametrize("name", PEOPLE)
def test_each_credential_tries_every_operation_and_a_whole_erasure(evidence: Evidence, name: str) -> None:
    who = evidence.people[name]
    for method, path in ASKED:
        ask(evidence, method, path, who, "erase.request", 0)
    executed = [ask(evidence, "post", "/api/v1/statements", who, kind, 0) for kind in KINDS]
    assert executed[KINDS.index("erase.execute")] in {401, 403, 404, 409}
    if name == "vault":  # the attempts are judged, not turned away at the door: hers may ask, and only ask
        assert evidence.journal.ask(lambda standing: ERASURE in standing.erasures)
    evidence.check()


def test_the_check_sees_what_it_must(evidence: Evidence) -> None:
    """A blob that is gone, and an event that is another, fail it."""
    name = next(iter(evidence.blobs))
    path = evidence.store.local_path(ids.Sha256(name))
    aside = path.rename(path.with_name(".aside"))
    with pytest.raises(Exception, match="not here"):
        evidence.check()
    aside.rename(path)
    evidence.check()
    kept = evidence.events
    evidence.events = [*kept[1:], kept[0]]
    with pytest.raises(AssertionError):
        evidence.check()
    evidence.events = kept
