"""The opener of sealed bundles, where the reader's key lives: originals, untouched, and what proves them.

The result is a bag too. It holds no content key: for each part it holds the *opening* of the commitment that was
signed when the item was sealed, and that is enough to prove the original against its event. An item that does not open
is one row that says so; the others are opened all the same. What was cut off is gone on with
(`evidence.bundle.opening.growing`).
"""

import contextlib
import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys, schema
from evidence.bundle.format import bag, layout, wraps
from evidence.bundle.format.openings import Closed, Incomplete, Opening, Openings, Part
from evidence.bundle.format.wraps import Given
from evidence.bundle.opening import derived, naming
from evidence.bundle.opening.growing import Beginning, Growing, Note, TargetError, growing
from evidence.envelope import container, opening
from evidence.envelope import meta as metas
from evidence.envelope.meta import Meta
from evidence.envelope.wraps import NotGivenError
from evidence.errors import EvidenceError
from evidence.statements import bodies
from evidence.statements import event as events

INCOMPLETE: Final = "ONVOLLEDIG"
"""Stands in the name of a file that was cut off: nobody should have to read a list to know."""

Progress = Callable[[int, int], None]
"""Called with items done and items in all."""


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

    opening: Opening | None = None
    part: Part | None = None
    why: str = ""


def open_bundle(
    sealed: Path, reader: keys.Identity, target: Path, progress: Progress = lambda _done, _all: None
) -> Result:
    """Decrypt the sealed bundle at `sealed` into the new folder `target`; say what opened and what did not.

    After an error of the disk, or a kill, what was opened is left in `*.partial` beside `target`; the same call again
    goes on from there, and the result is the same. Raises TargetError if `target` exists or something else was begun
    beside it, BagError or FormatError if the bundle cannot be read, NotGivenError if nothing in it is for this reader.
    """
    if target.exists():
        raise TargetError(f"{target} exists; choose a folder that does not")
    with bag.open_bag(sealed) as source:
        told = list(wraps.events_of(source))
        given = wraps.items_of(told, reader.kid)
        _demand_a_key(source, reader, given)
        beginning = Beginning(1, derived.MAKER, ids.Sha256(source.digest(bag.MANIFEST)), reader.kid)
        with growing(target, beginning) as folder:
            return _open_into(source, reader, told, given, folder, progress)


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
    told: Sequence[events.Event],
    given: Sequence[Given],
    folder: Growing,
    progress: Progress,
) -> Result:
    kept = (name for name in source.names() if name.startswith((layout.EVENTS, "proof/")) or name == layout.SALTS)
    for name in (*sorted(kept), layout.HOWTO, layout.SCRIPT):
        folder.store(name, source.stream(name))
        folder.rest()
    folder.store(layout.SEALED_MANIFEST, source.stream(bag.MANIFEST))
    found: list[tuple[Given, Note]] = []
    for number, one in enumerate(given, start=1):
        note = folder.kept.get(one.body.item)
        if note is None:
            item = _open_item(source, reader, folder, number, one)
            note = folder.note(one.body.item, item.opening, item.part, item.why)
        found.append((one, note))
        progress(number, len(given))
    opened = tuple(note.opening for _, note in found if note.opening is not None)
    closed = tuple(Closed(note.item, one.event.index, note.part) for one, note in found if note.part is not None)
    openings = Openings(1, derived.MAKER, opened, closed or None)
    folder.store(layout.OPENINGS, iter([canonical.encode(schema.encode(openings))]))
    for name, pieces in derived.make(bag.FolderBag(folder.root), told, openings, folder.digests):
        folder.store(name, pieces)
    _close_bag(folder)
    signers = wraps.signers_of(told)
    return Result(opened, tuple(_unopened(one, note, signers) for one, note in found if note.part is not None))


