"""The verifier of receipts, items with receipts, sealed and opened bundles, against trust anchors from elsewhere.

What must be true, in this order; nothing in the bundle is believed before something outside it vouches for it. Each
claim (`evidence.bundle.checking.report`) bears the number of its step, as the list on the format page does.

1. The anchors are not in the bundle: the organisation's root, the log, its witnesses and time stamping authorities.
2. The files are those that the manifests name, with their hashes, from a closed list.
3. Each event is in a log of the policy, under a head that its witnesses cosigned; no two signed heads contradict.
4. Time stamps and witnesses bound when each event came to be; the server's own clock fits.
5. Each event is signed by a key that the root, or the case, had recognised by then.
6. The export that an investigator signed names this manifest, and so these events; its items are here, of one case,
   and were granted.
7. Each item is what its event committed to: the ciphertext in a sealed bundle, the original in an opened one. What was
   said of it stands beside it; what was made from it is made again.
8. The numbers of each phone and vault are here up to the last one that the export names, or those missing are named;
   receipts from before the export, where somebody kept them, name no later one.
9. Who read is told.
10. What all this does not prove is said.

A receipt (11) and the proof of an erasure (12) are checked alone, by the same rules for log, times and keys.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from evidence import canonical
from evidence.bundle.checking import completeness, erasure_proof, files, items, journal_part, said
from evidence.bundle.checking import receipt as receipts
from evidence.bundle.checking.journal_part import JournalPart
from evidence.bundle.checking.names import Owner, Tally
from evidence.bundle.checking.report import Findings, Progress, Report
from evidence.bundle.checking.trust import Anchors
from evidence.bundle.format import bag, layout, rotations
from evidence.custody.log import leaf, tlogproof
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies
from evidence.statements import event as events

SHOWN_CHARACTERS: Final = 16
"""Enough of a key or hash for a person to compare."""


def verify(
    path: Path,
    anchors: Anchors,
    kept: Sequence[bytes] = (),
    progress: Progress = lambda _what, _done, _of: None,
) -> Report:
    """Check what lies at `path`; of a bundle also whether it fits receipts that somebody kept.

    That is a bundle (folder or ZIP), a receipt or a proof of an erasure (`.json`), or a sealed item (`.getuige`) with
    its receipt beside it under the same name. Raises BagError, FormatError or OSError when it cannot be read as any of
    these; what does not hold is in the report.
    """
    findings = Findings(progress)
    logs = ", ".join(log.name for log in anchors.policy.logs)
    root = anchors.root.hex()[:SHOWN_CHARACTERS]
    findings.note("anchors", label=anchors.label, root=root, logs=logs, witnesses=len(anchors.policy.witnesses))
    if path.is_file() and path.suffix == ".json":
        data = path.read_bytes()
        if erasure_proof.is_proof(data):
            erasure_proof.check(data, anchors, findings)
        else:
            _verify_receipt(data, anchors, findings)
    elif path.is_file() and path.suffix == layout.ITEM_SUFFIX:
        receipt = _verify_receipt(path.with_suffix(".json").read_bytes(), anchors, findings)
        items.check_alone(path, receipt, findings)
    else:
        with bag.open_bag(path) as opened:
            _verify_bag(opened, anchors, kept, findings)
        findings.note("limits")
    return findings.report(path.name)


def _verify_bag(bundle: bag.Bag, anchors: Anchors, kept: Sequence[bytes], findings: Findings) -> None:
    digests = files.check(bundle, findings)  # 2
    part = journal_part.load(bundle, anchors, findings)
    export = part.export.statement.body
    if not isinstance(export, bodies.Export):
        raise FormatError("proof/export-event.json is no export")
    journal_part.check_logged(part, bundle, anchors, findings)  # 3 and 4
    journal_part.check_signed(part, anchors, findings)  # 5
    _check_export(bundle, part, export, findings)  # 6
    completeness.check_scope(bundle, part, export, findings)  # 6
    if layout.OPENINGS in bundle.names():
        items.check_opened(bundle, digests, part, findings)  # 7
    else:
        items.check_sealed(bundle, digests, part, findings)  # 7
    said.tell(part, export, findings)  # 7
    completeness.check_numbers(part, export, findings)  # 8
    receipts.compare(part, export, kept, anchors, findings)  # 8
    _tell_reads(part, findings)  # 9


def _check_export(bundle: bag.Bag, part: JournalPart, export: bodies.Export, findings: Findings) -> None:
    """The manifest is the one that the signed `export` event names, and it covers the events that are here."""
    opened = layout.SEALED_MANIFEST in bundle.names()
    manifest = bag.read_small(bundle, layout.SEALED_MANIFEST if opened else bag.MANIFEST)
    listed = bag.parse_manifest(manifest)
    here = {layout.event(event.index): part.digest(event.index) for event in part.listed}
    stray = {name for name, digest in here.items() if listed.get(name) != digest}
    absent = {name for name in listed if name.startswith(layout.EVENTS) and name not in here}
    intact = bag.sha256_of([manifest]) == export.manifest and not stray and not absent
    if not intact or not part.trusted(part.export):
        findings.failed("export-manifest-differs")
        return
    findings.proven(
        "export", who=part.who(part.export.statement.by), when=part.export.received_at, ground=export.ground
    )


def _tell_reads(part: JournalPart, findings: Findings) -> None:
    seen: dict[Owner, int] = {}
    for event in part.listed:
        if isinstance(event.statement.body, bodies.Read) and part.trusted(event):
            who = part.who(event.statement.body.reader)
            seen[who] = seen.get(who, 0) + 1
    if seen:
        findings.note("reads", reads=Tally.of(seen))


def _verify_receipt(data: bytes, anchors: Anchors, findings: Findings) -> items.Received | None:
    """Check a receipt file, `{"receipt", "event", "salt", "server_key", "proof"?}` (`docs/formats/receipt.md`).

    Returns what it is about, if the receipt holds.
    """
    kept = receipts.Kept.parse(data)
    logs = rotations.believe(None, anchors, findings)
    try:
        receipt, server = kept.verified(logs.line, anchors)
        era = logs.line.of_event(receipt.index)
        if kept.file.proof is not None:
            proof = canonical.unb64(kept.file.proof)
            proven = tlogproof.verify(proof, leaf.leaf_entry(kept.salt, kept.event), logs.policy)
            logs.admit(proven.checkpoint, tlogproof.TlogProof.parse(proof).checkpoint, era)
            if (proven.checkpoint.log, proven.index) != (era.key, era.entry_of(receipt.index)):
                raise FormatError("the proof is about another place in the log")
            logs.tell(findings)
            findings.proven("events-logged", count=1, log=receipt.log, witnesses=len(anchors.policy.witnesses))
    except EvidenceError as error:
        findings.failed("receipt-bad", why=error)
        return None
    shown = receipt.statement[:SHOWN_CHARACTERS]
    # A server key that was retired, or stolen, signs receipts of what never was; the log does not.
    tell, code = (findings.note, "receipt-promised") if kept.file.proof is None else (findings.proven, "receipt")
    tell(code, shown, who=server.label, when=receipt.received_at, index=receipt.index, log=receipt.log)
    return items.Received(events.parse(kept.event), logged=kept.file.proof is not None)
