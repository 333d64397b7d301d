"""An alarm and its parts as values: what the bridge knows of it, without a position, a name or an address."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from device_bridge.wire.message import PressId
from evidence import ids, schema
from evidence.statements.alarm_words import AlarmKind, CloseReason

State = Literal["raised", "delivered", "claimed", "accepted", "dispatched", "on_scene", "closed"]
Act = Literal["claim", "accept", "dispatch", "on_scene", "close", "take_over", "look"]
Outcome = Literal["delivered", "failed"]
Code = Literal["none", "right", "wrong"]

TAKES: Final[tuple[Act, ...]] = ("accept", "take_over")
"""Acts after which the alarm is on the name of whoever signed."""

CLAIM_LEASE_MS: Final = 30_000
"""A console renews its claims every ten seconds; after three that are missing nobody is looking any more."""


@dataclass(frozen=True)
class Person:
    """A professional, by the name of their signing key and the name that the root certified."""

    kid: ids.KeyId
    label: str


@dataclass(frozen=True)
class Entry:
    """One line of an alarm's history, for people."""

    at: ids.Time
    what: str
    by: str
    id: str | None = None
    """What it is about, when every bridge writes this line by itself: of such lines a merged history shows one."""

    code: str | None = None
    about: str | None = None
    """What a route said, for pages (`RouteReport`)."""


@dataclass(frozen=True)
class RouteReport:
    """What last became of the alarm on one route: in English, and for pages as a code with what it is about.

    `given`: names of the messages that its receiver has, from whichever bridge; `withdrawn`: it was told that the alarm
    was none.
    """

    route: str
    outcome: Outcome
    detail: str
    at: ids.Time
    code: str | None = None
    about: str | None = None
    given: tuple[str, ...] | None = None
    withdrawn: bool | None = None

    def after(self, last: "RouteReport | None") -> "RouteReport":
        """Return this report with what an earlier one of the same route knew the receiver to have."""
        given = {*(self.given or ()), *((last and last.given) or ())}
        withdrawn = self.withdrawn or (last and last.withdrawn) or None
        return replace(self, given=tuple(sorted(given)) or None, withdrawn=withdrawn)


@dataclass(frozen=True)
class Claim:
    """Who said "I have a look", when, and when their console last said that it is still so (Unix milliseconds)."""

    person: Person
    at_ms: int
    renewed_ms: int | None = None

    @property
    def until_ms(self) -> int:
        """When it runs out, unless it is renewed."""
        return (self.renewed_ms or self.at_ms) + CLAIM_LEASE_MS


@dataclass(frozen=True)
class Escalation:
    """How far the alarm was escalated, and why: 1, second routes and siren; 2, person on call and device.

    `rounds`: how often it began again after the last stage.
    """

    stage: Literal[1, 2]
    at: ids.Time
    why: Literal["not-accepted", "claim-lapsed", "not-dispatched"]
    rounds: int | None = None


@dataclass(frozen=True)
class Closing:
    """Why, by whom and when an alarm was closed."""

    reason: CloseReason
    by: Person
    at: ids.Time


@dataclass(frozen=True)
class Done:
    """An act that counted: its statement, and what orders it among acts that another bridge took meanwhile.

    `covers` of a close: the presses that were in the alarm, by the first 16 digits of their SHA-256. Whoever closed it
    had those before them, and no others.
    """

    statement: ids.Sha256
    what: Act
    by: Person
    at: ids.Time
    at_ms: int
    reason: CloseReason | None = None
    covers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Lapse:
    """A claim ran out: whose, made when, and until when its console had last renewed it (Unix milliseconds)."""

    kid: ids.KeyId
    claimed_ms: int
    until_ms: int


@dataclass(frozen=True)
class Push:
    """The press that opened the alarm."""

    boot: int
    counter: int


@dataclass(frozen=True)
class Alarm:
    """Everything that the bridge knows of one alarm, without a position, a name or an address."""

    alarm: ids.AlarmId
    device: ids.DeviceId
    case: ids.CaseId
    kind: AlarmKind
    state: State
    raised_at: ids.Time
    press: Push
    last_press: Push
    repeats: int
    flags: tuple[str, ...]
    history: tuple[Entry, ...]
    routes: tuple[RouteReport, ...]
    card: ids.ItemId | None = None
    age_s: int | None = None
    claim: Claim | None = None
    accepted_by: Person | None = None
    closed: Closing | None = None
    escalation: Escalation | None = None
    revision: int | None = None
    wrong_codes: int | None = None
    silent: bool | None = None
    """Raised by a duress code, or because she did not check in: somebody may be looking at the device, which hears no
    more than of any cancel."""
    acts: tuple[Done, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    generation: int | None = None
    """How many alarms of its device and sort came before it (`device_bridge.alarm.lineage`)."""
    counting_ms: int | None = None
    """From when its next deadline counts at this bridge, since its clock was set (Unix milliseconds)."""
    orphan: bool | None = None
    """Named after its first press, because nobody could say which alarm came before it."""
    folded_into: ids.AlarmId | None = None
    """The alarm that an orphan turned out to be; from then on everything is there."""

    @property
    def is_open(self) -> bool:
        """Whether a human still has to close it."""
        return self.closed is None and self.folded_into is None

    @property
    def stage(self) -> int:
        """How far it was escalated: 0, 1 or 2 (`device_bridge.alarm.escalation.Stage`)."""
        return 0 if self.escalation is None else self.escalation.stage

    @property
    def rounds(self) -> int:
        """How often everybody was told again after the last stage."""
        return 0 if self.escalation is None else self.escalation.rounds or 0

    @property
    def accepted_ms(self) -> int | None:
        """When who has it accepted it or took it over (Unix ms); None when nobody has, or nothing says when."""
        if self.accepted_by is None:
            return None
        kid = self.accepted_by.kid
        return max((done.at_ms for done in self.acts if done.what in TAKES and done.by.kid == kid), default=None)

    @property
    def looked(self) -> Done | None:
        """The first look that a second pair of eyes had at its close."""
        return next((done for done in self.acts if done.what == "look"), None)

    @property
    def press_id(self) -> PressId:
        """The press that opened it: what downlinks name."""
        return PressId(self.press.boot, self.press.counter)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON, for the spool."""
        members: dict[str, object] = schema.encode(self)
        return members

    @staticmethod
    def from_json(value: object) -> "Alarm":
        """Read back what `to_json` gave; FormatError for anything else."""
        return schema.decode(Alarm, value)


@dataclass(frozen=True)
class Received:
    """When a message arrived (Unix milliseconds and its spelling), and through which broker."""

    at_ms: int
    at: ids.Time
    broker: str
