"""The completeness of a bundle: all that its export says and no more, one case, what was granted, the last numbers.

The export is the investigator's word over what the server prepared, and the server accepted it: so *complete* is the
server's word at the head that the export names. What a key outside the server contradicts fails.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from evidence import ids
from evidence.bundle.checking.journal_part import JournalPart
from evidence.bundle.checking.names import SHOWN
from evidence.bundle.checking.report import Findings
from evidence.bundle.format import bag, layout
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies
from evidence.statements import event as events
from evidence.statements.statement import FIRST_PREV, Chain


def check_scope(bundle: bag.Bag, part: JournalPart, export: bodies.Export, findings: Findings) -> None:
    """One case; the items here are those of the export, and she gave each of them to whoever exports."""
    case, by = part.export.statement.case, part.export.statement.by
    for event in part.listed:
        if event.statement.case not in {None, case}:
            findings.failed("export-foreign-case", str(event.index))
    here = {event.statement.body.item for event in part.listed if isinstance(event.statement.body, _ITEMS)}
    named = set(export.items)
    foreign = here | _contained(bundle)
    for item in sorted(foreign - named):
        findings.failed("export-item-foreign", item)
    for item in sorted(named - here):
        findings.failed("export-item-missing", item)
    # Where a list of hers lets a reader see what is new, `Standing.readable` says so, here as at the server.
    given = part.standing.readable(by, case, part.export.received_at).keys() if case is not None else set()
    for item in sorted(named - given):
        findings.failed("export-not-granted", item)
    part.refused = (foreign - named) | (named - given)
    if given - named:
        findings.note("export-granted-not-here", count=len(given - named))
    try:
        _check_head(part, export.head)
        _check_path(bundle, part, export.head)
    except EvidenceError as error:
        findings.failed("export-head-differs", why=error)


_ITEMS = bodies.ItemSeal | bodies.ItemOpen


def _contained(bundle: bag.Bag) -> set[ids.ItemId]:
    names = (name for name in bundle.names() if name.startswith(layout.ITEMS) and name.endswith(layout.ITEM_SUFFIX))
    return {ids.ItemId(name.removeprefix(layout.ITEMS).removesuffix(layout.ITEM_SUFFIX)) for name in names}


def _check_head(part: JournalPart, head: bodies.ExportHead) -> None:
    """The head of the export covers all that is here, and no signed head of its size is another one."""
    below = part.line.era(head.log).events_below(head.size)
    if below > part.export.index:
        raise FormatError("it holds the export itself")
    if any(event.index >= below for event in part.listed):
        raise FormatError("there are events here that lie behind it")
    if part.roots.get((head.log, head.size), head.root) != head.root:
        raise FormatError("a signed head of its size has another root: two histories were shown")


def _check_path(bundle: bag.Bag, part: JournalPart, head: bodies.ExportHead) -> None:
    """The head leads to the one under which the export itself is proven, or to the last one of a log that ended."""
    if part.over_export is None:
        raise FormatError("nothing shows that it is of this log: the export's own event is not proven")
    target: Checkpoint | None = part.over_export
    if head.log != part.over_export.origin:
        target = part.line.era(head.log).final
    if target is None:
        raise FormatError("it is of a log that goes on beside that of the export")
    lines = bag.read_small(bundle, layout.EXPORT_HEAD).decode("ascii", "replace").split("\n")
    if lines.pop() or not all(_HASH.fullmatch(line) for line in lines):
        raise FormatError(f"{layout.EXPORT_HEAD} is no list of hashes")
    path = [bytes.fromhex(line) for line in lines]
    merkle.verify_consistency(head.size, bytes.fromhex(head.root), target.size, target.root, path)


_HASH: Final = re.compile("[0-9a-f]{64}")


# ----------------------------------------------------------------------------------------------------------- numbers
def check_numbers(part: JournalPart, export: bodies.Export, findings: Findings) -> None:
    """Say of each key that numbers its statements how far they are here, up to the last number of the export."""
    here: dict[ids.KeyId, list[events.Event]] = defaultdict(list)
    for event in part.listed:
        if event.statement.chain is not None and part.trusted(event):
            here[event.statement.by].append(event)
    last = {one.by: one for one in export.last}
    for kid in sorted(here.keys() | last.keys()):
        who = part.who(kid)
        about = (who.id or kid)[:SHOWN]
        try:
            links = _links(here[kid])
            if kid not in last or len(last) != len(export.last):
                raise FormatError("the export names no last number of it, or two")
            _check_links(links, last[kid])
        except FormatError as error:
            findings.failed("sequence-broken", about, who=who, why=error)
            continue
        whole = last[kid].seq + 1
        if len(links) == whole:
            findings.proven("sequence-whole", about, who=who, last=last[kid].seq)
        else:
            missing = ", ".join(_gaps(sorted(links), whole))
            findings.note("sequence-gap", about, who=who, last=last[kid].seq, count=whole - len(links), missing=missing)


def _links(chained: Iterable[events.Event]) -> dict[int, tuple[Chain, ids.Sha256]]:
    found: dict[int, tuple[Chain, ids.Sha256]] = {}
    for event in chained:
        chain = event.statement.chain
        if chain is None:
            continue
        if chain.seq in found:
            raise FormatError(f"number {chain.seq} was given twice")
        found[chain.seq] = (chain, event.statement.id)
    return found


def _check_links(links: dict[int, tuple[Chain, ids.Sha256]], last: bodies.LastNumber) -> None:
    """Each number names the one before it where that is here, and the last is the one that the export names."""
    for seq, (chain, name) in links.items():
        if seq > last.seq:
            raise FormatError(
                f"number {seq} is here, and the export calls {last.seq} the last: the server contradicts itself"
            )
        if seq == last.seq and name != last.statement:
            raise FormatError(f"number {seq} is another statement than the export names")
        before = FIRST_PREV if seq == 0 else links[seq - 1][1] if seq - 1 in links else chain.prev
        if chain.prev != before:
            raise FormatError(f"number {seq} does not follow from the one before it")


def _gaps(here: list[int], whole: int) -> Iterator[str]:
    """Yield the numbers below `whole` that are not here, as ranges."""
    begin = 0
    for seq in (*here, whole):
        if seq > begin:
            yield str(begin) if seq == begin + 1 else f"{begin}–{seq - 1}"
        begin = seq + 1
