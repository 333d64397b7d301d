"""Rows about the log, its witnesses, its keys and its time stamps: two histories, rotations, renewals, weak keys."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.format import layout
from evidence.bundle.format.rotations import Handover
from evidence.bundle.format.tokens import gather
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import KeyType, NoteSignature, NoteSigner, NoteVerifier, cosigned_message
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.statements import bodies
from tests.support import rfc6962
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.rotating import RotatedOrganisation, pin, rotation_over
from tests.support.rows import HOLDS, UNCHECKED, Outcome, Row, Story, fails, unpacked
from tests.support.stolen_log_key import encoded, rotated, sealed_and_granted
from tests.support.weak_signatures import SIGNERS, Signer

Attack = Callable[[RotatedOrganisation, Path], Path]


# ------------------------------------------------------------------------------------------------------ two histories
def _two_histories(story: Story, target: Path) -> tuple[Path, Path]:
    """Log and witness sign a second head of a size that they signed before: one event is proven under it."""
    book, folder = story.book, target / "bundle"
    shutil.copytree(story.sealed, folder)
    proof = min((folder / layout.PROOFS).iterdir())
    note = SignedCheckpoint.parse(tlogproof.TlogProof.parse(proof.read_bytes()).checkpoint)
    size = note.checkpoint.size
    entries = [one.leaf for one in book.journal[:size]]
    entries[1] = hashlib.sha256(b"something else").digest()
    head = Checkpoint(book.log.name, size, rfc6962.mth(entries))
    witness = NoteSigner.parse((book.folder / "witness" / "witness.skey").read_text().strip())
    cosigned = witness.cosign(head.body, datetime.now(UTC))
    signed = SignedCheckpoint.sign(head, book.log).with_signatures([cosigned]).to_bytes()
    path = tuple(rfc6962.path(0, entries))
    proof.write_bytes(replace(tlogproof.TlogProof.parse(proof.read_bytes()), hashes=path, checkpoint=signed).to_bytes())
    digest = hashlib.sha256(signed).digest()
    (folder / layout.token(digest.hex())).write_bytes(book.tsa.stamp(digest))
    regenerate(folder)
    return folder, book.trust


# ---------------------------------------------------------------------------------------------------------- rotations
def _both_logs(book: RotatedOrganisation, folder: Path) -> Path:
    return rotated(book, folder)


def _signs_on(book: RotatedOrganisation, folder: Path) -> Path:
    book.seal(incident())
    pin(book.trust, rotation_over(book.integrate().checkpoint, book.following, book.root))
    return unpacked(book.export(sealed_and_granted(book)), folder / "out")


def _link_to_nowhere(book: RotatedOrganisation, folder: Path) -> Path:
    found = rotated(book, folder)
    file = found / layout.ROTATIONS
    honest = Handover.parse(file.read_bytes())
    false = tuple(replace(one, proof=(ids.Sha256("0" * 64), *one.proof[1:])) for one in honest.links)
    file.write_bytes(replace(honest, links=false).to_bytes())
    return found


def _unsigned(book: RotatedOrganisation, folder: Path) -> Path:
    found = rotated(book, folder)
    file = found / layout.ROTATIONS
    honest = Handover.parse(file.read_bytes())
    end = book.line.eras[0].final
    assert end is not None
    forged = encoded(rotation_over(end, book.following, keys.Identity.generate()))
    file.write_bytes(replace(honest, rotations=(replace(honest.rotations[0], statement=forged),)).to_bytes())
    return found


def _held_back(book: RotatedOrganisation, folder: Path) -> Path:
    found = rotated(book, folder)
    (found / layout.ROTATIONS).unlink()
    policy = book.trust / trust.POLICY
    policy.write_text(f"log {book.log.vkey}\nlog {book.following.vkey}\n" + policy.read_text().split("\n", 1)[1])
    return found


@dataclass
class RotatedMeanwhile(RotatedOrganisation):
    """The log ends between what the server prepares and what the investigator signs."""

    another_root: bool = False

    def export_body(self, export: ids.ExportId, manifest: ids.Sha256, *items: ids.ItemId) -> bodies.Export:
        """Return what names a head of the log that has ended by then."""
        body = super().export_body(export, manifest, *items)
        self.seal(incident())
        self.rotate()
        return replace(body, head=replace(body.head, root=ids.Sha256("0" * 64))) if self.another_root else body


def rotated_meanwhile(name: str, python: Outcome, shell: Outcome, *, another_root: bool) -> Row:
    """An export that was prepared in the log before."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        book = RotatedMeanwhile(target / "book", another_root=another_root)
        return unpacked(book.export(sealed_and_granted(book)), target / "out"), book.trust

    return Row(f"rotated: {name}", python, shell, make)


