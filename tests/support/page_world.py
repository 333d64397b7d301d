"""A small true world for browser tests: real keys, real statements, really sealed photographs, a real log.

Everything goes through `evidence`: each statement is checked by `authority.check` before it counts, every item is
sealed, every event has its leaf, and the head of the log is signed. Only the people are made up.
"""

import hashlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence import ids, keys
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import NoteSigner, generate_key
from evidence.custody.log.tlogproof import TlogProof
from evidence.edtf import Edtf
from evidence.envelope import container, pages, parts, pieces, sealing, wraps
from evidence.envelope.meta import Alarm, Assessment, Card, Incident, Media, Meta, Order
from evidence.envelope.parts import KnownPlace, Position
from evidence.statements import bodies, event, fold, statement
from evidence.statements.rules import authority
from evidence.statements.standing import Standing
from server.clients.attachments import type_of
from tests.support import published
from tests.support.odd_items import Odd, write
from tests.support.portrait import PORTRAIT

ORIGIN = "getuige.test/log"
KDF = keys.Kdf.fresh(1, keys.MIN_MEMLIMIT)
"""The cheapest lock that both sides accept: the tests are not about how long a phrase holds."""

PHRASES = {"marit": "bado kemi luso tifa remo zuni", "daan": "pavo tiru geda nosi heli kuma"}
LABELS = {"marit": "Marit Verhoeven (Filomena)", "daan": "Daan Okafor (meldkamer)"}
TEAM = ids.TeamId("7e" * 16)
REFUSED = {"code": "receiver-refused", "about": "503 Service Unavailable"}


