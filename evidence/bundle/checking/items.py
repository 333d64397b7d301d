"""The items of a bundle against their events: ciphertext in a sealed bundle, originals in an opened one."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import canonical, ids, schema
from evidence.bundle.checking.journal_part import JournalPart
from evidence.bundle.checking.report import Findings
from evidence.bundle.format import bag, layout, wraps
from evidence.bundle.format.openings import Opening, Openings
from evidence.bundle.opening import derived
from evidence.envelope import container, fields
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, dsse
from evidence.statements import event as events

_PREFIX_BYTES: Final = container.HEAD_OFFSET + container.MAX_HEAD_BYTES + container.MAX_META_BYTES
"""No container's head and description are longer."""


def check_sealed(bundle: bag.Bag, digests: Mapping[str, str], part: JournalPart, findings: Findings) -> None:
    """Each container is the one that its event names, and its head is signed by the same key.

    `digests` has SHA-256 of every file of the bundle.
    """
    seals = _seals(part)
    for number, (event, body) in enumerate(seals, start=1):
        findings.progress("items", number, len(seals))
        try:
            _check_container(bundle, digests, part, event, body)
        except EvidenceError as error:
            findings.failed("item-differs", body.item, why=error)
            continue
        findings.proven("item-unchanged", body.item, **_circumstances(part, event))
    for event, begun in part.begun:
        try:
            here, whole = _check_begun(bundle, digests, part, event, begun)
        except EvidenceError as error:
            findings.failed("item-differs", begun.item, why=error)
            continue
        findings.note("item-incomplete", begun.item, here=here, whole=whole, **_circumstances(part, event))


def check_opened(bundle: bag.Bag, digests: Mapping[str, str], part: JournalPart, findings: Findings) -> None:
    """Each original opens the commitment that was signed when it was sealed. `digests` as in `check_sealed`."""
    listed = canonical.decode_exact(bag.read_small(bundle, layout.OPENINGS), canonical.MAX_FILE_BYTES)
    openings = schema.decode(Openings, listed)
    _check_named(bundle, openings, findings)
    _check_derived(bundle, digests, part, openings, findings)
    by_item = {opening.item: opening for opening in openings.items}
    closed = {one.item: one for one in openings.closed or ()}
    seals = _seals(part)
    for number, (event, body) in enumerate(seals, start=1):
        findings.progress("items", number, len(seals))
        opening = by_item.get(body.item)
        if body.item in closed and part.trusted(event) and _described(bundle, opening, body):
            which = closed[body.item].part
            findings.note("original-closed", body.item, part=which, **_circumstances(part, event))
            continue
        if opening is None or not part.trusted(event) or not _opens(bundle, digests, opening, body):
            findings.failed("original-differs", body.item)
            continue
        file = (opening.original or opening.description).rpartition("/")[2]
        findings.proven("original-proven", body.item, file=file, **_circumstances(part, event))
    for event, begun in part.begun:
        opening = by_item.get(begun.item)
        if begun.item in closed and part.trusted(event) and opening is None:
            which = closed[begun.item].part
            findings.note("original-closed", begun.item, part=which, **_circumstances(part, event))
            continue
        if opening is None or not part.trusted(event) or not _begun_opens(bundle, digests, opening, part, event, begun):
            findings.failed("original-differs", begun.item)
            continue
        file, how = (opening.original or opening.description).rpartition("/")[2], opening.incomplete
        sizes = {} if how is None else {"here": how.here, "whole": how.whole}
        findings.note("original-incomplete", begun.item, file=file, **sizes, **_circumstances(part, event))


def _check_named(bundle: bag.Bag, openings: Openings, findings: Findings) -> None:
    """Nothing lies among originals, descriptions, fields and heads that no opening names."""
    named = {name for one in openings.items for name in (one.description, one.fields, one.original)}
    named |= {one.incomplete.head for one in openings.items if one.incomplete is not None}
    for name in sorted(bundle.names() - named):
        if name.startswith((layout.ORIGINALS, layout.DESCRIPTIONS, layout.FIELDS, layout.HEADS)):
            findings.failed("bag-file-extra", name)


def _check_derived(
    bundle: bag.Bag, digests: Mapping[str, str], part: JournalPart, openings: Openings, findings: Findings
) -> None:
    """What is made from the descriptions is made again and compared, when this program made it."""
    names = (layout.TIMELINE, layout.CASE)
    if openings.maker != derived.MAKER:
        for name in names:
            findings.note("derived-not-compared", name, maker=openings.maker, here=derived.MAKER)
        return
    files = sum(name.startswith(layout.EVENTS) for name in bundle.names())
    try:
        # Where an event could not be taken in, what was made from all of them was made from other ones than are known.
        told = part.listed if len(part.listed) == files else list(wraps.events_of(bundle))
        again = {name: bag.sha256_of(made) for name, made in derived.make(bundle, told, openings, digests)}
    except EvidenceError:
        again = {}
    for name in names:
        if name in again and again[name] == digests.get(name):
            findings.proven("derived-made-again", name)
        else:
            findings.failed("derived-differs", name)


@dataclass(frozen=True)
class Received:
    """The event that a receipt is about; `logged` when a proof shows it in the log, and not the server's word alone."""

    event: events.Event
    logged: bool


