"""Rows about receipts by keys and signatures about which libraries differ: of the server, and of the root over it."""

import shutil
from pathlib import Path
from typing import Any, Final

from evidence import canonical, keys
from evidence.bundle.checking import trust
from evidence.statements import dsse, statement
from evidence.statements import event as events
from tests.support import published
from tests.support.organisation import Organisation
from tests.support.rows import NOT_FOR_IT, Outcome, Row, Story, fails
from tests.support.weak_signatures import SIGNERS, Signer

PROMISED: Final = Outcome(0, ("receipt-promised",))


def _signed(signer: Signer, envelope: dsse.Envelope, **changes: object) -> dict[str, Any]:
    """Return the envelope with its payload changed, and signed by the odd key alone."""
    payload = canonical.encode({**canonical.decode(envelope.body), **changes, "by": keys.signing_kid(signer.key)})
    signature = canonical.b64(signer.sign(dsse.pae(envelope.payloadType, payload)))
    signatures = [{"keyid": keys.signing_kid(signer.key), "sig": signature}]
    return {"payload": canonical.b64(payload), "payloadType": envelope.payloadType, "signatures": signatures}


def _certificate(book: Organisation, sign: str) -> dsse.Envelope:
    body = published.certificate(book.server, "server", "Getuige")
    made = statement.sign(book.root, "key.publish", body).envelope
    said = canonical.decode(made.body)
    payload = canonical.encode({**said, "body": {**said["body"], "sign": sign}})
    return dsse.sign(made.payloadType, payload, book.root)


def _write(book: Organisation, path: Path, receipt: object, certificate: object) -> None:
    recorded = book.journal[-1]
    event, salt = canonical.b64(recorded.event), recorded.salt.hex()
    path.write_bytes(canonical.encode({"receipt": receipt, "event": event, "salt": salt, "server_key": certificate}))


def by_server(signer: Signer) -> Row:
    """A receipt that the odd key signed, as the key of a server that the root certified."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        book = story.book
        issued = events.issue(book.server, book.log.name, book.journal[-1])
        certificate = _certificate(book, signer.key.hex()).to_json()
        _write(book, target / "receipt.json", _signed(signer, issued), certificate)
        return target / "receipt.json", book.trust

    return Row(f"receipt: by {signer.name}", _outcome(signer), NOT_FOR_IT, make)


def by_root(signer: Signer) -> Row:
    """A receipt whose server the odd key certified, as the pinned root."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        book, anchors = story.book, target / "trust"
        shutil.copytree(book.trust, anchors)
        (anchors / trust.ROOT).write_text(trust.root_line(signer.key, "Filomena"))
        issued = events.issue(book.server, book.log.name, book.journal[-1]).to_json()
        certificate = _signed(signer, _certificate(book, book.server.sign_public.hex()))
        _write(book, target / "receipt.json", issued, certificate)
        return target / "receipt.json", anchors

    return Row(f"receipt: under a root, {signer.name}", _outcome(signer), NOT_FOR_IT, make)


def _outcome(signer: Signer) -> Outcome:
    return PROMISED if signer.expect else fails("receipt-bad")


ROWS: Final = (*map(by_server, SIGNERS), *map(by_root, SIGNERS))
