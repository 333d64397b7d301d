"""The opener of sealed bundles, where the reader's key lives: originals, untouched, and what proves them.

The result is a bag too. It holds no content key: for each part it holds the *opening* of the commitment that was
signed when the item was sealed, and that is enough to prove the original against its event. An item that does not open
is one row that says so; the others are opened all the same.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys, schema
from evidence.bundle.format import bag, layout, wraps
from evidence.bundle.format.openings import Closed, Incomplete, Opening, Openings, Part
from evidence.bundle.format.wraps import Given
from evidence.bundle.opening import derived, naming
from evidence.envelope import container, fields, opening
from evidence.envelope import meta as metas
from evidence.envelope.meta import Meta
from evidence.envelope.wraps import NotGivenError
from evidence.errors import EvidenceError
from evidence.statements import bodies
from evidence.statements import event as events

INCOMPLETE: Final = "ONVOLLEDIG"
"""Stands in the name of a file that was cut off: nobody should have to read a list to know."""

Progress = Callable[[int, int], None]


class TargetError(EvidenceError):
    """The folder for the opened bundle cannot be used."""


@dataclass(frozen=True)
class Unopened:
    """An item that did not open, or not whole: who added it, when it was received, and what failed in which words."""

    item: ids.ItemId
    received_at: ids.Time
    added_by: str
    part: Part
    why: str


@dataclass(frozen=True)
class Result:
    """What was opened (as it stands in the folder), and what was not."""

    items: tuple[Opening, ...]
    unopened: tuple[Unopened, ...]


@dataclass
class _Item:
    """One item on its way from the sealed bundle to the folder."""

    given: Given
    opening: Opening | None = None
    meta: Meta | None = None
    part: Part | None = None
    why: str = ""


def open_bundle(
    sealed: Path, reader: keys.Identity, target: Path, progress: Progress = lambda _done, _all: None
) -> Result:
    """Decrypt the sealed bundle at `sealed` into the new folder `target`; say what opened and what did not.

    Raises TargetError if `target` exists, BagError or FormatError if the bundle cannot be read, NotGivenError if
    nothing in it is for this reader. After an error of the disk what was opened is left beside `target`, named
    `*.partial`.
    """
    if target.exists():
        raise TargetError(f"{target} exists; choose a folder that does not")
    work = target.with_name(f"{target.name}.partial")
    with bag.open_bag(sealed) as source:
        told = list(wraps.events_of(source))
        given = wraps.items_of(told, reader.kid)
        _demand_a_key(source, reader, given)
        work.mkdir(mode=0o700, parents=True)
        result = _open_into(source, reader, told, given, work, progress)
    work.rename(target)
    return result


def _demand_a_key(source: bag.Bag, reader: keys.Identity, given: list[Given]) -> None:
    """Raise WrapError, before anything is written, when no item was given to this reader."""
    for one in given:
        try:
            prefix, _ = _prefix(source.stream(layout.container(one.body.item)))
            opening.content_key(prefix, reader, one.wrap)
        except NotGivenError:
            continue
        except EvidenceError:
            return
        return
    if given:
        raise NotGivenError("nothing in this bundle was given to this reader")


def _open_into(
    source: bag.Bag,
    reader: keys.Identity,
    told: list[events.Event],
    given: list[Given],
    work: Path,
    progress: Progress,
) -> Result:
    names = sorted(source.names())
    kept = [name for name in names if name.startswith((layout.EVENTS, "proof/")) or name == layout.SALTS]
    for name in (*kept, layout.HOWTO, layout.SCRIPT):
        _store(work, name, source.stream(name))
    _store(work, layout.SEALED_MANIFEST, source.stream(bag.MANIFEST))
    found: list[_Item] = []
    for number, one in enumerate(given, start=1):
        found.append(_open_item(source, reader, work, number, one))
        progress(number, len(given))
    opened = tuple(one.opening for one in found if one.opening is not None)
    closed = tuple(Closed(one.given.body.item, one.given.event.index, one.part) for one in found if one.part)
    openings = Openings(1, derived.MAKER, opened, closed or None)
    _store(work, layout.OPENINGS, iter([canonical.encode(schema.encode(openings))]))
    folder = bag.FolderBag(work)
    shown = [name for name in folder.names() if name.startswith((layout.DESCRIPTIONS, layout.ORIGINALS))]
    for name, pieces in derived.make(folder, told, openings, bag.digests(folder, shown)):
        _store(work, name, pieces)
    signers = wraps.signers_of(told)
    _close_bag(work)
    return Result(opened, tuple(_unopened(one, signers) for one in found if one.part))


def _open_item(source: bag.Bag, reader: keys.Identity, work: Path, number: int, given: Given) -> _Item:
    """Open one item as far as it opens. What fails is said in the result; only the disk's own errors are raised."""
    found = _Item(given)
    try:
        found.part = "container"
        pieces = source.stream(layout.container(given.body.item))
        prefix, rest = _prefix(pieces)
        _check_container(prefix, given)
        found.part = "key"
        key = opening.content_key(prefix, reader, given.wrap)
        found.part = "description"
        described = opening.open_description(prefix, key)
        found.meta = metas.read(described)
        stem = f"{number:04}-{given.body.item[:8]}"
        found.opening = _describe(source, work, stem, given, prefix, key, described)
        found.part = "content"
        found.opening = _open_content(work, stem, found.opening, found.meta, prefix, key, rest)
    except EvidenceError as error:
        found.part = "not-given" if isinstance(error, NotGivenError) else found.part
        found.why = str(error)
        return found
    found.part = None
    return found


