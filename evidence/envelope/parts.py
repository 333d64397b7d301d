"""Parts of descriptions (`evidence.envelope.meta`). Coordinates are text: signed bytes hold no floating point."""

from dataclasses import dataclass
from typing import Literal

from evidence.edtf import Edtf
from evidence.ids import AlarmId, Base64, Commitment, DeviceId, ItemId, Sha256, Time


@dataclass(frozen=True)
class Position:
    """WGS 84 degrees as decimal text, accuracy in metres."""

    lat: str
    lon: str
    accuracy_m: int | None = None


@dataclass(frozen=True)
class File:
    """The sealed content: its name, MIME type, true size in bytes and SHA-256 before padding."""

    name: str
    mime: str
    size: int
    sha256: Sha256


@dataclass(frozen=True)
class Camera:
    """What a photo, film or sound says about itself: a claim of whatever made it, whose clock may be years off.

    `taken` is the clock time that it names, with a zone where it names one, and `taken_from` the field that it was
    read from (such as `DateTimeOriginal` of EXIF 2.32, or `com.apple.quicktime.creationdate`).
    """

    taken: Edtf | None = None
    taken_from: str | None = None
    position: Position | None = None


@dataclass(frozen=True)
class ToldTo:
    """Whom she told at once; of a call to the police the number that it was registered by, or that none is known."""

    whom: str
    at: Edtf | None = None
    number: str | None = None
    no_number: bool | None = None


OrderKind = Literal[
    "huisverbod",
    "contactverbod",
    "gebiedsverbod",
    "gedragsaanwijzing",
    "voorwaarde",
    "maatregel",
    "civiel",
    "burgemeester",
    "stop-gezegd",
]
"""`gedragsaanwijzing`: art. 509hh Sv; `voorwaarde`: a condition at a suspension or sentence; `maatregel`: art. 38v Sr;
`civiel`: by a civil judge; `burgemeester`: by a mayor; `stop-gezegd`: he was told to stop."""


@dataclass(frozen=True)
class Order:
    """What he was forbidden: first and last day (`YYYY-MM-DD`), number, where, towards whom, and who watches over it.

    For `stop-gezegd`: on which day and how he was told; the words stand in the text, `proof` is the item that shows it.
    """

    kind: OrderKind
    valid_from: Edtf
    until: Edtf | None = None
    number: str | None = None
    area: str | None = None
    persons: tuple[str, ...] = ()
    watched_by: str | None = None
    said_by: Literal["herself", "letter", "lawyer", "police"] | None = None
    proof: ItemId | None = None


@dataclass(frozen=True)
class Assessment:
    """What a professional made of the risk with a form: its outcome in the form's own words, computed by nobody."""

    instrument: str
    outcome: str
    version: str | None = None
    items: tuple[ItemId, ...] = ()
    assessor: str | None = None
    organisation: str | None = None
    decided: str | None = None
    next: Edtf | None = None


@dataclass(frozen=True)
class Report:
    """What she told the police, or took back. `officer` took it, `contact` is her vast aanspreekpunt."""

    kind: Literal["melding", "aangifte", "klacht", "aanvulling", "intrekking"]
    at: Edtf
    number: str | None = None
    officer: str | None = None
    withdraw_until: Edtf | None = None
    domicile: bool | None = None
    individual_assessment: bool | None = None
    contact: str | None = None


@dataclass(frozen=True)
class Cost:
    """What it cost her, in whole cents of a euro; `receipt` is the item with the receipt."""

    what: str
    amount_cents: int
    at: Edtf | None = None
    receipt: ItemId | None = None


@dataclass(frozen=True)
class Trace:
    """A tracker, account or app that was found. First record, then talk, then remove."""

    kind: Literal["tracker", "account", "app", "other"]
    what: str
    found_by: str | None = None
    found_with: str | None = None
    report: ItemId | None = None
    removed: Edtf | None = None


@dataclass(frozen=True)
class Translation:
    """A translation (the text) of an item, of which `of` is the commitment to what was translated."""

    item: ItemId
    of: Commitment
    language: str
    by: str
    sworn: bool | None = None


@dataclass(frozen=True)
class Note:
    """A layer over an item or the case: set by a person, never computed. `of` is the flag, phase or class in words."""

    kind: Literal["note", "red-flag", "classification", "breach", "phase", "lead", "checklist"]
    of: str | None = None
    confirmed: bool | None = None


@dataclass(frozen=True)
class Question:
    """A question to somebody; the text asks it."""

    to: str | None = None
    answer_by: Edtf | None = None


@dataclass(frozen=True)
class Answer:
    """An answer (the text) to the item that asked."""

    question: ItemId


@dataclass(frozen=True)
class Asked:
    """One question of the safety screening, and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True)
class Screening:
    """The safety screening: which list, and what was answered."""

    version: str
    answers: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class Digest:
    """What a page leaves for the list of cases: how far it read the journal, and what it counted there."""

    read_to: int
    items: int
    alarms: int
    newest: Time | None = None
    orders_until: Edtf | None = None


@dataclass(frozen=True)
class Alarm:
    """A press, with the device's signed message exactly as received (`cose`)."""

    alarm: AlarmId
    device: DeviceId
    boot: int
    counter: int
    kind: str
    cose: Base64
    pressed_at: Time | None = None
    age_s: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class KnownPlace:
    """A place that helps a dispatcher find her."""

    label: str
    lat: str
    lon: str


@dataclass(frozen=True)
class Address:
    """Where a patrol drives to: street and number stand by themselves, because they are read aloud first."""

    street: str
    number: str
    postcode: str | None = None
    town: str | None = None


@dataclass(frozen=True)
class CallBack:
    """Whether somebody may call her after a press (or only write), on which number, and how.

    A telephone that rings can tell whoever stands beside her that she pressed.
    """

    may: Literal["yes", "write", "no"]
    number: str | None = None
    how: str | None = None


@dataclass(frozen=True)
class Picture:
    """A small picture inside a description: it is there whenever the words are, and needs no second request."""

    mime: Literal["image/jpeg", "image/png"]
    data: Base64


@dataclass(frozen=True)
class Suspect:
    """How to know him at the door."""

    description: str
    name: str | None = None
    picture: Picture | None = None


@dataclass(frozen=True)
class Arrangement:
    """An Afspraak op Locatie of the police: its number, and until when it holds."""

    number: str
    until: Edtf | None = None


@dataclass(frozen=True)
class Card:
    """What a dispatcher needs to know, sealed to the desk. `orders` are those in force when it was written."""

    name: str
    address: Address
    call_back: CallBack | None = None
    safe_word: str | None = None
    language: str | None = None
    how_to_enter: str | None = None
    key_holders: str | None = None
    household: str | None = None
    children: str | None = None
    suspect: Suspect | None = None
    weapons: str | None = None
    orders: tuple[Order, ...] = ()
    known_places: tuple[KnownPlace, ...] = ()
    aol: Arrangement | None = None
