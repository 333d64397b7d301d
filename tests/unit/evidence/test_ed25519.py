"""One rule for Ed25519: the twelve signatures about which libraries differ, in every carrier that Python reads."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_bridge.errors import MessageError
from device_bridge.wire import cose
from evidence import canonical, ed25519, ids, keys
from evidence.custody.log import note
from evidence.errors import EvidenceError
from evidence.statements import bodies, dsse, event, statement
from evidence.statements.bodies.body import Body
from tests.support import published
from tests.support.weak_signatures import CASES, SIGNERS, Signer

RETIRED = bodies.KeyRetire(ids.KeyId("ab" * 16))
EACH = pytest.mark.parametrize("signer", SIGNERS, ids=lambda one: one.name)


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["name"])
def test_the_cases_come_out_as_written(case: dict[str, Any]) -> None:
    key, message, signature = (bytes.fromhex(case[name]) for name in ("key", "msg", "sig"))
    assert ed25519.holds(key, message, signature) is case["expect"]


@EACH
@pytest.mark.parametrize("message", [b"", b"getuige", bytes(1000)], ids=["empty", "word", "long"])
def test_the_same_is_said_about_any_message(signer: Signer, message: bytes) -> None:
    assert ed25519.holds(signer.key, message, signer.sign(message)) is signer.expect


def test_what_has_another_size_is_no_signature_and_no_key() -> None:
    good = SIGNERS[0]
    signature = good.sign(b"")
    for key, other in (
        (good.key, signature[:-1]),
        (good.key, signature + b"\0"),
        (good.key[:-1], signature),
        (b"", b""),
    ):
        assert not ed25519.holds(key, b"", other)


def _envelope(signer: Signer, payload_type: str, body: bytes) -> dsse.Envelope:
    signature = canonical.b64(signer.sign(dsse.pae(payload_type, body)))
    named = dsse.Signature(keys.signing_kid(signer.key), ids.Base64(signature))
    return dsse.Envelope(ids.Base64(canonical.b64(body)), payload_type, (named,))


def _holds(signer: Signer, refusal: type[Exception], ask: Callable[[], object]) -> None:
    if signer.expect:
        ask()
        return
    with pytest.raises(refusal):
        ask()


def _signed(signer: Signer, kind: str, body: Body) -> dsse.Envelope:
    """A statement of `signer`, as `statement.sign` makes it."""
    made = statement.sign(keys.SigningKey.generate(), kind, body)
    members = canonical.decode(made.envelope.body)
    assert isinstance(members, dict)
    return _envelope(signer, dsse.STATEMENT_TYPE, canonical.encode({**members, "by": keys.signing_kid(signer.key)}))


@EACH
def test_a_certificate_by_the_root(signer: Signer) -> None:
    certificate = published.certificate(keys.Identity.generate(), "server", "Getuige")
    envelope = _signed(signer, "key.publish", certificate)
    root = {keys.signing_kid(signer.key): signer.key}
    _holds(signer, EvidenceError, lambda: statement.verified(statement.from_envelope(envelope), root))


@EACH
def test_a_statement(signer: Signer) -> None:
    envelope = _signed(signer, "key.retire", RETIRED)
    known = {keys.signing_kid(signer.key): signer.key}
    _holds(signer, EvidenceError, lambda: statement.verified(statement.from_envelope(envelope), known))


@EACH
def test_a_receipt(signer: Signer) -> None:
    said = statement.sign(keys.SigningKey.generate(), "key.retire", RETIRED)
    recorded = event.record(said, 0, ids.now())
    server = keys.SigningKey.generate()
    members = canonical.decode(event.issue(server, "log.example", recorded).body)
    assert isinstance(members, dict)
    payload = canonical.encode({**members, "by": keys.signing_kid(signer.key)})
    receipt = _envelope(signer, dsse.RECEIPT_TYPE, payload)

    def ask() -> None:
        event.check(receipt, recorded.event, recorded.salt, statement=said.id, origin="log.example", server=signer.key)

    _holds(signer, EvidenceError, ask)


@EACH
@pytest.mark.parametrize("kind", [note.KeyType.ED25519, note.KeyType.COSIGNATURE_V1], ids=["log", "witness"])
def test_a_line_under_a_head(signer: Signer, kind: note.KeyType) -> None:
    verifier = note.NoteVerifier("one.example", kind, signer.key)
    text = b"log.example\n1\n" + canonical.b64(bytes(32)).encode() + b"\n"
    if kind is note.KeyType.ED25519:
        signature = signer.sign(text)
    else:
        signature = (7).to_bytes(8, "big") + signer.sign(note.cosigned_message("one.example", kind, text, 7))
    line = note.NoteSignature("one.example", verifier.key_id, signature)
    _holds(signer, EvidenceError, lambda: verifier.verify(text, line))


@EACH
def test_what_a_device_says_and_what_a_bridge_says_to_it(signer: Signer) -> None:
    signed = cose.Sign1(b"payload", signer.sign(cose.to_be_signed(b"payload", "up/ab/1/a")))
    _holds(signer, MessageError, lambda: signed.verify(signer.key, "up/ab/1/a"))


def test_nothing_else_asks_a_library_about_a_signature() -> None:
    """A second place would be a second rule."""
    asks = re.compile(r"VerifyKey|Ed25519PublicKey|crypto_sign_(verify|open)|subtle\.verify\(\s*[\"'{].*Ed25519")
    project = Path(__file__).parents[3]
    files = [
        *(path for part in ("evidence", "server", "device_bridge") for path in (project / part).rglob("*.py")),
        *(project / "server/web/static").rglob("*.js"),
    ]
    found = {path.relative_to(project).as_posix() for path in files if asks.search(path.read_text("utf-8"))}
    assert found == {"evidence/ed25519.py", "server/web/static/core/sodium.js"}
