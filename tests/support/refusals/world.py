"""The organisation that the table of refusals is told in: real keys and statements, a journal in a list, no disk.

Each trial begins with the same founding: two teams, staff, two cases (`case` and `elsewhere`, of the other team) with a
vault and a phone each, an item in each case, an alarm device with a card. Time stands still but for `wait`.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from evidence import canonical, ids, keys
from evidence.custody.log.note import generate_key
from evidence.statements import bodies, catalogue, fold, statement
from evidence.statements.rules import authority
from evidence.statements.standing import Standing
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from tests.support import published

ORIGIN: Final = "log.example"
START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
K = TypeVar("K")

ZERO: Final = ids.Sha256("0" * 64)
A_MOMENT: Final = timedelta(milliseconds=1)
"""The smallest step of a time in a statement."""


@dataclass(frozen=True)
class Trial:
    """What one statement meets after one history: the refusal, or None when it is allowed."""

    name: str
    history: tuple[Statement, ...]
    said: Statement
    now: ids.Time
    refusal: tuple[str, str] | None

    @functools.cached_property
    def standing(self) -> Standing:
        """What the history adds up to."""
        return standing_of(self.history)

    def outcome(self) -> object:
        """Return what `authority.check` says: None, or reason and text."""
        try:
            authority.check(self.standing, self.said, self.now)
        except authority.NotAllowedError as refusal:
            return refusal.reason, str(refusal)
        except keys.SignatureError as error:
            return "signature", str(error)
        return None


def standing_of(history: tuple[Statement, ...]) -> Standing:
    """Return what accepted statements add up to."""
    standing = Standing()
    for each in history:
        fold.apply(standing, each)
    return standing


def new(kind: Callable[[str], K]) -> K:
    """Return a new random name."""
    return kind(ids.new_id())


def key_of(who: keys.SigningKey) -> ids.PublicKey:
    """Return the public half that checks signatures, as a body holds it."""
    return ids.PublicKey(who.sign_public.hex())


def xwing_of(who: keys.OpeningKey) -> ids.Base64:
    """Return the key to wrap to, as a body holds it."""
    return published.opens(who)


def whole(said: Statement) -> ids.Base64:
    """Return a statement as `erase.repeat` holds it."""
    return ids.Base64(canonical.b64(said.envelope.to_bytes()))


@dataclass
class House:
    """A case with her vault and her phone."""

    vault: keys.Identity = field(default_factory=keys.Identity.generate)
    phone: keys.Identity = field(default_factory=keys.Identity.generate)
    case: ids.CaseId = field(default_factory=lambda: new(ids.CaseId))
    device: ids.DeviceId = field(default_factory=lambda: new(ids.DeviceId))
    item: ids.ItemId = field(default_factory=lambda: new(ids.ItemId))


@dataclass
class World:
    """One journal, and everybody who speaks in it."""

    root: keys.Identity = field(default_factory=keys.Identity.generate)
    server: keys.Identity = field(default_factory=keys.Identity.generate)
    bridge: keys.BridgeIdentity = field(default_factory=keys.BridgeIdentity.generate)
    dispatcher: keys.Identity = field(default_factory=keys.Identity.generate)
    colleague_dispatcher: keys.Identity = field(default_factory=keys.Identity.generate)
    investigator: keys.Identity = field(default_factory=keys.Identity.generate)
    lead: keys.Identity = field(default_factory=keys.Identity.generate)
    colleague: keys.Identity = field(default_factory=keys.Identity.generate)
    outsider: keys.Identity = field(default_factory=keys.Identity.generate)
    """A caseworker of the other team."""
    nobody: keys.Identity = field(default_factory=keys.Identity.generate)
    team: ids.TeamId = field(default_factory=lambda: new(ids.TeamId))
    other_team: ids.TeamId = field(default_factory=lambda: new(ids.TeamId))
    here: House = field(default_factory=House)
    elsewhere: House = field(default_factory=House)
    button: ids.DeviceId = field(default_factory=lambda: new(ids.DeviceId))
    card: ids.ItemId = field(default_factory=lambda: new(ids.ItemId))
    far_button: ids.DeviceId = field(default_factory=lambda: new(ids.DeviceId))
    far_card: ids.ItemId = field(default_factory=lambda: new(ids.ItemId))
    log_vkey: str = field(default_factory=lambda: generate_key(ORIGIN).vkey)
    history: list[Statement] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)
    moment: datetime = START

    @property
    def now(self) -> ids.Time:
        """The present."""
        return ids.time_of(self.moment)

    def after(self, delay: timedelta) -> ids.Time:
        """Return the time that long from now."""
        return ids.time_of(self.moment + delay)

    def wait(self, delay: timedelta) -> None:
        """Let time pass."""
        self.moment += delay

    def say(
        self, who: keys.SigningKey, kind: str, body: bodies.Body, house: House | None = None, **more: object
    ) -> Statement:
        """Sign a statement that belongs in the case of `house`, or where its type belongs."""
        case = None if kind in catalogue.CASELESS else (house or self.here).case
        options: dict[str, Any] = {"case": case, "at": self.now, "chain": self.link(who)} | more
        return statement.sign(who, kind, body, **options)

    def act(
        self, who: keys.SigningKey, kind: str, body: bodies.Body, house: House | None = None, **more: object
    ) -> Statement:
        """Sign a statement, and have the journal accept it."""
        return self.accept(self.say(who, kind, body, house, **more))

    def accept(self, said: Statement) -> Statement:
        """Have the journal accept a statement."""
        authority.check(self.standing, said, self.now)
        fold.apply(self.standing, said)
        self.history.append(said)
        return said

    def link(self, who: keys.SigningKey) -> Chain | None:
        """Return the next number of a phone or a vault; None for everybody else."""
        if who.kid not in self.standing.device_of_key and who.kid not in self.standing.case_of_vault:
            return None
        return self.standing.next_link(who.kid)

    def again(self) -> "World":
        """Return the same world with a journal of its own."""
        fields = {
            name: getattr(self, name) for name in self.__dataclass_fields__ if name not in {"history", "standing"}
        }
        return World(**fields, history=list(self.history), standing=standing_of(tuple(self.history)))

    # ------------------------------------------------------------------------------------------- what they say

    def publish(self, who: keys.SigningKey, role: bodies.Role, team: ids.TeamId | None = None) -> bodies.KeyPublish:
        """Return the body that certifies a key."""
        return published.certificate(who, role, "x", team)

    def case_of(self, house: House, team: ids.TeamId, lead: keys.Identity) -> bodies.CaseOpen:
        """Return the body that opens a case."""
        return published.case_of(house.vault, team, lead.kid)

    def invite(self, house: House, *, until: timedelta = timedelta(hours=1)) -> keys.Identity:
        """Have the caseworker of a case invite a phone; return the one-time key."""
        one_time = keys.Identity.generate()
        who = self.lead if house is self.here else self.outsider
        self.act(who, "device.invite", published.invitation(house.vault, one_time, self.after(until)), house)
        return one_time

    def enrolment(self, house: House, phone: keys.Identity, one_time: keys.Identity, **more: object) -> Statement:
        """Return the statement of a phone that joins."""
        body = bodies.DeviceEnrol(new(ids.DeviceId), key_of(phone), one_time.kid)
        options: dict[str, Any] = {"chain": Chain(0, FIRST_PREV), "cosigner": one_time} | more
        return self.say(phone, "device.enrol", options.pop("body", body), house, **options)

    def device(self, name: ids.DeviceId, card: ids.ItemId | None) -> bodies.AlarmDeviceEnrol:
        """Return the body that issues an alarm device."""
        return bodies.AlarmDeviceEnrol(name, key_of(keys.Identity.generate()), "20s", "covenant 12", card)

    def seal(self, item: ids.ItemId) -> bodies.ItemSeal:
        """Return the body that seals an item."""
        return bodies.ItemSeal(
            item, bodies.Blob(ZERO, 1), bodies.Blob(ZERO, 1), bodies.Part(ZERO, 1, ids.Commitment(ZERO))
        )

    def grant_of(self, *items: ids.ItemId, reader: keys.Identity | None = None) -> bodies.Grant:
        """Return the body of a grant for a day."""
        reader = reader or self.investigator
        granted = tuple(bodies.GrantedItem(item, ids.Base64(""), 2) for item in items)
        return bodies.Grant(
            new(ids.GrantId), reader.kid, reader.opening_kid, "x", self.after(timedelta(days=1)), granted
        )

    def alarm_of(self, device: ids.DeviceId) -> bodies.AlarmRaise:
        """Return the body of an alarm."""
        press, item = bodies.Press(1, 1), new(ids.ItemId)
        return bodies.AlarmRaise(new(ids.AlarmId), device, press, "press", item, ZERO, ZERO, self.now, "a", ())

    def asked(self, *items: ids.ItemId) -> ids.ErasureId:
        """Have her ask for an erasure and her caseworker agree; return its name."""
        erasure = new(ids.ErasureId)
        self.act(self.here.vault, "erase.request", bodies.EraseRequest(erasure, items or (self.here.item,)))
        self.act(self.colleague, "erase.approve", bodies.EraseStep(erasure))
        return erasure


@functools.cache
def _founded() -> World:
    world = World()
    log = bodies.LogOpen(ORIGIN, bodies.RootKey(key_of(world.root), "x"), world.log_vkey)
    world.act(world.root, "log.open", log)
    for team in (world.team, world.other_team):
        world.act(world.root, "team.open", bodies.TeamOpen(team, "x"))
    staff: list[tuple[keys.SigningKey, bodies.Role, ids.TeamId | None]] = [
        (world.server, "server", None),
        (world.bridge, "bridge", None),
        (world.dispatcher, "dispatcher", None),
        (world.colleague_dispatcher, "dispatcher", None),
        (world.investigator, "investigator", None),
        (world.lead, "caseworker", world.team),
        (world.colleague, "caseworker", world.team),
        (world.outsider, "caseworker", world.other_team),
    ]
    for one in staff:
        world.act(world.root, "key.publish", world.publish(*one))
    for house, team, lead in (
        (world.here, world.team, world.lead),
        (world.elsewhere, world.other_team, world.outsider),
    ):
        world.act(lead, "case.open", world.case_of(house, team, lead), house)
        one_time = world.invite(house)
        body = bodies.DeviceEnrol(house.device, key_of(house.phone), one_time.kid)
        world.accept(world.enrolment(house, house.phone, one_time, body=body))
        world.act(house.phone, "item.seal", world.seal(house.item), house)
    for house, lead, device, card in (
        (world.here, world.lead, world.button, world.card),
        (world.elsewhere, world.outsider, world.far_button, world.far_card),
    ):
        world.act(lead, "item.seal", world.seal(card), house)
        world.act(lead, "alarm_device.enrol", world.device(device, card), house)
    return world


def founded() -> World:
    """Return the founded organisation; what is done to it is nobody else's."""
    return _founded().again()


