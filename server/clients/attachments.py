"""Attachments: how a file that she adds describes itself, its kind, and for a photo when and where it was taken."""

import os
from pathlib import Path

from evidence import filetypes, ids
from evidence.envelope import pieces
from evidence.envelope.meta import Media
from server.clients.camera import reading


def name_of(file: Path) -> str:
    """Return the file's name as text. Bytes that are no UTF-8 (an old card may hold Latin-1) become U+FFFD."""
    return os.fsencode(file.name).decode("utf-8", "replace")


def type_of(file: Path) -> str:
    """Return the media type of the file at `file`, from its bytes (`evidence.filetypes`)."""
    with file.open("rb") as opened:

        def read_at(offset: int, size: int) -> bytes:
            opened.seek(offset)
            return opened.read(size)

        return filetypes.type_of(read_at, name_of(file))


def describe(
    file: Path,
    mime: str,
    title: str,
    text: str,
    about: ids.ItemId | None,
    conduct: tuple[str, ...] = (),
) -> Media:
    """Return the description of the file at `file`; name, size and hash are filled in when it is sealed.

    When it happened is for her to tell: the camera's clock stands apart, under `camera`.
    """
    return Media(
        kind=filetypes.kind_of(mime),
        source="victim",
        recorded=ids.now(),
        title=title,
        text=pieces.cut(text),
        conduct=conduct,
        about=about,
        camera=reading.read_file(file, mime),
    )