@dataclass
class World:
    """All keys, and all that was recorded so far."""

    photos: tuple[Path, ...]
    root: keys.Identity = field(default_factory=keys.Identity.generate)
    people: dict[str, keys.Identity] = field(default_factory=dict)
    desk: keys.Identity = field(default_factory=keys.Identity.generate)
    bridge: keys.BridgeIdentity = field(default_factory=keys.BridgeIdentity.generate)
    phone: keys.Identity = field(default_factory=keys.Identity.generate)
    vault: keys.Identity = field(default_factory=keys.Identity.generate)
    button: keys.Identity = field(default_factory=keys.Identity.generate)
    log: NoteSigner = field(default_factory=lambda: generate_key(ORIGIN))
    case: ids.CaseId = field(default_factory=lambda: ids.CaseId(ids.new_id()))
    device: ids.DeviceId = field(default_factory=lambda: ids.DeviceId(ids.new_id()))
    card: ids.ItemId = field(default_factory=lambda: ids.ItemId(ids.new_id()))
    standing: Standing = field(default_factory=Standing)
    events: list[event.Recorded] = field(default_factory=list)
    statements: list[statement.Statement] = field(default_factory=list)
    containers: dict[str, bytes] = field(default_factory=dict)
    counters: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def record(self, made: statement.Statement, received: datetime | None = None) -> event.Recorded:
        """Let `made` into the journal, if the rules of authority allow it."""
        now = ids.time_of(received or datetime.now(UTC))
        authority.check(self.standing, made, now)
        fold.apply(self.standing, made)
        recorded = event.record(made, len(self.events), now)
        self.events.append(recorded)
        self.statements.append(made)
        return recorded

    def locked(self, handle: str) -> keys.LockedKey:
        """The locked key of a member of staff."""
        return keys.lock(self.people[handle], handle, PHRASES[handle], KDF)

    def seal(self, signer: keys.SigningKey, meta: Meta, content: Path | None = None, received: datetime | None = None,
             *, item: ids.ItemId | None = None, desk: bool = False) -> ids.ItemId:  # fmt: skip
        """Seal something to the case and its caseworker, and record it."""
        readers = [self.case_key, self.people["marit"].xwing_public]
        readers += [self.desk.xwing_public] if desk else []
        source = None if content is None else sealing.Content.of_file(content, type_of(content))
        out = io.BytesIO()
        prepared = sealing.prepare(signer, self.case, meta, readers, source, item=item)
        body = sealing.write(prepared, source, out)
        chain = self.standing.next_link(signer.kid) if signer is self.phone else None
        at = ids.time_of(received or datetime.now(UTC))
        self.containers[body.item] = out.getvalue()
        self.record(statement.sign(signer, "item.seal", body, case=self.case, at=at, chain=chain), received)
        return body.item

    def raw(self, odd: Odd) -> ids.ItemId:
        """Her phone, in somebody else's hand, seals what follows no rule."""
        readers = [self.case_key, self.people["marit"].xwing_public]
        self_made, body = write(odd, self.phone, self.case, readers)
        chain = self.standing.next_link(self.phone.kid)
        self.containers[body.item] = self_made
        self.record(statement.sign(self.phone, "item.seal", body, case=self.case, chain=chain))
        return body.item

    def begin(self, meta: Meta, content: Path, part: float, received: datetime | None = None) -> ids.ItemId:
        """Her phone announces a file, and is destroyed when `part` of it has arrived."""
        source = sealing.Content.of_file(content, type_of(content))
        readers = [self.case_key, self.people["marit"].xwing_public]
        out = io.BytesIO()
        prepared = sealing.prepare(self.phone, self.case, meta, readers, source)
        body = sealing.write(prepared, source, out)
        chain = self.standing.next_link(self.phone.kid)
        size = len(prepared.prefix) + int(part * (body.container.size - len(prepared.prefix)))
        self.containers[body.item] = out.getvalue()[:size]
        at = ids.time_of(received or datetime.now(UTC))
        opened = bodies.ItemOpen(body.item, body.head)
        self.record(statement.sign(self.phone, "item.open", opened, case=self.case, at=at, chain=chain), received)
        return body.item

    @property
    def case_key(self) -> bytes:
        """The case's X-Wing public key."""
        return self.vault.xwing_public

    def row(self, made: statement.Statement, one: event.Recorded) -> pages.Row:
        """An event as a page of the timeline has it."""
        row = pages.Row(one.index, one.received_at, one.event, one.salt)
        if not isinstance(made.body, bodies.ItemSeal | bodies.ItemOpen):
            return row
        blob = self.containers[made.body.item]
        prefix = container.parse_prefix(blob)
        arrived = len(blob) if isinstance(made.body, bodies.ItemOpen) else None
        return replace(row, item=pages.Served(prefix.head_bytes, prefix.meta_ciphertext, arrived=arrived))

    def head(self) -> SignedCheckpoint:
        """The signed head of the log as it is now."""
        return SignedCheckpoint.sign(Checkpoint(ORIGIN, len(self.events), merkle.root_hash(*self._tree())), self.log)

    def proof(self, index: int) -> bytes:
        """The proof file of one event."""
        return TlogProof(index, merkle.inclusion_proof(index, *self._tree()), self.head().to_bytes()).to_bytes()

    def _tree(self) -> tuple[int, merkle.Nodes]:
        hashes = [merkle.leaf_hash(one.leaf) for one in self.events]

        def nodes(level: int, index: int) -> bytes:
            return merkle.fold(hashes[index << level : (index + 1) << level])

        return len(hashes), nodes

    def press(self, *, seconds_ago: int = 4, kind: bodies.AlarmKind = "press", note: str = "") -> dict[str, object]:
        """A press of the alarm device as the bridge seals it; returns what the feed says of it."""
        alarm, now = ids.AlarmId(ids.new_id()), datetime.now(UTC)
        pressed = ids.time_of(now - timedelta(seconds=seconds_ago))
        push = bodies.Press(3, next(self.counters))
        cose = ids.Base64("gw==")
        meta = Alarm(
            source="sensor", recorded=ids.time_of(now), title="Alarm", text=pieces.cut(note), happened=Edtf(pressed),
            position=Position("51.934200", "4.457700", 8),
            alarm=parts.Alarm(alarm, self.device, push.boot, push.counter, kind, cose, pressed, 4, "gnss"),
        )  # fmt: skip
        item = self.seal(self.bridge, meta, desk=True)
        at = ids.time_of(now)
        self.raise_alarm(alarm, push, kind, item, at)
        return {
            "alarm": alarm, "device": self.device, "case": self.case, "kind": kind, "state": "delivered",
            "raised_at": at, "age_s": seconds_ago, "press": {"boot": push.boot, "counter": push.counter},
            "repeats": 0, "flags": [], "claimed_by": None, "accepted_by": None, "closed": None,
            "history": [{"at": at, "what": f"raised: {kind}", "by": "device, by a"},
                        {"at": at, "what": "delivered: given to the feed", "by": "console-feed", "code": "feed-taken"},
                        {"at": at, "what": "delivered: ACK", "by": "dc09-noord", "code": "dc09-ack"},
                        {"at": at, "what": "failed: refused", "by": "sip-mk", **REFUSED}],
            "routes": [{"route": "console-feed", "outcome": "delivered", "detail": "given to the feed", "at": at},
                       {"route": "sip-mk", "outcome": "failed", "detail": "refused", "at": at, **REFUSED},
                       {"route": "dc09-noord", "outcome": "delivered", "detail": "ACK", "at": at}],
            "item": item, "card": self.card,
        }  # fmt: skip

    def raise_alarm(
        self, alarm: ids.AlarmId, push: bodies.Press, kind: bodies.AlarmKind, item: ids.ItemId, at: ids.Time,
        received: datetime | None = None,
    ) -> None:  # fmt: skip
        """The bridge's word that it received a press; no two presses have one identity."""
        identity = ids.Sha256(hashlib.sha256(f"{self.device} {push.boot} {push.counter}".encode()).hexdigest())
        cose = ids.Sha256(hashlib.sha256(b"\x83").hexdigest())
        raised = bodies.AlarmRaise(alarm, self.device, push, kind, item, identity, cose, at, "a", ())
        self.record(statement.sign(self.bridge, "alarm.raise", raised, case=self.case), received)

    def position(
        self, alarm: str, lat: str, lon: str, *, seconds_ago: int = 0, accuracy_m: int = 8,
        signer: keys.SigningKey | None = None, desk: bool = True,
    ) -> ids.ItemId:  # fmt: skip
        """A position that the device sent while `alarm` is open, as the bridge seals it: an item, and nothing else."""
        at = ids.time_of(datetime.now(UTC) - timedelta(seconds=seconds_ago))
        meta = Alarm(
            source="sensor", recorded=at, title="Positie", happened=Edtf(at),
            position=Position(lat, lon, accuracy_m),
            alarm=parts.Alarm(ids.AlarmId(alarm), self.device, 3, next(self.counters), "position", ids.Base64("gw=="),
                              at, 0, "gnss"),
        )  # fmt: skip
        return self.seal(signer or self.bridge, meta, desk=desk)


