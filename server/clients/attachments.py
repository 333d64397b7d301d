"""How a file that she adds describes itself: what kind it is, and for a photo when and where it was taken."""

from pathlib import Path

from evidence import ids
from evidence.envelope.meta import Kind, Meta
from server.clients import exif

KINDS: dict[str, Kind] = {"image": "photo", "audio": "sound", "video": "video"}
"""Main type of a MIME type → kind of item; everything else is a file."""


def describe(
    file: Path,
    mime: str,
    title: str,
    text: str,
    about: ids.ItemId | None,
    conduct: tuple[str, ...] | None = None,
) -> Meta:
    """Return the description of the file at `file`; name, size and hash are filled in when it is sealed."""
    kind: Kind = KINDS.get(mime.partition("/")[0], "file")
    facts = exif.read(file) if kind == "photo" else exif.PhotoFacts()
    return Meta(
        v=1,
        kind=kind,
        source="victim",
        recorded=ids.now(),
        title=title,
        text=text,
        happened=facts.taken,
        conduct=conduct,
        position=facts.position,
        about=about,
    )
