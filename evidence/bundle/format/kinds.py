"""Descriptions in words, for people, tables and counting: the kind of an item, and all that its description says."""

from collections.abc import Iterator
from typing import Final

from evidence import ids, schema
from evidence.envelope import words
from evidence.envelope.meta import KINDS, Alarm, Meta

POSITION: Final = "position"
"""Where a device was while its alarm was open: sealed with kind `alarm`, and `position` as the kind of message
(`docs/formats/device.md`). Counted as an alarm it would make hundreds of one press."""


def _members(kind: type) -> Iterator[str]:
    """Yield the dotted path of each member that is for people; the version and signed bytes are not."""
    yield from (path for path, hint in schema.leaves(kind).items() if path != "v" and hint is not ids.Base64)


_OF_KIND: Final = {kind: tuple(_members(kind)) for kind in KINDS.values()}
MEMBERS: Final = tuple(
    dict.fromkeys(("happened", "kind", "title", "text", *(path for members in _OF_KIND.values() for path in members)))
)
"""Those of all kinds: first what whoever reads looks for, then the others that every kind has."""


def kind_of(meta: Meta) -> str:
    """Return the kind of an item for people and for counting: its own, or `position`."""
    return POSITION if isinstance(meta, Alarm) and meta.alarm.kind == POSITION else meta.kind


def words_of(meta: Meta) -> dict[str, str]:
    """Return what a description says, in words, by the dotted path of each member that says something."""
    told: dict[str, str] = {}
    for path in _OF_KIND[type(meta)]:
        value = schema.leaf(meta, path)
        if value is not None:  # most members are: every one that a kind can have is named
            told[path] = words.said(path, schema.encode(value))
    told |= {"kind": words.said("kind", kind_of(meta)), "text": meta.words}
    return {path: one for path, one in told.items() if one}
