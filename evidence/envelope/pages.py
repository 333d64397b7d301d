"""Pages of a timeline as they travel: rows as compressed text, and beside it, as bytes, what was sealed.

What is sealed does not get smaller: compressing it would cost the server eight times what the rest of a row costs. So
descriptions and wraps stand behind the text, in the order in which the rows name them, and never as base64. An envelope
travels with its payload as JSON; the exact bytes of events and heads come out again, because they are canonical
(`docs/formats/timeline.md`).
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from evidence import canonical, ids, schema
from evidence.envelope.container import Wrap
from evidence.errors import FormatError

MAGIC: Final = b"getuige-timeline-2\n"
MEDIA_TYPE: Final = "application/vnd.getuige.timeline.v2"
LENGTH_BYTES: Final = 4

MAX_TEXT_BYTES: Final = 256 * 1024 * 1024
"""Of the rows of one page when they are unpacked: hundreds of the largest grants, and no more."""

LEVEL: Final = 1
"""Of gzip: 19 µs a row here, and 8 % more than the best would give for twice the time."""

_EVENT: Final = b'{"dsse":{"payload":"'
_HEAD: Final = b'{"payload":"'
_WRAP: Final = re.compile(rb'"wrap":"([A-Za-z0-9+/]+={0,2})"')
"""Only a member of that name looks like this: inside a text its quotes would stand behind a backslash."""


@dataclass(frozen=True)
class Served:
    """What is handed out of an item: the exact bytes of its head, its sealed description, and wraps beside the head's.

    `arrived` says how many bytes are here of one that was announced and never sealed.
    """

    head: bytes
    meta: bytes
    wraps: tuple[Wrap, ...] = ()
    arrived: int | None = None


@dataclass(frozen=True)
class Row:
    """One event of a page, in its exact bytes. `item` is absent where the reader is not given it."""

    index: int
    received_at: ids.Time
    event: bytes
    salt: bytes
    item: Served | None = None
    trouble: Literal["event", "item"] | None = None
    """Why this row is not whole: the event cannot be read, or what is here of its item cannot."""


@dataclass(frozen=True)
class Page:
    """What a page says of the case, and its rows in the order of the journal."""

    facts: Mapping[str, Any]
    rows: tuple[Row, ...]


def write(facts: bytes, rows: Iterable[Row]) -> bytes:
    """Return a page; `facts` are one line of JSON. FormatError when bytes that should be canonical are not."""
    sealed: list[bytes] = []
    lines = [facts, *(_line(row, sealed) for row in rows)]
    if any(b"\n" in line for line in lines):
        raise FormatError("a row of a page stands on one line")
    text = gzip.compress(b"\n".join(lines), LEVEL, mtime=0)
    return b"".join((MAGIC, len(text).to_bytes(LENGTH_BYTES), text, *sealed))


def read(data: bytes) -> Page:
    """Return what `write` was given; FormatError for any other form, and for a page that was cut off."""
    start = len(MAGIC) + LENGTH_BYTES
    if not data.startswith(MAGIC) or len(data) < start:
        raise FormatError("this is not a page of a timeline")
    end = start + int.from_bytes(data[len(MAGIC) : start])
    facts, *lines = _unpacked(data[start:end]).split(b"\n")
    sealed = _Sealed(data, end)
    rows = tuple(_row(canonical.decode(line, MAX_TEXT_BYTES), sealed) for line in lines)
    sealed.finish()
    found = canonical.decode(facts, MAX_TEXT_BYTES)
    if not isinstance(found, dict):
        raise FormatError("a page says nothing of its case")
    return Page(found, rows)


def _line(row: Row, sealed: list[bytes]) -> bytes:
    """Return a row as text; what is sealed in it goes to `sealed`."""
    if row.trouble == "event":
        raw = {"index": row.index, "received_at": row.received_at, "raw": canonical.b64(row.event)}
        return canonical.encode({**raw, "salt": row.salt.hex(), "trouble": "event"})
    parts = [b'{"event":', _opened(row.event, _EVENT, sealed)]
    if row.item is not None:
        parts += [b',"item":', _item(row.item, sealed)]
    parts += [b',"salt":"', row.salt.hex().encode(), b'"']
    if row.trouble is not None:
        parts += [b',"trouble":"item"']
    return b"".join((*parts, b"}"))


def _item(item: Served, sealed: list[bytes]) -> bytes:
    head = _opened(item.head, _HEAD, sealed)
    sealed.append(item.meta)
    arrived = b"" if item.arrived is None else b'"arrived":%d,' % item.arrived
    wraps = b""
    if item.wraps:
        wraps = b',"wraps":' + _outside(canonical.encode([schema.encode(one) for one in item.wraps]), sealed)
    return b'{%b"head":%b,"meta":%d%b}' % (arrived, head, len(item.meta), wraps)


def _opened(stored: bytes, beginning: bytes, sealed: list[bytes]) -> bytes:
    """Return a canonical envelope, or an event around one, with its payload as JSON and its wraps as sizes."""
    end = stored.find(b'"', len(beginning))
    if not stored.startswith(beginning) or end < 0:
        raise FormatError("these bytes are no envelope of ours")
    payload = canonical.unb64(stored[len(beginning) : end].decode("ascii", "replace"))
    return beginning[:-1] + _outside(payload, sealed) + stored[end + 1 :]


def _outside(text: bytes, sealed: list[bytes]) -> bytes:
    """Put each wrap of a text behind the page's text, and its size in its place."""

    def size(found: re.Match[bytes]) -> bytes:
        wrap = canonical.unb64(found[1].decode())
        sealed.append(wrap)
        return b'"wrap":%d' % len(wrap)

    return _WRAP.sub(size, text)


