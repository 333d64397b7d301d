"""Attachments: how a file that she adds describes itself, its kind, and for a photo when and where it was taken."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

from evidence import filetypes, ids, schema
from evidence.envelope import meta as metas
from evidence.envelope import parts
from evidence.envelope.meta import Media, Source
from server.clients import forms
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


SOURCES: Final[Mapping[str, tuple[Source, ...]]] = {
    "victim": ("victim", "camera", "witness"),
    "caseworker": ("caseworker", "victim", "camera", "witness", "police"),
}
"""Whose record a file can be, by who adds it (that one first): her phone says of nothing that it is of the police."""


def told_of(
    file: Path, mime: str, said: Mapping[str, Any], source: Source = "victim", form: Mapping[str, Any] | None = None
) -> Media:
    """Return the description of a file, from what was said of each member; its name stands for a title that is missing.

    Name, size and hash are filled in when it is sealed. When it happened is for her to tell: the camera's clock stands
    apart, under `camera`.

    Raises:
        ClientError: something cannot be, in words that name it.
    """
    unmeasured = schema.encode(parts.File(name_of(file), mime, 0, ids.Sha256("00" * 32)))
    titled = {"title": name_of(file), **(form or {}), "file": unmeasured}
    described = forms.describe(filetypes.kind_of(mime), source, said, titled)
    return replace(cast("Media", described), file=metas.TO_MEASURE, camera=reading.read_file(file, mime))


def describe(
    file: Path, mime: str, title: str, text: str, about: ids.ItemId | None, conduct: tuple[str, ...] = ()
) -> Media:
    """Return the description of a file that she adds, with no more than these words."""
    return told_of(file, mime, {"title": title or None, "text": text, "about": about, "conduct": conduct})
