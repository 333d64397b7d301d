"""The story of the demonstration: people who do not exist, and what happened to one of them.

Every text a person would type stands here, so that the search for readable text on the server (canary.py)
takes its phrases from the same place. Moments are relative to the day of the demonstration, because an order
of ten days must be in force while somebody looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final, Literal

from evidence.edtf import Edtf
from evidence.envelope import parts
from evidence.envelope.meta import Severity

SUMMER_OR_WINTER: Final = timezone(timedelta(hours=1))
"""The story's wall clock (Dutch winter time); one fixed offset keeps it the same on every machine."""


@dataclass(frozen=True)
class Person:
    """A member of staff in the story. The label is published with the key; it is no real person's name."""

    handle: str
    label: str
    role: Literal["caseworker", "dispatcher", "investigator"]


CASEWORKER: Final = Person("marit", "Marit Verhoeven (Filomena)", "caseworker")
DISPATCHER: Final = Person("daan", "Daan Okafor (meldkamer)", "dispatcher")
INVESTIGATOR: Final = Person("ilse", "Ilse Brandsma (politie)", "investigator")
STAFF: Final = (CASEWORKER, DISPATCHER, INVESTIGATOR)

ROOT_LABEL: Final = "Filomena Rotterdam (demonstratie)"
TEAM_LABEL: Final = "Team Noord"
DESK_LABEL: Final = "Meldtafel A"

VICTIM_NAME: Final = "Noor van den Akker"
OTHER_NAME: Final = "Ruben Kalkman"


@dataclass(frozen=True)
class Incident:
    """One entry as she types it; `happened` is EDTF (ISO 8601-2) or None when she does not know."""

    key: str
    happened: str | None
    discovered: str | None
    title: str
    text: str
    conduct: tuple[str, ...]
    severity: Severity
    impact: str
    place: str | None = None


def incidents(today: date) -> tuple[Incident, ...]:
    """Return the six incidents, each with another precision of time, told from `today`."""

    def ago(days: int) -> str:
        return (today - timedelta(days=days)).isoformat()

    def month(back: int) -> str:
        first = today.replace(day=1)
        for _ in range(back):
            first = (first - timedelta(days=1)).replace(day=1)
        return first.isoformat()[:7]

    at_the_door = datetime.combine(today - timedelta(days=6), time(22, 14), SUMMER_OR_WINTER)
    return (
        Incident(
            "deur",
            at_the_door.isoformat(),
            None,
            "Aan de deur",
            f"{OTHER_NAME} belde aan en bleef roepen door de brievenbus. Na een kwartier liep hij weg.",
            ("visit", "threat"),
            4,
            "Ik slaap deze week bij mijn zus.",
            "Vlierbesstraat 12",
        ),
        Incident(
            "tramhalte",
            ago(20),
            None,
            "Bij de tramhalte",
            "Hij stond de hele ochtend bij de halte Walenburgerweg. Ik heb hem niet aangesproken.",
            ("following",),
            2,
            "Ik ga nu met een collega naar mijn werk.",
            "Halte Walenburgerweg",
        ),
        Incident(
            "bloemen",
            f"{month(4)}~",
            None,
            "Bloemen zonder kaartje",
            "Ergens in die maand stonden er gele lelies op de mat. Alleen hij weet dat ik die mooi vond.",
            ("gift",),
            1,
            "Ik voel mij bekeken in mijn eigen huis.",
        ),
        Incident(
            "brieven",
            f"{month(3)}/{month(2)}",
            None,
            "Elf brieven",
            "Elf brieven in twee maanden, steeds zonder postzegel. Ik heb ze bewaard in een schoenendoos.",
            ("message", "visit"),
            2,
            "Ik durf de brievenbus niet meer te openen.",
        ),
        Incident(
            "zender",
            None,
            ago(12),
            "Een zendertje in mijn fietstas",
            "Onder de voering zat een plat rond zendertje. Ik weet niet hoe lang het daar al zat.",
            ("tracking",),
            3,
            "Ik neem elke dag een andere weg.",
        ),
        Incident(
            "banden",
            f"{ago(34)}/{ago(33)}",
            ago(33),
            "Banden lek gestoken",
            "In die nacht zijn beide banden van mijn fiets doorgestoken. De buurvrouw hoorde iets om half vier.",
            ("damage",),
            3,
            "Het kostte mij een werkdag en tachtig euro.",
        ),
    )


@dataclass(frozen=True)
class Attachment:
    """How one file is told: the entry that it belongs to, the words beside it, and the name that she gave it."""

    role: str
    about: str
    title: str
    text: str
    name: str
    conduct: tuple[str, ...]