def _check_container(prefix: container.Prefix, given: Given) -> None:
    statement, body = given.event.statement, given.body
    if isinstance(body, bodies.ItemSeal):
        container.check_against(prefix, statement.case, statement.by, body)
    else:
        container.check_begun(prefix, statement.case, statement.by, body)


def _describe(
    source: bag.Bag, work: Path, stem: str, given: Given, prefix: container.Prefix, key: bytes, described: object
) -> Opening:
    """Store the description, its fields, and the head of an item that is incomplete; return what proves them."""
    item = given.body.item
    description, opened = f"{layout.DESCRIPTIONS}{stem}.json", f"{layout.FIELDS}{stem}.tsv"
    _store(work, description, iter([canonical.encode(described)]))
    _store(work, opened, iter([fields.opening(key, described)]))
    result = Opening(item, given.event.index, description, opened)
    if isinstance(given.body, bodies.ItemOpen):
        head = f"{layout.HEADS}{item}.json"
        _store(work, head, iter([prefix.head_bytes]))
        incomplete = Incomplete(head, source.size(layout.container(item)), prefix.container_size)
        result = replace(result, incomplete=incomplete)
    return result


def _open_content(
    work: Path, stem: str, described: Opening, meta: Meta, prefix: container.Prefix, key: bytes, rest: Iterator[bytes]
) -> Opening:
    """Store the original; TamperedError, OpenError or FormatError when it is not what the description says."""
    file = metas.file_of(meta)
    if file is None and prefix.head.content is None:
        return described
    if file is None or prefix.head.content is None:
        raise container.TamperedError("the description and the content do not belong together")
    mark = "" if described.incomplete is None else f"{INCOMPLETE}-"
    open_it = opening.open_content if described.incomplete is None else opening.open_begun
    original = _store_original(work, file.name, f"{stem}-{mark}", open_it(prefix, key, meta, rest))
    salt = ids.Sha256(container.commitment_salt(key).hex())
    return replace(described, original=original, content_salt=salt)


def _store_original(work: Path, name: str, prefix: str, pieces: Iterator[bytes]) -> str:
    """Write an original under the best name that this disk takes, whole or not at all; return the name in the bag."""
    original = f"{layout.ORIGINALS}{naming.safe_name(name, prefix)}"
    try:
        _create(work / original)
    except OSError as error:
        if error.errno not in {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}:
            raise
        original = f"{layout.ORIGINALS}{naming.fallback(name, prefix)}"
    try:
        _store(work, original, pieces)
    except EvidenceError:
        (work / original).unlink()
        raise
    return original


def _unopened(one: _Item, signers: Mapping[ids.KeyId, str]) -> Unopened:
    event = one.given.event
    part = one.part or "container"
    return Unopened(one.given.body.item, event.received_at, _name(signers, event.statement.by), part, one.why)


def _name(signers: Mapping[ids.KeyId, str], kid: ids.KeyId) -> str:
    return signers.get(kid, f"sleutel/key {kid[:8]}")


def _prefix(pieces: Iterator[bytes]) -> tuple[container.Prefix, Iterator[bytes]]:
    """Read the container's beginning; return it and what follows."""
    start = b""
    while (size := container.prefix_size(start)) is None or len(start) < size:
        more = next(pieces, None)
        if more is None:
            raise container.IncompleteError("the item was cut off before its description ended")
        start += more

    def rest() -> Iterator[bytes]:
        yield start[size:]
        yield from pieces

    return container.parse_prefix(start), rest()


def _create(path: Path) -> None:
    """Make an empty file, so that a name that the disk refuses is known before anything is decrypted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.open("xb").close()


def _store(work: Path, name: str, pieces: Iterator[bytes]) -> None:
    path = work / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for data in pieces:
            file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _close_bag(work: Path) -> None:
    """Write declaration, manifests and info over what the folder holds now."""
    folder = bag.FolderBag(work)
    payload = bag.digests(folder, [name for name in folder.names() if name.startswith("data/")])
    octets = sum(folder.size(name) for name in payload)
    info = f"Bagging-Date: {datetime.now(UTC).date()}\nPayload-Oxum: {octets}.{len(payload)}\n"
    _store(work, bag.DECLARATION, iter([bag.DECLARATION_TEXT.encode()]))
    _store(work, bag.INFO, iter([info.encode()]))
    _store(work, bag.MANIFEST, iter([bag.manifest_text(payload)]))
    folder = bag.FolderBag(work)  # lists again, with what was just written
    tags = bag.digests(folder, [name for name in folder.names() if not name.startswith("data/")])
    _store(work, bag.TAG_MANIFEST, iter([bag.manifest_text(tags)]))
