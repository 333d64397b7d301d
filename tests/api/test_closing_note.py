"""A note at the close of an alarm, at the server: from the dispatcher who closed it, sealed, and for the case alone."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from evidence import ids, keys
from evidence.envelope import opening, parts, pieces, sealing
from evidence.envelope.meta import Note
from evidence.statements import bodies, statement
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from tests.support import published
from tests.support.feed_of_a_bridge import ALARM, TOKEN, Bridge
from tests.support.ports import free_port
from tests.support.server_world import CaseOfHers, Person, SealedItem, World, problem, running, settings_in
from tests.support.timeline_page import timeline
from tests.support.waiting import until

WORDS = "Hij was weg toen de agenten kwamen. De buurvrouw blijft vannacht."
READERS, NOTE = (f"/api/v1/alarms/{ALARM}/{what}" for what in ("readers", "note"))


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made = Bridge(free_port())
    with made.running():
        yield made


@pytest.fixture
def world(bridge: Bridge, tmp_path: Path) -> Iterator[World]:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    settings = settings_in(tmp_path / "data", bridge=f"http://127.0.0.1:{bridge.port}", bridge_feed_token_file=token)
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))


def note(who: Person, case: CaseOfHers) -> SealedItem:
    meta = Note(source="dispatcher", recorded=ids.now(), title="x", text=pieces.cut(WORDS), note=parts.Note("note"))
    prepared = sealing.prepare(who.identity, case.case, meta, [case.vault.identity.xwing_public])
    out = io.BytesIO()
    return SealedItem(sealing.write(prepared, None, out), out.getvalue(), prepared.content_key)


def handed(item: SealedItem, said: statement.Statement) -> dict[str, Any]:
    return {
        "container": base64.b64encode(item.container).decode(),
        "statement": json.loads(said.envelope.to_bytes()),
    }


def closed(bridge: Bridge, who: Person, case: CaseOfHers) -> dict[str, Any]:
    """Have the bridge tell that the alarm was closed; return what the case of it is sealed with."""
    by = {"reason": "genuine", "by": {"kid": who.kid, "label": "D. Bakker"}, "at": ids.now()}
    told = {"alarm": ALARM, "case": case.case, "state": "closed", "raised_at": "", "card": None, "closed": by}
    bridge.changes.append(("alarm", told))
    return until(lambda: {**got.json()} if (got := who.http.get(READERS)).is_success else {}, "the close is known")


def raised(world: World, case: CaseOfHers) -> None:
    """Bring the alarm into the journal, as the bridge does."""
    bridge, device = keys.BridgeIdentity.generate(), ids.DeviceId(ids.new_id())
    world.root.act("key.publish", published.certificate(bridge, "bridge", "Brug"))
    enrolled = bodies.AlarmDeviceEnrol(device, published.signs(keys.SigningKey.generate()), "3min", "AWARE test")
    world.caseworker.act("alarm_device.enrol", enrolled, case.case)
    zero = ids.Sha256("0" * 64)
    press = (bodies.Press(1, 1), "press", ids.ItemId(ids.new_id()), zero, zero, ids.now(), "a", ())
    body = bodies.AlarmRaise(ids.AlarmId(ALARM), device, *press)  # type: ignore[arg-type] # in their order
    engine = open_engine(world.settings.database_url)
    journal = SqlJournal(engine)
    journal.start()
    try:
        journal.append(statement.sign(bridge, "alarm.raise", body, case=case.case).envelope.to_bytes()).result(30)
    finally:
        journal.close()
        engine.dispose()


def test_who_closed_an_alarm_adds_a_note_that_the_case_opens_and_the_server_does_not(
    bridge: Bridge, world: World
) -> None:
    who, case, colleague = world.dispatcher, world.open_case(), world.certify("dispatcher", "Meldkamer 2")
    assert problem(who.http.get(READERS)) == "not-found", "it is not closed"
    shown = closed(bridge, who, case)
    assert (shown["xwing"], len(shown["events"])) == (published.opens(case.vault.identity), 1)
    for other in (colleague, world.caseworker, world.investigator, world.root, case.vault):
        assert problem(other.http.get(READERS)) == "not-found"

    item = note(who, case)
    said = who.sign("item.seal", item.body, case.case)
    assert problem(who.http.post(NOTE, json=handed(item, said))) == "bridge", "the journal does not know the alarm yet"
    raised(world, case)
    first = who.http.post(NOTE, json=handed(item, said))
    assert first.status_code == 201, first.text
    again = who.http.post(NOTE, json=handed(item, said))
    assert (again.status_code, again.json()) == (200, first.json())

    events = timeline(case.vault, case.case)["events"]
    (shown,) = [one for one in events if one["type"] == "item.seal"]
    prefix = shown["item"]["prefix"]
    meta = opening.open_meta(prefix, opening.content_key(prefix, case.vault.identity))
    assert isinstance(meta, Note)
    assert meta.words == WORDS
    kept = [path.read_bytes() for path in world.settings.data.rglob("*") if path.is_file()]
    assert any(item.container in data for data in kept)
    assert not any(b"buurvrouw" in data for data in kept), "nobody wrote it down in clear"


def test_a_note_is_what_its_statement_says_about_the_case_of_the_alarm(bridge: Bridge, world: World) -> None:
    who, (case, elsewhere) = world.dispatcher, (world.open_case(), world.open_case())
    of = case.case
    closed(bridge, who, case)
    raised(world, case)
    item = note(who, case)
    said = who.sign("item.seal", item.body, of)
    other = SealedItem(item.body, item.container[:-1] + b"x", item.key)
    assert problem(who.http.post(NOTE, json=handed(other, said))) == "container"
    strange = who.sign("item.seal", item.body, elsewhere.case)
    assert problem(who.http.post(NOTE, json=handed(item, strange))) == "statement"
    no_item = who.sign("alarm.close", bodies.AlarmClose(ids.AlarmId(ALARM), "genuine"), of)
    assert problem(who.http.post(NOTE, json=handed(item, no_item))) == "statement"
    by_another = world.caseworker.sign("item.seal", item.body, of)
    assert problem(who.http.post(NOTE, json=handed(item, by_another))) == "signer"
    unsigned = handed(item, said)
    assert httpx.post(f"{world.url}{NOTE}", json=unsigned).status_code == 401
    unsigned["statement"]["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
    assert problem(who.http.post(NOTE, json=unsigned)) == "statement-signature"
    assert problem(who.create(10, "0" * 64)) == "not-found", "a dispatcher uploads nothing else"
