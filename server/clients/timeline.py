"""Read a case as a reader's key can: fetch the timeline, check every signature, open what was given.

Nothing is believed because the server said it. Each event is checked from its own bytes, in the order of the journal
(`server.clients.authors`). An item's head must be signed by whoever signed its statement, and from the moment that its
case demands suite 2, nothing that is wrapped lower is opened.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence import canonical, ids, keys, schema
from evidence.envelope import container, opening, wraps
from evidence.envelope.meta import Meta
from evidence.errors import EvidenceError
from evidence.statements import event, types
from evidence.statements.statement import Statement
from server.clients.authors import Authors
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
class Begun:
    """An item that was announced and never sealed: so many bytes of its sealed container are at the server."""

    here: int
    whole: int


@dataclass(frozen=True)
class Moment:
    """One event of the timeline, as far as this reader may see it. Its signature was checked."""

    index: int
    received_at: ids.Time
    statement: Statement
    label: str
    opened: Opened | None = None
    begun: Begun | None = None
    """Set for an item that is incomplete; it is readable as far as it arrived."""

    @property
    def type(self) -> str:
        """The type of the statement."""
        return self.statement.type

    @property
    def item(self) -> ids.ItemId | None:
        """The item that was sealed, or announced and not sealed yet; None for other acts."""
        body = self.statement.body
        shown = isinstance(body, types.ItemSeal) or (isinstance(body, types.ItemOpen) and self.begun is not None)
        return body.item if shown else None  # type: ignore[union-attr] # both have an item

    @property
    def body(self) -> Mapping[str, Any]:
        """The statement's body as plain JSON."""
        plain: Mapping[str, Any] = schema.encode(self.statement.body)
        return plain


def read(signer: Signer, case: ids.CaseId, readers: Sequence[keys.Identity]) -> list[Moment]:
    """Return every event of the case in the order of the journal; `readers` are the keys that may open items.

    Raises:
        ClientError: refused, not reachable, or something is not what its author signed.
    """
    authors = Authors(signer.certificates(fresh=True))
    return [_moment(found, case, authors, readers) for found in _events(signer, case)]


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


def _moment(found: dict[str, Any], case: ids.CaseId, authors: Authors, readers: Sequence[keys.Identity]) -> Moment:
    """Check and open one event."""
    try:
        parsed = event.parse(canonical.unb64(found["event"]))
        statement = parsed.statement
        if statement.case != case:
            raise DistrustError(f"Event {parsed.index} belongs to another case.")
        authors.verify(statement)
        opened = begun = None
        body, item = statement.body, found.get("item")
        if isinstance(body, types.ItemSeal) or (isinstance(body, types.ItemOpen) and item is not None):
            prefix = container.parse_prefix(canonical.unb64(found["item"]["head"]))
            container.verify_head(prefix, authors.known[statement.by])
            if isinstance(body, types.ItemSeal):
                container.check_against(prefix, case, statement.by, body)
            else:
                container.check_begun(prefix, case, statement.by, body)
                begun = Begun(int(found["item"]["arrived"]), prefix.container_size)
            least = authors.least(statement.by)
            container.check_suite(prefix.head, least)
            opened = _open(prefix, found["item"]["wraps"], readers, least)
    except EvidenceError as error:
        raise DistrustError(f"Event {found['index']} is not what its author signed: {error}.") from error
    label = str((found.get("by") or {}).get("label", ""))
    return Moment(parsed.index, parsed.received_at, statement, label, opened, begun)


def _open(
    prefix: container.Prefix,
    given: Sequence[Mapping[str, Any]],
    readers: Sequence[keys.Identity],
    least: wraps.Suite,
) -> Opened | None:
    """Open an item with the first wrap that is for one of the readers; None when there is none."""
    by_name = {reader.box_kid: reader for reader in readers}
    for one in given:
        reader = by_name.get(one["to"])
        if reader is not None:
            wraps.check_suite(one.get("suite"), least)
            key = wraps.unwrap(one["wrap"], prefix.head.case, prefix.head.item, reader, one.get("suite"))
            return Opened(opening.open_meta(prefix, key), key)
    return None