Told = Callable[[World], Iterator[Statement]]
_TABLE: dict[str, tuple[tuple[str, str] | None, Told]] = {}


def refused(reason: str, text: str) -> Callable[[Told], Told]:
    """Put a case in the table: every statement that it yields is refused with this reason and text."""
    return lambda told: _add((reason, text), told)


def allowed(told: Told) -> Told:
    """Put a case in the table: every statement that it yields is allowed, at the very edge of a refusal."""
    return _add(None, told)


def _add(refusal: tuple[str, str] | None, told: Told) -> Told:
    if told.__name__ in _TABLE:
        raise ValueError(f"two cases are called {told.__name__}")
    _TABLE[told.__name__] = (refusal, told)
    return told


def told() -> list[Trial]:
    """Return every trial of the table."""
    return [trial for name in _TABLE for trial in tried(name)]


def tried(name: str) -> list[Trial]:
    """Return the trials of one case."""
    refusal, tell = _TABLE[name]
    world, trials = founded(), []
    for number, said in enumerate(tell(world)):
        trials.append(Trial(f"{name}[{number}]", tuple(world.history), said, world.now, refusal))
    return trials


def names() -> list[str]:
    """Return the names of all cases."""
    return list(_TABLE)


def refusals() -> set[tuple[str, str]]:
    """Return every reason and text that a case of the table stands for."""
    return {refusal for refusal, _ in _TABLE.values() if refusal is not None}
