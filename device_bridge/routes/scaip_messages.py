"""SCAIP documents as bytes: an alarm or a heartbeat (`mrq`), and the status that answers it (`mrs`). Pure.

The protocol is SS 91100:2014 and CLC/TS 50134-9. Neither text lies beside this file: names, lengths and numbers are
those that independent public implementations agree on, and `docs/formats/scaip.md` says which, and what is not certain.
A document holds account, code and position: never a name, an address or a telephone number.
"""

import hashlib
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from device_bridge.routes import cap
from device_bridge.routes.dispatch import Dispatch
from device_bridge.wire.message import Location
from evidence.statements.bodies import AlarmKind

CONTENT_TYPE: Final = "application/scaip+xml"
REFERENCE_LENGTH: Final = 16
TEXT_LENGTH: Final = 32
"""Of the texts beside a status and a place."""

_ATTACK_TRIGGER: Final = "0006"
_CONTROLLER: Final = "0002"
"""Device types: a personal attack trigger, and the local unit and controller that heartbeats speak for."""

_MANUAL: Final = "0010"
_AUTOMATIC: Final = "0009"
_TRANSMISSION_TEST: Final = "0102"

CODES: Final[dict[AlarmKind, tuple[str, str]]] = {
    "press": (_MANUAL, "Persoonlijk alarm"),
    "duress": (_MANUAL, "Persoonlijk alarm onder dwang"),
    "overdue": (_AUTOMATIC, "Niet op tijd teruggemeld"),
    "test": (_TRANSMISSION_TEST, "Proefalarm"),
}
"""Kind → status code and the text beside it, which operators read. Duress has no code of its own."""

EXERCISE: Final = (_TRANSMISSION_TEST, "OEFENING, geen melding")

_NO_VOICE: Final = "no-voice:"
"""Where the caller can be called: nowhere. A centre that waits for a call would hold the alarm back."""

TAKEN: Final = 0
WORDS: Final = {
    TAKEN: "taken",
    1: "message too long",
    2: "not in the form that it knows",
    3: "content that it does not know",
    4: "on hold",
    5: "not treated",
    6: "busy",
    7: "a part is missing",
}
"""What a status number means. Our own words: what the other side wrote beside it is not shown."""

NEVER: Final = (1, 2, 7)
"""About the form, which is the same at the next try; anything else may be put right while the alarm is open."""


@dataclass(frozen=True)
class Status:
    """How a centre answers the document that `reference` names."""

    reference: str
    number: int

    @property
    def words(self) -> str:
        """The answer in a few words for people."""
        return f"SCAIP {self.number} {WORDS.get(self.number, 'not a known status')}"


def reference_of(what: Dispatch) -> str:
    """Return the name of the document: the same for every repeat of it, from whichever bridge."""
    return hashlib.sha256(cap.identifier_of(what).encode()).hexdigest()[:REFERENCE_LENGTH]


def alarm(what: Dispatch, account: str, *, exercise: bool) -> bytes:
    """Return the document that reports an alarm; an exercise is a test of the transmission, whatever was pressed."""
    status, text = EXERCISE if exercise else CODES[what.kind]
    parts = {
        "ref": reference_of(what),
        "mty": "ME",
        "cid": account,
        "dty": _ATTACK_TRIGGER,
        "crd": _NO_VOICE,
        "stc": status,
        "stt": text,
    }
    if what.location is not None:
        parts |= {"lte": _place(what.location), "ite": _age(what.location)}
    return _written(parts)


def heartbeat(reference: str, account: str) -> bytes:
    """Return the document that only says that the line itself lives."""
    return _written({"ref": reference, "mty": "PI", "cid": account, "dty": _CONTROLLER, "crd": _NO_VOICE})


def parse_status(content: bytes) -> Status | None:
    """Read a status; None when it is none. A document type is refused: it could grow to any size."""
    if b"<!" in content:
        return None
    try:
        root = ET.fromstring(content)  # noqa: S314 - 16 KiB at most, without a document type
    except (ET.ParseError, LookupError, ValueError):
        return None
    reference, number = (root.findtext(name, "").strip() for name in ("ref", "snu"))
    known = root.tag == "mrs" and reference and number.isascii() and number.isdecimal() and len(number) <= len("99999")
    return Status(reference, int(number)) if known else None


def _place(where: Location) -> str:
    """Return the place in words that cannot be read the other way round."""
    north = f"{abs(where.lat):.5f}{'N' if where.lat >= 0 else 'S'}"
    east = f"{abs(where.lon):.5f}{'E' if where.lon >= 0 else 'W'}"
    sure = "" if where.accuracy_m is None else f" +-{where.accuracy_m}m"
    return f"{north} {east}{sure}"[:TEXT_LENGTH]


def _age(where: Location) -> str:
    known = "tijd onbekend" if where.age_s is None else f"{where.age_s} s oud"
    return f"positie van het apparaat, {known}"


def _written(parts: dict[str, str]) -> bytes:
    root = ET.Element("mrq")
    for name, text in parts.items():
        ET.SubElement(root, name).text = text
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written
