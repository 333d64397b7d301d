"""The form of a dispatcher card: asked question by question, or read from a JSON file that says the same.

The questions stand in the order in which a patrol needs the answers. No answer is no member: an empty text would look
as if somebody had been asked and knew nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

from evidence import canonical, filetypes, schema
from evidence.envelope import parts
from evidence.errors import EvidenceError
from server.clients import papers
from server.clients.errors import ClientError

MAX_PICTURE_BYTES: Final = 96 * 1024
"""A face of some 600 pixels. It comes with the card whenever a desk opens it, also over a bad line."""

QUESTIONS: Final = {
    "name": "Her name",
    "address.street": "Street",
    "address.number": "House number (and floor)",
    "address.postcode": "Postcode",
    "address.town": "Town",
    "call_back.may": "May she be called back after a press (yes, write, no)",
    "call_back.number": "On which number",
    "call_back.how": "How: what to say, how long to let it ring",
    "safe_word": "Safe word: what she says when she can speak freely",
    "language": "Her language",
    "how_to_enter": "How to enter: door, code, bell",
    "key_holders": "Who has a key",
    "household": "Who else is in the house",
    "children": "Children: who, and where they are",
    "suspect.description": "How to know him",
    "suspect.name": "His name",
    "weapons": "What is known of weapons, also that nothing is",
    "orders": "Order in force, as ORDER,FIRST DAY,LAST DAY,NUMBER",
    "known_places": "Place to look for her, as LABEL,LAT,LON",
    "aol.number": "Number of the Afspraak op Locatie (AOL)",
    "aol.until": "Until when it holds",
}
"""What is asked for each member; the picture is a file of its own."""

Answers = Callable[[str], list[str]]
"""Returns what is said to a question: nothing, one text, or several for a list."""


def fill(answers: Answers) -> parts.Card:
    """Return the card that the answers make; `answers` gets the path of each member.

    Raises:
        ClientError: an answer that cannot be, or one that is missing.
    """
    said: dict[str, Any] = {}
    for path, several in ((path, _SEVERAL.get(path)) for path in QUESTIONS):
        told = [one.strip() for one in answers(path) if one.strip()]
        if told:
            *above, name = path.split(".")
            inside = said
            for part in above:
                inside = inside.setdefault(part, {})
            inside[name] = [schema.encode(several(one)) for one in told] if several else told[0]
    return _card(said)


def read(file: Path) -> parts.Card:
    """Return the card in a JSON file, with the members of `card` in docs/formats/envelope.md.

    Raises:
        ClientError: the file cannot be read, or is no such form.
    """
    try:
        return _card(canonical.decode(file.read_bytes()))
    except (OSError, EvidenceError) as error:
        raise ClientError(f"{file} is no form of a card: {error}. Nothing was sealed.") from error


def picture(file: Path) -> parts.Picture:
    """Return a picture as a card holds it, of the type that its bytes say.

    Raises:
        ClientError: it cannot be read, is no JPEG or PNG, or is too large.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ClientError(f"{file} cannot be read: {error}. Nothing was sealed.") from error
    mime = filetypes.type_of(lambda begin, size: data[begin : begin + size], "")
    if mime not in {"image/jpeg", "image/png"} or len(data) > MAX_PICTURE_BYTES:
        raise ClientError(
            f"{file} is {mime} of {len(data):,} bytes, and a card holds a JPEG or PNG of at most "
            f"{MAX_PICTURE_BYTES:,}. Make it smaller: a face of 600 pixels is enough. Nothing was sealed."
        )
    return schema.decode(parts.Picture, {"mime": mime, "data": canonical.b64(data)})


def with_picture(card: parts.Card, found: parts.Picture) -> parts.Card:
    """Return the card with a picture of him beside his description.

    Raises:
        ClientError: the card does not describe him.
    """
    if card.suspect is None:
        raise ClientError("A picture goes with a description of him, and there is none. Nothing was sealed.")
    return replace(card, suspect=replace(card.suspect, picture=found))


def remarks(card: parts.Card) -> list[str]:
    """Return what a control room will miss on this card."""
    missing = {
        "No rule for calling back: the desk is told not to call.": card.call_back,
        "No description of him.": card.suspect,
        "No way in: the patrol stands before a closed door.": card.how_to_enter or card.key_holders,
    }
    return [remark for remark, there in missing.items() if not there]


def _card(said: object) -> parts.Card:
    try:
        return schema.decode(parts.Card, schema.complete(parts.Card, said), whole=True)
    except EvidenceError as error:
        raise ClientError(f"That is no card yet: {error}. Nothing was sealed.") from error


def _order(text: str) -> parts.Order:
    kind, first, until, number = (part.strip() for part in [*text.split(",", 3), "", "", ""][:4])
    return papers.in_force(kind, first, until or None, number or None)


_SEVERAL: Final[dict[str, Callable[[str], object]]] = {"orders": _order, "known_places": papers.known_place}
"""Members that are lists, and how one of them is written."""

LISTS: Final = frozenset(_SEVERAL)

ONE_OF: Final = {"call_back.may": get_args(schema.leaves(parts.CallBack)["may"])}
"""Members for which there are only these answers."""