ATTACHMENTS: Sequence[Attachment] = (
    Attachment("photo", "bloemen", "De bloemen op de mat", "Gefotografeerd op de trap.", "lelies-op-de-mat", ("gift",)),
    Attachment(
        "photo", "tramhalte", "Bij de halte", "Vanuit de tram genomen.", "walenburgerweg-ochtend", ("following",)
    ),
    Attachment("photo", "deur", "De straat die avond", "Zijn auto staat links.", "vlierbesstraat-avond", ("visit",)),
    Attachment(
        "sound", "deur", "Geluid aan de deur", "Opgenomen in de gang.", "roepen-door-de-brievenbus", ("threat",)
    ),
    Attachment(
        "video", "deur", "Beeld van de deurbel", "Hij loopt twee keer langs.", "deurbel-kwart-over-tien", ("visit",)
    ),
    Attachment("large", "deur", "Het hele uur van de deurbel", "Niet ingekort.", "deurbel-heel-uur", ("visit",)),
)

CUT_ROLE: Final = "large"
"""The upload of this role is really cut in the middle and resumed."""


@dataclass(frozen=True)
class Ban:
    """The huisverbod that the caseworker records: ten days from its first day."""

    first: date
    until: date
    number: str
    title: str
    text: str


def ban(today: date) -> Ban:
    """Return a tijdelijk huisverbod (Wet tijdelijk huisverbod, art. 2: ten days) that is in force on `today`."""
    first = today - timedelta(days=5)
    return Ban(
        first,
        first + timedelta(days=10),
        "HV-2208-demonstratie",
        "Tijdelijk huisverbod",
        f"{OTHER_NAME} mag tien dagen de woning niet in en geen contact zoeken.",
    )


def card(today: date) -> parts.Card:
    """Return what the caseworker writes on the dispatcher card: fictitious, in streets where nobody of them lives."""
    order = ban(today)
    return parts.Card(
        VICTIM_NAME,
        parts.Address("Vlierbesstraat", "12, derde etage", "3025 ZZ", "Rotterdam"),
        call_back=parts.CallBack(
            "write", "06 00 00 00 00", "Bel niet: hij kan meeluisteren. Schrijf: is de krant er al?"
        ),
        safe_word="Gele lelies",
        language="Nederlands",
        how_to_enter="Code van de portiekdeur ligt bij de buurvrouw op nummer 14. Bel twee keer kort.",
        key_holders="De buurvrouw op nummer 14",
        household="In het weekend ook haar zus",
        children="Een dochter van zes, doordeweeks thuis",
        suspect=parts.Suspect(
            "Lang, kort donker haar, draagt vaak een groene jas. Rijdt een grijze bestelbus.", OTHER_NAME
        ),
        weapons="Niet bekend",
        orders=(parts.Order("huisverbod", Edtf(str(order.first)), Edtf(str(order.until)), order.number),),
        known_places=(
            parts.KnownPlace("Haar woning", "51.933817", "4.458129"),
            parts.KnownPlace("School", "51.936142", "4.470218"),
            parts.KnownPlace("Haar zus", "51.912236", "4.488913"),
        ),
        aol=parts.Arrangement("AOL-2208-demonstratie", Edtf(str(order.until))),
    )


COVENANT: Final = "AWARE-convenant (demonstratie)"

PURPOSE: Final = "Aangifte belaging, onderzoek door de politie"
GROUND: Final = "Vordering officier van justitie (demonstratie)"

PRESS_POSITION: Final = ("51.934216", "4.457734", 8, 4, "gnss")
"""Where the alarm device says it is: latitude, longitude, accuracy in metres, age in seconds, source."""


def planted(today: date) -> tuple[str, ...]:
    """Return every phrase that a person typed and that nobody may be able to read on the server."""
    typed = [VICTIM_NAME, OTHER_NAME]
    for incident in incidents(today):
        typed += [incident.title, incident.text, incident.impact]
        typed += [incident.place] if incident.place else []
    for attachment in ATTACHMENTS:
        typed += [attachment.title, attachment.text, attachment.name]
    order = ban(today)
    typed += [order.number, order.text, order.title]
    typed += _typed_on(card(today))
    typed += [PRESS_POSITION[0], PRESS_POSITION[1]]
    return tuple(dict.fromkeys(typed))


def _typed_on(said: parts.Card) -> list[str]:
    """Return what is on the card and would be found nowhere by chance."""
    sentences = [said.how_to_enter, said.key_holders, said.household, said.children, said.safe_word]
    if said.suspect is not None and said.call_back is not None and said.aol is not None:
        sentences += [said.suspect.description, said.call_back.how, said.aol.number]
    return [one for one in sentences if one] + [place.lat for place in said.known_places or ()]


def today() -> date:
    """Return the day of the demonstration (UTC)."""
    return datetime.now(UTC).date()
