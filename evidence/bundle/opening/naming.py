"""File names of originals: what is recognisable of the name that her phone gave, and nothing that a disk acts on.

The limit of most file systems is 255 *bytes* (NAME_MAX), and one Chinese character has three: a name is cut on the
borders of characters until it fits.
"""

import unicodedata
from typing import Final

MAX_BYTES: Final = 255
"""NAME_MAX of ext4, xfs, btrfs, APFS and NTFS (the last two count more generously)."""

MAX_CHARACTERS: Final = 80
"""Long enough to recognise a file; a whole path has to fit into what Windows takes."""

MAX_EXTENSION_CHARACTERS: Final = 10
NAMELESS: Final = "bestand"
_KEPT: Final = frozenset("LMN")
"""Letters, marks (Hindi and Arabic need them) and numbers of every script (Unicode general categories)."""


def safe_name(name: str, prefix: str = "") -> str:
    """Return `prefix` and a name that every file system takes, at most `MAX_BYTES` of UTF-8, in NFC."""
    stem, dot, extension = unicodedata.normalize("NFC", name).rpartition(".")
    extension = _cleaned(extension)
    if not dot or not extension or len(extension) > MAX_EXTENSION_CHARACTERS:
        stem, extension = unicodedata.normalize("NFC", name), ""
    end = f".{extension}" if extension else ""
    room = MAX_BYTES - len(prefix.encode()) - len(end.encode())
    stem = _cut(_cleaned(stem)[:MAX_CHARACTERS], room).strip(". ")
    return f"{prefix}{stem or NAMELESS}{end}"


def fallback(name: str, prefix: str = "") -> str:
    """Return a name in ASCII for a disk that refuses the other one, with the extension if it is ASCII."""
    extension = safe_name(name).rpartition(".")[2]
    plain = extension if extension.isascii() and extension.isalnum() and "." in name else "bin"
    return f"{prefix}{NAMELESS}.{plain}"


def _cleaned(text: str) -> str:
    kept = (one if unicodedata.category(one)[0] in _KEPT or one in "_-. " else "_" for one in text)
    return "".join(kept).strip(". ")


def _cut(text: str, size: int) -> str:
    """Return the longest beginning of at most `size` bytes; no character is cut in two."""
    return text.encode()[:size].decode(errors="ignore")
