"""A log whose key was stolen: the honest bundle over both logs, and the log that the thief runs on."""

import zipfile
from pathlib import Path

from evidence import canonical, ids
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import NoteSigner
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from evidence.statements.statement import Statement
from tests.support.heads import MemoryHeadStore
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.rotating import RotatedOrganisation


def unpack(bundle: Path, into: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(into)
    (folder,) = into.iterdir()
    return folder


def sealed_and_granted(book: Organisation) -> ids.ItemId:
    item = book.seal(incident())
    book.grant(item)
    return item


def rotated(book: RotatedOrganisation, tmp_path: Path) -> Path:
    """Return an honest bundle over both logs, unpacked; an item and a head of each."""
    first = sealed_and_granted(book)
    book.seal(incident(), seen=book.stamp())
    book.rotate()
    last = book.seal(incident(), seen=book.stamp())
    book.grant(last)
    return unpack(book.export(first, last), tmp_path / "out")


def thief_log(folder: Path, key: NoteSigner, book: Organisation) -> Integrator:
    """Return a log of the thief under this key, cosigned by a witness who forgot what it cosigned."""
    signer = NoteSigner.parse((book.folder / "witness" / "witness.skey").read_text().strip())
    witness = Witness(signer, FileWitnessState(folder / "memory"), [key.verifier])
    return Integrator(folder / "log", key, MemoryHeadStore(), [witness])


def encoded(made: Statement) -> ids.Base64:
    return ids.Base64(canonical.b64(made.envelope.to_bytes()))


def proof_of(book: RotatedOrganisation, index: int) -> bytes:
    era = book.line.of_event(index)
    signed = SignedCheckpoint.parse(book.tiles(era.number).read("checkpoint"))
    return tlogproof.build_proof(book.tiles(era.number), era.entry_of(index), signed).to_bytes()
