"""Read a case as a reader's key can: fetch the timeline, check who sealed each item, open what was given.

Nothing is believed because the server said it: authorship is checked by signature, against keys that the pinned
root certified and against the phones that enrolled in this case.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence import canonical, ids, keys
from evidence.envelope import container, opening, wraps
from evidence.envelope.meta import Meta
from evidence.errors import EvidenceError
from server.clients.errors import DistrustError
from server.clients.signing import Signer

PAGE = 500
"""Events asked for at once: a page of heads of about 2 kB each stays around a megabyte."""


@dataclass(frozen=True)
class Opened:
    """An item that this reader could open: its description and the key to its content."""

    meta: Meta
    content_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Moment:
    """One event of the timeline, as far as this reader may see it."""

    index: int
    received_at: ids.Time
    type: str
    by: Mapping[str, Any]
    item: ids.ItemId | None
    prefix: container.Prefix | None
    opened: Opened | None
    body: Mapping[str, Any]
    alarm: Mapping[str, Any]


def read(signer: Signer, case: ids.CaseId, readers: Sequence[keys.Identity]) -> list[Moment]:
    """Return every event of the case in the order of the journal; `readers` are the keys that may open items.

    Raises:
        ClientError: refused, not reachable, or an item is not what its author signed.
    """
    moments: list[Moment] = []
    authors = {kid: one.sign for kid, one in signer.certificates().items()}
    for event in _events(signer, case):
        body = event.get("body") or {}
        if event["type"] in ("device.enrol", "alarm_device.enrol"):
            public = bytes.fromhex(ids.hex_text(body.get("sign"), 32))
            authors[keys.signing_kid(public)] = public
        moments.append(_moment(event, case, authors, readers))
    return moments


def _events(signer: Signer, case: ids.CaseId) -> Iterator[dict[str, Any]]:
    """Yield the raw events, page after page."""
    after: int | None = None
    while True:
        query = {"limit": PAGE} if after is None else {"limit": PAGE, "after": after}
        page = signer.api.get(f"/api/v1/cases/{case}/timeline", **query)
        yield from page["events"]
        after = page["next"]
        if after is None:
            return


def _moment(
    event: dict[str, Any],
    case: ids.CaseId,
    authors: Mapping[ids.KeyId, bytes],
    readers: Sequence[keys.Identity],
) -> Moment:
    """Check and open one event."""
    found = event.get("item")
    prefix = opened = None
    if found:
        try:
            prefix = container.parse_prefix(canonical.unb64(found["head"]))
            author = authors.get(prefix.head.by)
            if author is None or (prefix.head.case, prefix.head.item) != (case, found["item"]):
                raise DistrustError(f"Item {found['item']} is by a key that nobody vouches for.")
            container.verify_head(prefix, author)
            opened = _open(prefix, found["wraps"], readers)
        except EvidenceError as error:
            raise DistrustError(f"Item {found['item']} is not what was sealed: {error}.") from error
    return Moment(
        event["index"],
        event["received_at"],
        event["type"],
        event.get("by") or {},
        found["item"] if found else None,
        prefix,
        opened,
        event.get("body") or {},
        event.get("alarm") or {},
    )


def _open(
    prefix: container.Prefix, given: Sequence[Mapping[str, Any]], readers: Sequence[keys.Identity]
) -> Opened | None:
    """Open an item with the first wrap that is for one of the readers; None when there is none."""
    by_name = {reader.box_kid: reader for reader in readers}
    for one in given:
        reader = by_name.get(one["to"])
        if reader is not None:
            key = wraps.unwrap(one["wrap"], prefix.head.case, prefix.head.item, reader)
            return Opened(opening.open_meta(prefix, key), key)
    return None