def _unpacked(data: bytes) -> bytes:
    try:
        unpacking = zlib.decompressobj(wbits=31)
        text = unpacking.decompress(data, MAX_TEXT_BYTES)
    except zlib.error as error:
        raise FormatError("the rows of this page are not compressed as they should be") from error
    if not unpacking.eof or unpacking.unused_data:
        raise FormatError("the rows of this page are cut off, or too many")
    return text


class _Sealed:
    """The bytes behind the text of a page, taken in the order in which the rows name them."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, size: object) -> bytes:
        """Return the next `size` bytes; FormatError when they are not there."""
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(self._data) - self._at:
            raise FormatError("the page is cut off")
        self._at += size
        return self._data[self._at - size : self._at]

    def finish(self) -> None:
        """FormatError when bytes are left that no row names."""
        if self._at != len(self._data):
            raise FormatError("the page holds bytes that no row names")


def _row(line: object, sealed: _Sealed) -> Row:
    """Return the row of one line, its events and heads in their exact bytes again."""
    if not isinstance(line, dict):
        raise FormatError("a row of a page is an object")
    trouble = line.get("trouble")
    if trouble not in {None, "event", "item"} or not isinstance(line.get("salt"), str):
        raise FormatError("a row of a page has a salt, and says what is wrong with it")
    salt = ids.hex_text(line["salt"], 32)
    if trouble == "event":
        return _unreadable(line, bytes.fromhex(salt))
    event = line.get("event")
    if not isinstance(event, dict):
        raise FormatError("a row of a page has an event")
    exact = canonical.encode({**event, "dsse": _closed(event.get("dsse"), sealed)})
    item = None if line.get("item") is None else _served(line["item"], sealed)
    index, received_at = event.get("index"), event.get("received_at")
    if not isinstance(index, int) or not isinstance(received_at, str):
        raise FormatError("an event has an index and a time")
    return Row(index, ids.Time(received_at), exact, bytes.fromhex(salt), item, trouble)


def _unreadable(line: Mapping[str, Any], salt: bytes) -> Row:
    index, received_at = line.get("index"), line.get("received_at")
    if not isinstance(index, int) or not isinstance(received_at, str):
        raise FormatError("an event has an index and a time")
    return Row(index, ids.Time(received_at), canonical.unb64(line.get("raw")), salt, trouble="event")


def _served(item: object, sealed: _Sealed) -> Served:
    if not isinstance(item, dict):
        raise FormatError("an item of a page is an object")
    head = canonical.encode(_closed(item.get("head"), sealed))
    meta = sealed.take(item.get("meta"))
    arrived = item.get("arrived")
    if arrived is not None and not isinstance(arrived, int):
        raise FormatError("how much of an item arrived is a number")
    wraps = _wrapped(item.get("wraps", []), sealed)
    if not isinstance(wraps, list):
        raise FormatError("the wraps of an item are a list")
    return Served(head, meta, tuple(schema.decode(Wrap, one) for one in wraps), arrived)


def _closed(envelope: object, sealed: _Sealed) -> dict[str, Any]:
    """Return an envelope with its payload as base64 again."""
    if not isinstance(envelope, dict):
        raise FormatError("an envelope is an object")
    payload = canonical.encode(_wrapped(envelope.get("payload"), sealed))
    return {**envelope, "payload": canonical.b64(payload)}


def _wrapped(value: Any, sealed: _Sealed) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with the wraps that stand behind the text in their places, in the order of the text."""
    if isinstance(value, dict):
        return {name: _member(name, member, sealed) for name, member in value.items()}
    if isinstance(value, list):
        return [_wrapped(member, sealed) for member in value]
    return value


def _member(name: str, value: Any, sealed: _Sealed) -> Any:  # noqa: ANN401 - JSON
    if name == "wrap" and isinstance(value, int) and not isinstance(value, bool):
        return canonical.b64(sealed.take(value))
    return _wrapped(value, sealed)