def _found(world: World, begin: datetime) -> None:
    def publish(identity: keys.SigningKey, role: bodies.Role, label: str) -> None:
        body = published.certificate(identity, role, label, TEAM if role == "caseworker" else None)
        world.record(statement.sign(world.root, "key.publish", body), begin)

    root = bodies.RootKey(ids.PublicKey(world.root.sign_public.hex()), "Filomena Rotterdam (test)")
    world.record(statement.sign(world.root, "log.open", bodies.LogOpen(ORIGIN, root, world.log.vkey)), begin)
    world.record(statement.sign(world.root, "team.open", bodies.TeamOpen(TEAM, "Team Noord")), begin)
    world.people = {handle: keys.Identity.generate() for handle in PHRASES}
    publish(world.bridge, "bridge", "Alarmbrug 1")
    publish(world.desk, "desk", "Meldtafel A")
    publish(world.people["marit"], "caseworker", LABELS["marit"])
    publish(world.people["daan"], "dispatcher", LABELS["daan"])
    dispatcher = world.people["daan"]
    wrapped = wraps.wrap(world.desk.xwing_seed, wraps.NO_ID, wraps.NO_ID, dispatcher.xwing_public)
    share = bodies.KeyShare(published.opens(world.desk), dispatcher.kid, wrapped, wraps.SUITE)
    world.record(statement.sign(world.root, "key.share", share), begin)


