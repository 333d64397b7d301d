"""The card that a control room reads when she presses: the picture on it, and what a desk would miss.

It is described like every other kind (`server.clients.forms`); nobody is asked for a picture in words.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from evidence import canonical, filetypes, schema
from evidence.envelope import parts
from evidence.envelope.meta import Card
from server.clients.errors import ClientError

MAX_PICTURE_BYTES: Final = 96 * 1024
"""A face of some 600 pixels. It comes with the card whenever a desk opens it, also over a bad line."""


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


def with_picture(card: Card, found: parts.Picture) -> Card:
    """Return the card with a picture of him beside his description.

    Raises:
        ClientError: the card does not describe him.
    """
    suspect = card.card.suspect
    if suspect is None:
        raise ClientError("A picture goes with a description of him, and there is none. Nothing was sealed.")
    return replace(card, card=replace(card.card, suspect=replace(suspect, picture=found)))


def remarks(card: parts.Card) -> list[str]:
    """Return what a control room will miss on this card."""
    missing = {
        "No rule for calling back: the desk is told not to call.": card.call_back,
        "No description of him.": card.suspect,
        "No way in: the patrol stands before a closed door.": card.how_to_enter or card.key_holders,
    }
    return [remark for remark, there in missing.items() if not there]
