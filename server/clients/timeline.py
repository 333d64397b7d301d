"""The timeline as a reader's key sees it: fetched, every signature checked, opened as far as it was given.

Nothing is believed because the server said it. Each event is checked from its own bytes, in the order of the journal
(`server.clients.authors`). An item's head must be signed by whoever signed its statement. What is in an item only its
author decides, so an item that does not open is one row that says who added it; the rest of the case goes on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from evidence import ids, keys, schema
from evidence.envelope import container, opening, pages, wraps
from evidence.envelope.container import Wrap
from evidence.envelope.meta import Meta
from evidence.envelope.pages import Page, Row, Served
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, event
from evidence.statements.statement import Statement
from server.clients.authors import Authors
from server.clients.errors import DistrustError
from server.clients.signing import Signer

PAGE: Final = 1000
"""Events asked for at once: a page with what is sealed in their items stays around four megabytes."""


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
class Closed:
    """Why an event cannot be read, or an item that was given to this reader does not open: one row, no more.

    It accuses nobody. A fault in the software of a phone and somebody with a copy of its key look the same from here.
    """

    part: Literal["event", "served", "key", "description"]
    """What failed: the event, what the server gave of the item, the key that was wrapped for this reader, or the
    description under it."""

    why: str

    def __str__(self) -> str:
        """Return it for people, in one line."""
        return f"{_SAID[self.part]} ({self.why})"


_SAID: Final = {
    "event": "the event is not in a form that is known here",
    "served": "what the server gave is not what was sealed",
    "key": "the key in it does not open it",
    "description": "its description is not one that can be read",
}


@dataclass(frozen=True)
class Moment:
    """One event of the timeline, as far as this reader may see it. Its signature was checked, if it could be read."""

    index: int
    received_at: ids.Time
    statement: Statement | None
    label: str
    """Whose key signed it, as far as a checked certificate or enrolment says."""

    opened: Opened | None = None
    begun: Begun | None = None
    """Set for an item that is incomplete; it is readable as far as it arrived."""

    sealed_to: frozenset[ids.KeyId] = frozenset()
    """Of an item: the names of the X-Wing keys that its author sealed it to; a grant may add readers."""

    closed: Closed | None = None
    """Set for an item that was given to this reader and does not open, and for an event that cannot be read."""

    @property
    def type(self) -> str:
        """The type of the statement; `unreadable` for one that cannot be read."""
        return "unreadable" if self.statement is None else self.statement.type

    @property
    def act(self) -> bodies.Body | None:
        """What was done; None for an event that cannot be read."""
        return None if self.statement is None else self.statement.body

    @property
    def item(self) -> ids.ItemId | None:
        """The item that was sealed, or announced and not sealed yet; None for other acts."""
        match self.act:
            case bodies.ItemSeal(item=item):
                return item
            case bodies.ItemOpen(item=item) if self.begun is not None:
                return item
            case _:
                return None

    @property
    def body(self) -> Mapping[str, Any]:
        """The statement's body as plain JSON."""
        plain: Mapping[str, Any] = schema.encode(self.act) or {}
        return plain


def read(signer: Signer, case: ids.CaseId, readers: Sequence[keys.OpeningKey]) -> list[Moment]:
    """Return every event of the case in the order of the journal; `readers` are the keys that may open items.

    An item that does not open is an event like any other, with `closed` saying why.

    Raises:
        ClientError: refused, not reachable, or an event that nobody of the case or organisation signed.
    """
    authors = Authors(signer.authors())
    return [_moment(found, case, authors, readers) for found in _rows(signer, case)]


def closed(moments: Iterable[Moment]) -> list[Moment]:
    """Return the items that were given to the reader and do not open, and the events that cannot be read."""
    return [one for one in moments if one.closed is not None]