def _open_case(world: World, begin: datetime) -> None:
    worker, invitation = world.people["marit"], keys.Identity.generate()
    opened = published.case_of(world.vault, TEAM, worker.kid)
    world.record(
        statement.sign(worker, "case.open", opened, case=world.case, at=ids.time_of(begin)),
        begin + timedelta(minutes=1),
    )
    later = ids.time_of(datetime.now(UTC) + timedelta(days=1))
    invite = published.invitation(world.vault, invitation, later)
    world.record(statement.sign(worker, "device.invite", invite, case=world.case), begin)
    enrol = bodies.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(world.phone.sign_public.hex()), invitation.kid)
    chain = statement.Chain(0, statement.FIRST_PREV)
    world.record(
        statement.sign(world.phone, "device.enrol", enrol, case=world.case, chain=chain, cosigner=invitation), begin
    )
    meta = Card(source="caseworker", recorded=ids.time_of(begin), title="Kaart meldkamer", card=_card(begin))
    world.seal(worker, meta, received=begin, item=world.card, desk=True)
    button = bodies.AlarmDeviceEnrol(
        world.device, ids.PublicKey(world.button.sign_public.hex()), "3min", "AWARE-convenant (test)", world.card
    )
    world.record(statement.sign(worker, "alarm_device.enrol", button, case=world.case), begin)


def _card(begin: datetime) -> parts.Card:
    today, last = begin.date(), datetime.now(UTC).date() + timedelta(days=60)
    return parts.Card(
        "Noor van den Akker",
        parts.Address("Vlierbesstraat", "12, derde etage", "3025 ZZ", "Rotterdam"),
        call_back=parts.CallBack("write", "06 00 00 00 00", "Schrijf alleen: is de krant er al?"),
        safe_word="Gele lelies",
        language="Nederlands",
        how_to_enter="Sleutel bij de buurvrouw op nummer 14. Bel twee keer kort.",
        key_holders="De buurvrouw op nummer 14",
        children="Een dochter van zes, doordeweeks thuis",
        suspect=parts.Suspect("Lang, kort donker haar, groene jas", "Ruben Kalkman", PORTRAIT),
        orders=(
            parts.Order("huisverbod", Edtf(str(today)), Edtf(str(today + timedelta(days=10))), "HV-17"),
            parts.Order("contactverbod", Edtf(str(today)), Edtf(str(last)), "CV-18"),
        ),
        known_places=(
            KnownPlace("Woning", "51.9338", "4.4581"),
            KnownPlace("School", "51.9361", "4.4702"),
            KnownPlace("Zus", "51.9262", "4.4489"),
        ),
        aol=parts.Arrangement("AOL-19", Edtf(str(last))),
    )


