"""Open a sealed bundle where the reader's key lives: originals, untouched, and what proves that they were sealed.

The result is a bag too. It holds no content key: for each part it holds the *opening* of the commitment that was
signed when the item was sealed, and that is enough to prove the original against its event.
"""

import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys, schema
from evidence.bundle.format import bag, layout, wraps
from evidence.bundle.format.kinds import kind_of
from evidence.bundle.format.openings import Incomplete, Opening, Openings
from evidence.bundle.format.wraps import Given
from evidence.bundle.opening import case_uco
from evidence.envelope import container, opening
from evidence.envelope import meta as metas
from evidence.envelope.meta import Meta
from evidence.envelope.wraps import WrapError
from evidence.errors import EvidenceError
from evidence.statements import event as events
from evidence.statements import types

MAX_NAME_CHARACTERS: Final = 80
"""Long enough to recognise a file, short enough for every file system."""

INCOMPLETE: Final = "ONVOLLEDIG"
"""Stands in the name of a file that was cut off: nobody should have to read a list to know."""

_COLUMNS: Final = (
    *("happened", "discovered", "recorded", "received"),
    *("kind", "source", "title", "text", "item", "event", "original", "complete"),
)
_UNSAFE = re.compile(r"[^\w.\- ]+")
Progress = Callable[[int, int], None]


class TargetError(EvidenceError):
    """The folder for the opened bundle cannot be used."""


def open_bundle(
    sealed: Path, reader: keys.Identity, target: Path, progress: Progress = lambda _done, _all: None
) -> Openings:
    """Decrypt the sealed bundle at `sealed` into the new folder `target`.

    Raises TargetError if `target` exists, BagError, WrapError, OpenError or TamperedError if an item cannot be opened
    as it was sealed; then `target` is left with what was opened, named `*.partial`.
    """
    if target.exists():
        raise TargetError(f"{target} exists; choose a folder that does not")
    work = target.with_name(f"{target.name}.partial")
    work.mkdir(mode=0o700, parents=True)
    with bag.open_bag(sealed) as source:
        result = _open_into(source, reader, work, progress)
    work.rename(target)
    return result


def _open_into(source: bag.Bag, reader: keys.Identity, work: Path, progress: Progress) -> Openings:
    names = sorted(source.names())
    kept = [name for name in names if name.startswith((layout.EVENTS, "proof/")) or name == layout.SALTS]
    for name in kept:
        _store(work, name, source.stream(name))
    _store(work, layout.SEALED_MANIFEST, source.stream(bag.MANIFEST))
    for name in (layout.HOWTO, layout.SCRIPT):
        _store(work, name, source.stream(name))
    items = wraps.items_of(source, reader.kid)
    opened: list[tuple[Opening, Meta, events.Event]] = []
    for number, item in enumerate(items, start=1):
        opened.append(_open_item(source, reader, work, number, item))
        progress(number, len(items))
    openings = Openings(1, tuple(entry[0] for entry in opened))
    _store(work, layout.OPENINGS, iter([canonical.encode(schema.encode(openings))]))
    _store(work, layout.TIMELINE, iter([_timeline(opened)]))
    export = events.parse(bag.read_small(source, layout.EXPORT_EVENT))
    described = (_described(work, entry, meta, sealed) for entry, meta, sealed in opened)
    _store(work, layout.CASE, iter([case_uco.document(described, export, wraps.signers_of(source))]))
    _close_bag(work)
    return openings


def _open_item(
    source: bag.Bag,
    reader: keys.Identity,
    work: Path,
    number: int,
    item: Given,
) -> tuple[Opening, Meta, events.Event]:
    event, body = item.event, item.body
    name = layout.container(body.item)
    pieces = source.stream(name)
    prefix, rest = _prefix(pieces)
    if isinstance(body, types.ItemSeal):
        container.check_against(prefix, event.statement.case, event.statement.by, body)
    else:
        container.check_begun(prefix, event.statement.case, event.statement.by, body)
    try:
        key = opening.content_key(prefix, reader, item.wrap)
    except WrapError as error:
        raise WrapError(f"item {body.item}: {error}") from error
    plain = opening.open_meta_bytes(prefix, key)
    meta = metas.parse(plain)
    stem = f"{number:04}-{body.item[:8]}"
    description = f"{layout.DESCRIPTIONS}{stem}.json"
    _store(work, description, iter([plain]))
    meta_salt = ids.Sha256(container.commitment_salt(key, "meta").hex())
    result = Opening(body.item, event.index, description, meta_salt)
    if isinstance(body, types.ItemOpen):
        head = f"{layout.HEADS}{body.item}.json"
        _store(work, head, iter([prefix.head_bytes]))
        result = replace(result, incomplete=Incomplete(head, source.size(name), prefix.container_size))
    if meta.file is not None and prefix.head.content is not None:
        mark = "" if result.incomplete is None else f"{INCOMPLETE}-"
        original = f"{layout.ORIGINALS}{stem}-{mark}{_safe_name(meta.file.name)}"
        open_it = opening.open_content if result.incomplete is None else opening.open_begun
        _store(work, original, open_it(prefix, key, meta, rest))
        salt = ids.Sha256(container.commitment_salt(key, "content").hex())
        result = replace(result, original=original, content_salt=salt)
    return result, meta, event


def _described(work: Path, entry: Opening, meta: Meta, sealed: events.Event) -> case_uco.OpenedItem:
    """Return what the CASE file says of an item."""
    description = (work / entry.description).read_bytes()
    digest = hashlib.sha256(description).hexdigest()
    files = [case_uco.OpenedFile(entry.description, digest, len(description), "application/json")]
    if entry.original is not None and meta.file is not None:
        sha256, size = meta.file.sha256, meta.file.size
        if entry.incomplete is not None:
            path = work / entry.original
            sha256, size = (
                ids.Sha256(bag.digests(bag.FolderBag(work), [entry.original])[entry.original]),
                path.stat().st_size,
            )
        files.append(case_uco.OpenedFile(entry.original, sha256, size, meta.file.mime))
    return case_uco.OpenedItem(entry.item, meta, sealed, tuple(files))


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


def _store(work: Path, name: str, pieces: Iterator[bytes]) -> None:
    path = work / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        for data in pieces:
            file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _safe_name(name: str) -> str:
    """Keep what is recognisable of a foreign file name and nothing that a file system could act on."""
    cleaned = _UNSAFE.sub("_", name).strip(". ") or "bestand"
    stem, dot, extension = cleaned.rpartition(".")
    return cleaned[:MAX_NAME_CHARACTERS] if not dot else f"{stem[:MAX_NAME_CHARACTERS]}.{extension[:10]}"


def _timeline(opened: list[tuple[Opening, Meta, events.Event]]) -> bytes:
    """Return the items as CSV; a cell that a spreadsheet could take for a formula gets an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(_COLUMNS)
    for entry, meta, event in opened:
        times = (meta.happened, meta.discovered, meta.recorded, event.received_at)
        whole = "yes" if entry.incomplete is None else "no"
        row = (
            *times,
            kind_of(meta),
            meta.source,
            meta.title,
            meta.text,
            entry.item,
            event.index,
            entry.original,
            whole,
        )
        table.writerow([_cell(value) for value in row])
    return out.getvalue().encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


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