def rotation(name: str, attack: Attack, python: Outcome, shell: Outcome) -> Row:
    """A bundle of an organisation that rotated the key of its log."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        book = RotatedOrganisation(target / "book")
        folder = attack(book, target)
        regenerate(folder)
        return folder, book.trust

    return Row(f"rotated: {name}", python, shell, make)


# ----------------------------------------------------------------------------------------------------------- renewals
YESTERDAY: Final = timedelta(days=-1)


def _moved(by: timedelta) -> DevelopmentTsa:
    made = DevelopmentTsa.create(lambda: datetime.now(UTC) - timedelta(days=2))
    made._clock = lambda: datetime.now(UTC) + by
    return made


def _old_bundle(target: Path) -> tuple[Organisation, Path]:
    """Return a bundle of yesterday, whose authority is believed until an hour later."""
    book = Organisation(target / "book", clock=lambda: ids.time_of(datetime.now(UTC) + YESTERDAY))
    book.tsa = _moved(YESTERDAY)
    later = _moved(YESTERDAY + timedelta(minutes=30))
    book.trust_tsas(1, short=book.tsa, long=later)
    policy = book.trust / trust.TSA_POLICY
    end = datetime.now(UTC) + YESTERDAY + timedelta(hours=1)
    policy.write_text(policy.read_text() + f"until short {end:%Y-%m-%dT%H:%M:%SZ}\n")
    folder = unpacked(book.export(sealed_and_granted(book)), target / "out")
    book.tsa = later
    return book, folder


def _renew(book: Organisation, folder: Path) -> None:
    book.renew()
    stamped = {path.name.split(".")[0] for path in (folder / layout.TIMESTAMPS).iterdir()}
    for name, data in gather(stamped, book).files():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


def _renew_wrongly(book: Organisation, folder: Path) -> None:
    _renew(book, folder)
    proof = next(one for one in (folder / layout.RENEWALS).iterdir() if b"index 0\n" in one.read_bytes())
    proof.write_bytes(proof.read_bytes().replace(b"index 0\n", b"index 1\n"))


def renewal(name: str, renew: Callable[[Organisation, Path], object], python: Outcome, shell: Outcome) -> Row:
    """A bundle whose tokens are no longer believed by themselves."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        book, folder = _old_bundle(target)
        renew(book, folder)
        regenerate(folder)
        return folder, book.trust

    return Row(f"expired tokens: {name}", python, shell, make)


# ---------------------------------------------------------------------------------------------------------- weak keys
def weak_witness(signer: Signer, shell: Outcome) -> Row:
    """A policy that believes one witness, whose key or signature libraries differ about."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        folder, anchors = target / "bundle", target / "trust"
        shutil.copytree(story.sealed, folder)
        shutil.copytree(story.book.trust, anchors)
        witness = NoteVerifier("weak.example", KeyType.COSIGNATURE_V1, signer.key)
        (anchors / trust.POLICY).write_text(f"log {story.book.log.vkey}\nwitness weak {witness.vkey}\nquorum weak\n")
        seconds = int(datetime.now(UTC).timestamp())
        for path in (folder / "proof").rglob("*.tlog-proof"):
            proof = tlogproof.TlogProof.parse(path.read_bytes())
            signed = SignedCheckpoint.parse(proof.checkpoint)
            message = cosigned_message(witness.name, witness.kind, signed.checkpoint.body, seconds)
            line = NoteSignature(witness.name, witness.key_id, seconds.to_bytes(8, "big") + signer.sign(message))
            note = signed.with_signatures([line]).to_bytes()
            path.write_bytes(replace(proof, checkpoint=note).to_bytes())
            digest = hashlib.sha256(note).digest()
            (folder / layout.token(digest.hex())).write_bytes(story.book.tsa.stamp(digest))
        regenerate(folder)
        return folder, anchors

    python = HOLDS if signer.expect else fails("event-not-logged")
    return Row(f"a witness: {signer.name}", python, shell, make)


HEAD: Final = fails("log or witnesses did not sign it")
ROWS: Final = (
    Row("two histories", fails("heads-differ"), fails("two histories were shown"), _two_histories),
    rotation("nothing at all", _both_logs, HOLDS, UNCHECKED),
    rotation("the old key signs on", _signs_on, fails("event-not-logged"), fails("getuige.example/log ended with")),
    rotation("a head that leads nowhere", _link_to_nowhere, fails("event-not-logged"), fails("checkpoint of")),
    rotation("the root did not sign it", _unsigned, fails("rotation-bad"), fails("the root did not sign")),
    rotation("held back", _held_back, fails("rotation-bad"), fails("the policy names a log")),
    rotated_meanwhile("while an export was signed", HOLDS, UNCHECKED, another_root=False),
    rotated_meanwhile(
        "while an export was signed of a head that never was",
        fails("export-head-differs"),
        fails("leads to another one"),
        another_root=True,
    ),
    renewal("not renewed", lambda *_: None, fails("time-token-expired"), fails("was not renewed in time")),
    renewal("renewed", _renew, HOLDS, UNCHECKED),
    renewal("renewed wrongly", _renew_wrongly, fails("time-token-bad"), fails("time stamp")),
    *(weak_witness(signer, UNCHECKED if signer.expect else HEAD) for signer in SIGNERS),
)