def build(photos: tuple[Path, ...], clips: tuple[Path, ...] = ()) -> World:
    """Make the world: four months of one case, ending today."""
    from tests.support.entries import INCIDENTS, ORDER  # noqa: PLC0415 - the texts are long and stand apart

    world = World(photos)
    today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=118)
    _found(world, begin)
    _open_case(world, begin)
    items: dict[str, ids.ItemId] = {}
    for told in sorted(INCIDENTS, key=lambda one: -one.days_ago):
        received = told.recorded(today)
        meta = Incident(
            source=told.source, recorded=ids.time_of(received - timedelta(minutes=3)),
            title=told.title, text=pieces.cut(told.text), happened=_edtf(told.happened(today)),
            discovered=_edtf(told.discovered(today)),
            severity=told.severity, conduct=told.conduct, impact=told.impact, place=told.place,
        )  # fmt: skip
        items[told.key] = world.seal(world.phone, meta, received=received)
    _add_papers(world, today, ORDER)
    found = [(path, "photo", "foto") for path in photos] + [
        (path, "video" if path.suffix == ".mp4" else "sound", "opname") for path in clips
    ]
    about = ["bloemen", "halte", "deur", "deur", "bel"]
    titles = ["Bloemen op de mat", "Bij de halte", "De straat die avond", "Beeld van de deurbel", "Geluid aan de deur"]
    for (path, kind, _), key, title in zip(found, about, titles, strict=False):
        told = next(one for one in INCIDENTS if one.key == key)
        media = Media(
            kind=kind, source="camera" if kind == "video" else "victim",  # type: ignore[arg-type] # a literal from the table above
            recorded=ids.time_of(told.recorded(today)), title=title,
            happened=_edtf(told.happened(today)), about=items[key],
        )  # fmt: skip
        world.seal(world.phone, media, path, told.recorded(today) + timedelta(minutes=5))
    return world


def _edtf(told: str | None) -> Edtf | None:
    return Edtf(told) if told is not None else None


def _add_papers(world: World, today: datetime, order_number: str) -> None:
    first = today - timedelta(days=24)
    from_, until = (Edtf((first + timedelta(days=days)).date().isoformat()) for days in (0, 10))
    order = parts.Order("huisverbod", from_, until, order_number)
    worker = world.people["marit"]
    ban = Order(
            source="caseworker", recorded=ids.time_of(first), title="Tijdelijk huisverbod, tien dagen",
        text=pieces.cut("Hij mag de woning niet in en geen contact zoeken."), order=order,
    )  # fmt: skip
    world.seal(worker, ban, received=first + timedelta(hours=1))
    assessed = today - timedelta(days=23)
    sash = Assessment(
            source="caseworker", recorded=ids.time_of(assessed), title="SASH: hoog (M. Verhoeven)",
        text=pieces.cut("Afgenomen door M. Verhoeven, met collega."),
        assessment=parts.Assessment("SASH", "hoog", "2.1", assessor="Casemanager"),
        happened=Edtf(assessed.date().isoformat()),
    )  # fmt: skip
    world.seal(worker, sash, received=assessed)
    _old_alarm(world, today - timedelta(days=17, hours=-12, minutes=-41))


def _old_alarm(world: World, pressed: datetime) -> None:
    alarm, at = ids.AlarmId(ids.new_id()), ids.time_of(pressed)
    push = bodies.Press(2, 17)
    meta = Alarm(
            source="sensor", recorded=ids.time_of(pressed + timedelta(seconds=2)), title="Alarm",
        happened=Edtf(at), position=Position("51.933700", "4.458300", 12),
        alarm=parts.Alarm(alarm, world.device, push.boot, push.counter, "press", ids.Base64("gw=="), at, 3, "gnss"),
    )  # fmt: skip
    item = world.seal(world.bridge, meta, received=pressed + timedelta(seconds=2), desk=True)
    world.raise_alarm(alarm, push, "press", item, at, pressed + timedelta(seconds=2))
    acts: tuple[tuple[int, str, bodies.Body], ...] = (
        (20, "alarm.accept", bodies.AlarmAct(alarm)), (55, "alarm.dispatch", bodies.AlarmAct(alarm)),
        (420, "alarm.on_scene", bodies.AlarmAct(alarm)), (1500, "alarm.close", bodies.AlarmClose(alarm, "genuine")),
    )  # fmt: skip
    for seconds, act, body in acts:
        done = pressed + timedelta(seconds=seconds)
        made = statement.sign(world.people["daan"], act, body, case=world.case, at=ids.time_of(done))
        world.record(made, done)