def check_alone(path: Path, receipt: Received | None, findings: Findings) -> None:
    """Check a container against the event that its receipt is about (None: the receipt does not hold).

    Whose key signed is not known here: that takes the journal's certificates and enrolments, which a bundle brings.
    """
    try:
        if receipt is None or not isinstance(receipt.event.statement.body, bodies.ItemSeal):
            raise FormatError("its receipt does not hold, or is about something else")
        event, body = receipt.event, receipt.event.statement.body
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != body.container.sha256:
                raise FormatError("its ciphertext has another hash")
            file.seek(0)
            prefix = container.parse_prefix(file.read(_PREFIX_BYTES))
        container.check_against(prefix, event.statement.case, event.statement.by, body)
    except EvidenceError as error:
        findings.failed("item-differs", path.stem, why=error)
        return
    tell = findings.proven if receipt.logged else findings.note
    tell("item-received", body.item, when=event.received_at)
    findings.note("signer-unchecked", kid=event.statement.by)


def _seals(part: JournalPart) -> list[tuple[events.Event, bodies.ItemSeal]]:
    sealed = ((event, event.statement.body) for event in part.listed)
    return [
        (event, body) for event, body in sealed if isinstance(body, bodies.ItemSeal) and body.item not in part.refused
    ]


def _circumstances(part: JournalPart, event: events.Event) -> dict[str, object]:
    """Who sealed it, when the server says it came, and by when an outside time stamp proves that it was there."""
    stamped = part.not_after.get(event.index, "–")
    earliest = part.intervals[event.index].earliest if event.index in part.intervals else None
    since = {} if earliest is None else {"not_before": ids.time_of(earliest)}
    return {"who": part.who(event.statement.by), "when": event.received_at, "latest": stamped, **since}


def _check_container(
    bundle: bag.Bag, digests: Mapping[str, str], part: JournalPart, event: events.Event, body: bodies.ItemSeal
) -> None:
    if not part.trusted(event):
        raise FormatError("its event is not proven")
    name = layout.container(body.item)
    if name not in digests:
        raise FormatError("its ciphertext is missing")
    if digests[name] != body.container.sha256:
        raise FormatError("its ciphertext has another hash")
    prefix = container.parse_prefix(_start(bundle, name))
    public = part.standing.public_key(event.statement.by)
    if public is not None:  # a key that was retired later signed a head that the event's own hash vouches for
        container.verify_head(prefix, public)
    container.check_against(prefix, event.statement.case, event.statement.by, body)


def _check_begun(
    bundle: bag.Bag, digests: Mapping[str, str], part: JournalPart, event: events.Event, body: bodies.ItemOpen
) -> tuple[int, int]:
    """Check what arrived of an item that was announced and never sealed; return its bytes here, and of the whole.

    Head and description are proven. The rest is the file that the exported manifest names; each piece of it proves
    itself to whoever opens it, and nobody else.
    """
    if not part.trusted(event):
        raise FormatError("its event is not proven")
    name = layout.container(body.item)
    if name not in digests:
        raise FormatError("its ciphertext is missing")
    prefix = container.parse_prefix(_start(bundle, name))
    public = part.standing.public_key(event.statement.by)
    container.check_begun(prefix, event.statement.case, event.statement.by, body)
    if public is not None:
        container.verify_head(prefix, public)
    size = bundle.size(name)
    if size > prefix.container_size:
        raise FormatError("it is longer than its head allows")
    return size, prefix.container_size


def _start(bundle: bag.Bag, name: str) -> bytes:
    start = bytearray()
    for data in bundle.stream(name):
        start += data
        if len(start) >= _PREFIX_BYTES:
            break
    return bytes(start)


def _described(bundle: bag.Bag, opening: Opening | None, body: bodies.ItemSeal) -> bool:
    """Whether an item that did not open whole shows nothing, or a description that was sealed."""
    return opening is None or (opening.original is None and _shows(bundle, opening, body.meta.commitment))


def _opens(bundle: bag.Bag, digests: Mapping[str, str], opening: Opening, body: bodies.ItemSeal) -> bool:
    described = _shows(bundle, opening, body.meta.commitment)
    if body.content is None:
        return described and opening.original is None
    if opening.original is None or opening.content_salt is None:
        return False
    return described and _commits(digests.get(opening.original), opening.content_salt, body.content.commitment)


def _begun_opens(
    bundle: bag.Bag,
    digests: Mapping[str, str],
    opening: Opening,
    part: JournalPart,
    event: events.Event,
    body: bodies.ItemOpen,
) -> bool:
    """Whether the head that was announced is here, signed, and commits to the description that is here."""
    how = opening.incomplete
    if how is None or digests.get(how.head) != body.head.sha256:
        return False
    try:
        envelope, head = container.parse_head(bag.read_small(bundle, how.head))
        public = part.standing.public_key(event.statement.by)
        if public is not None:
            dsse.verify(envelope, {event.statement.by: public})
    except EvidenceError:
        return False
    if (head.item, head.case, head.by) != (body.item, event.statement.case, event.statement.by):
        return False
    return _shows(bundle, opening, head.meta.commitment)


def _shows(bundle: bag.Bag, opening: Opening, commitment: ids.Commitment) -> bool:
    """Whether the fields are those of the commitment, and the description says them, all of them and nothing else."""
    try:
        described = canonical.decode_exact(bag.read_small(bundle, opening.description))
        shown = fields.shown_whole(bag.read_small(bundle, opening.fields), described)
    except EvidenceError:
        return False
    return hmac.compare_digest(shown, commitment)


def _commits(digest: str | None, salt: ids.Sha256, commitment: ids.Commitment) -> bool:
    """Whether SHA-256(domain ‖ salt ‖ SHA-256(file)) is the commitment (`docs/formats/envelope.md`)."""
    if digest is None:
        return False
    found = hashlib.sha256(container.COMMITMENT_DOMAIN + bytes.fromhex(salt + digest)).hexdigest()
    return hmac.compare_digest(found, commitment)