def fetch(signer: Signer, case: ids.CaseId, since: int = -1, limit: int = PAGE) -> Page:
    """Return one page of the case's events behind the index `since`; nothing in it is checked yet.

    Raises:
        ClientError: refused, not reachable, or an answer that is no page.
    """
    found = signer.api.get_bytes(f"/api/v1/cases/{case}/timeline", since=since, limit=limit)
    try:
        return pages.read(found)
    except FormatError as error:
        raise DistrustError(f"The server's answer cannot be read: {error}. Nothing was believed.") from error


def _rows(signer: Signer, case: ids.CaseId) -> Iterator[Row]:
    """Yield the rows of a case, page after page."""
    since: int | None = -1
    while since is not None:
        page = fetch(signer, case, since)
        yield from page.rows
        following = page.facts.get("next")
        if following is not None and (not isinstance(following, int) or following <= since):
            raise DistrustError("The server's pages do not go on. Nothing was believed.")
        since = following


def _moment(row: Row, case: ids.CaseId, authors: Authors, readers: Sequence[keys.OpeningKey]) -> Moment:
    """Check one event, and open its item if it has one."""
    try:
        parsed = event.parse(row.event)
    except EvidenceError as error:
        return Moment(row.index, row.received_at, None, "unknown", closed=Closed("event", str(error)))
    statement = parsed.statement
    if statement.case != case:
        raise DistrustError(f"Event {parsed.index} belongs to another case.")
    try:
        authors.verify(parsed)
    except EvidenceError as error:
        raise DistrustError(f"Event {row.index} is signed by nobody that is known here: {error}.") from error
    moment = Moment(parsed.index, parsed.received_at, statement, authors.name(statement.by))
    announced = isinstance(statement.body, bodies.ItemOpen)
    about_an_item = announced or isinstance(statement.body, bodies.ItemSeal)
    if not about_an_item or (row.item is None and row.trouble is None):
        return moment  # of one that is not given to this reader, or of one that was sealed later
    try:
        prefix, begun = _served(row.item, statement, authors)
    except EvidenceError as error:
        return replace(moment, begun=Begun(0, 0) if announced else None, closed=Closed("served", str(error)))
    moment = replace(moment, begun=begun, sealed_to=frozenset(wrap.to for wrap in prefix.head.wraps))
    beside = () if row.item is None else row.item.wraps
    opened = _open(prefix, (*prefix.head.wraps, *beside), readers)
    if isinstance(opened, Closed):
        return replace(moment, closed=opened)
    return replace(moment, opened=opened)


def _served(item: Served | None, statement: Statement, authors: Authors) -> tuple[container.Prefix, Begun | None]:
    """Return the beginning of a container, when it is the one that the statement is about, and how much of it is here.

    EvidenceError when it is not.
    """
    body, begun = statement.body, None
    if item is None:
        raise FormatError("nothing of it is here")
    prefix = container.parse_prefix(container.frame(item.head) + item.meta)
    container.verify_head(prefix, authors.known[statement.by])
    if isinstance(body, bodies.ItemSeal):
        container.check_against(prefix, statement.case, statement.by, body)
    elif isinstance(body, bodies.ItemOpen):
        container.check_begun(prefix, statement.case, statement.by, body)
        if item.arrived is None:
            raise FormatError("how much of it arrived is not said")
        begun = Begun(item.arrived, prefix.container_size)
    return prefix, begun


def _open(
    prefix: container.Prefix, given: Iterable[Wrap], readers: Sequence[keys.OpeningKey]
) -> Opened | Closed | None:
    """Open an item with the first wrap that is for one of the readers and fits; None when there is none for them."""
    by_name = {reader.opening_kid: reader for reader in readers}
    failed: Closed | None = None
    for wrap in given:
        reader = by_name.get(wrap.to)
        if reader is None:
            continue
        try:
            key = wraps.unwrap(wrap.wrap, prefix.head.case, prefix.head.item, reader)
        except EvidenceError as error:
            failed = failed or Closed("key", str(error))
            continue
        try:
            return Opened(opening.open_meta(prefix, key), key)
        except EvidenceError as error:
            failed = Closed("description", str(error))
    return failed
