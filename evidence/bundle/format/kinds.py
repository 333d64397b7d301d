"""Descriptions in words, for people, tables and counting: the kind of an item, and all that its description says."""

from collections.abc import Iterator
from typing import Any, Final

from evidence import ids, schema
from evidence.envelope.meta import KINDS, Alarm, Meta

POSITION: Final = "position"
"""Where a device was while its alarm was open: sealed with kind `alarm`, and `position` as the kind of message
(`docs/formats/device.md`). Counted as an alarm it would make hundreds of one press."""


def _members(kind: type) -> Iterator[str]:
    """Yield the dotted path of each member that is for people; the version and signed bytes are not."""
    yield from (path for path, hint in schema.leaves(kind).items() if path != "v" and hint is not ids.Base64)


MEMBERS: Final = tuple(dict.fromkeys(path for kind in KINDS.values() for path in _members(kind)))
"""Those of all kinds, the ones that every kind has first."""


def kind_of(meta: Meta) -> str:
    """Return the kind of an item for people and for counting: its own, or `position`."""
    return POSITION if isinstance(meta, Alarm) and meta.alarm.kind == POSITION else meta.kind


def words_of(meta: Meta) -> dict[str, str]:
    """Return what a description says, in words, by the dotted path of each member that says something."""
    said = {path: _words(schema.encode(schema.leaf(meta, path))) for path in _members(type(meta))}
    return {path: words for path, words in {**said, "text": meta.words, "kind": kind_of(meta)}.items() if words}


def _words(value: Any) -> str:  # noqa: ANN401 - plain JSON
    """Return a value as words: what is in a list after one another, and what a record says in its order."""
    if isinstance(value, list):
        return "; ".join(map(_words, value))
    if isinstance(value, dict):
        return " ".join(map(_words, value.values()))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