def _open_item(source: bag.Bag, reader: keys.Identity, folder: Growing, number: int, given: Given) -> _Item:
    """Open one item as far as it opens. What fails is said in the result; only the disk's own errors are raised."""
    found = _Item()
    try:
        found.part = "container"
        pieces = source.stream(layout.container(given.body.item))
        prefix, rest = _prefix(pieces)
        _check_container(prefix, given)
        found.part = "key"
        key = opening.content_key(prefix, reader, given.wrap)
        found.part = "description"
        described = opening.open_fields(prefix, key)
        meta = metas.read(described.members)
        stem = f"{number:04}-{given.body.item[:8]}"
        found.opening = _describe(source, folder, stem, given, prefix, described)
        found.part = "content"
        found.opening = _open_content(folder, stem, found.opening, meta, prefix, key, rest)
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
    source: bag.Bag,
    folder: Growing,
    stem: str,
    given: Given,
    prefix: container.Prefix,
    described: opening.Described,
) -> Opening:
    """Store the description, its fields, and the head of an item that is incomplete; return what proves them."""
    item = given.body.item
    description, opened = f"{layout.DESCRIPTIONS}{stem}.json", f"{layout.FIELDS}{stem}.tsv"
    folder.store(description, iter([described.text]))
    folder.store(opened, iter([described.salted.opening()]))
    result = Opening(item, given.event.index, description, opened)
    if isinstance(given.body, bodies.ItemOpen):
        head = f"{layout.HEADS}{item}.json"
        folder.store(head, iter([prefix.head_bytes]))
        incomplete = Incomplete(head, source.size(layout.container(item)), prefix.container_size)
        result = replace(result, incomplete=incomplete)
    return result


def _open_content(
    folder: Growing,
    stem: str,
    described: Opening,
    meta: Meta,
    prefix: container.Prefix,
    key: bytes,
    rest: Iterator[bytes],
) -> Opening:
    """Store the original; TamperedError, OpenError or FormatError when it is not what the description says."""
    file = metas.file_of(meta)
    if file is None and prefix.head.content is None:
        return described
    if file is None or prefix.head.content is None:
        raise container.TamperedError("the description and the content do not belong together")
    mark = "" if described.incomplete is None else f"{INCOMPLETE}-"
    open_it = opening.open_content if described.incomplete is None else opening.open_begun
    original = _store_original(folder, file.name, f"{stem}-{mark}", open_it(prefix, key, meta, rest))
    salt = ids.Sha256(container.commitment_salt(key).hex())
    return replace(described, original=original, content_salt=salt)


def _store_original(folder: Growing, name: str, prefix: str, pieces: Iterator[bytes]) -> str:
    """Write an original under the best name that this disk takes, whole or not at all; return the name in the bag."""
    original = f"{layout.ORIGINALS}{naming.safe_name(name, prefix)}"
    try:
        folder.create(original)
    except OSError as error:
        if error.errno not in {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}:
            raise
        original = f"{layout.ORIGINALS}{naming.fallback(name, prefix)}"
    folder.store(original, pieces)
    return original


def _unopened(one: Given, note: Note, signers: Mapping[ids.KeyId, str]) -> Unopened:
    event, part = one.event, note.part or "container"
    return Unopened(note.item, event.received_at, _name(signers, event.statement.by), part, note.why)


def _name(signers: Mapping[ids.KeyId, str], kid: ids.KeyId) -> str:
    return signers.get(kid, f"sleutel/key {kid[:8]}")


def _prefix(pieces: Iterator[bytes]) -> tuple[container.Prefix, Iterator[bytes]]:
    """Read the container's beginning; return it and what follows."""
    start = b""
    for piece in pieces:
        start += piece
        with contextlib.suppress(container.IncompleteError):
            prefix = container.parse_prefix(start)
            return prefix, chain([start[prefix.size :]], pieces)
    raise container.IncompleteError("the item was cut off before its description ended")


def _close_bag(folder: Growing) -> None:
    """Write declaration, manifests and info over what the folder holds now."""
    payload = {name: digest for name, digest in folder.digests.items() if name.startswith("data/")}
    octets = sum((folder.root / name).stat().st_size for name in payload)
    info = f"Bagging-Date: {datetime.now(UTC).date()}\nPayload-Oxum: {octets}.{len(payload)}\n"
    folder.store(bag.DECLARATION, iter([bag.DECLARATION_TEXT.encode()]))
    folder.store(bag.INFO, iter([info.encode()]))
    folder.store(bag.MANIFEST, iter([bag.manifest_text(payload)]))
    tags = {name: digest for name, digest in folder.digests.items() if not name.startswith("data/")}
    folder.store(bag.TAG_MANIFEST, iter([bag.manifest_text(tags)]))
