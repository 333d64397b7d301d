"""ML-DSA-44 cosignatures are those of c2sp.org/tlog-cosignature, and count in policies and witnesses as others do."""

import base64
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from evidence.custody.errors import KeyFormatError, PolicyError, QuorumError, SignatureError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import KeyType, Note, NoteSignature, NoteSigner, NoteVerifier, generate_key
from evidence.custody.witnessing.policy import Policy
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from server.witness.folder import WitnessFolder
from tests.support.heads import MemoryHeadStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOG = generate_key("getuige.example/log")
COSIGNER = NoteSigner("witness.example/pq", KeyType.ML_DSA_44, bytes([1]) * 32)
HEAD = SignedCheckpoint.sign(Checkpoint(LOG.name, 3, bytes(range(32))), LOG)
POLICY = Policy.parse(f"log {LOG.vkey}\nwitness PQ {COSIGNER.vkey}\nquorum PQ\n")


def cosigned(at: datetime = NOW) -> SignedCheckpoint:
    return HEAD.with_signatures([COSIGNER.cosign(HEAD.checkpoint.body, at)])


def test_the_message_is_the_specification_s() -> None:
    """Put together here by hand, and verified by the library alone."""
    line = COSIGNER.cosign(HEAD.checkpoint.body, NOW)
    seconds = int(NOW.timestamp())
    assert line.signature[:8] == struct.pack(">Q", seconds)
    assert len(line.signature) == 8 + 2420
    name, origin = COSIGNER.name.encode(), LOG.name.encode()
    message = b"subtree/v1\n\0" + struct.pack(f">B{len(name)}sQ", len(name), name, seconds)
    message += struct.pack(f">B{len(origin)}sQQ32s", len(origin), origin, 0, 3, bytes(range(32)))
    MLDSA44PublicKey.from_public_bytes(COSIGNER.verifier.public_key).verify(line.signature[8:], message)


def test_keys_as_text() -> None:
    name, key_id, encoded = COSIGNER.vkey.split("+", 2)
    assert (name, base64.b64decode(encoded)[0], len(base64.b64decode(encoded))) == (COSIGNER.name, 6, 1313)
    assert NoteVerifier.parse(COSIGNER.vkey) == COSIGNER.verifier
    assert NoteSigner.parse(COSIGNER.skey) == COSIGNER
    assert COSIGNER.verifier.key_id.hex() == key_id
    page = (Path(__file__).parents[3] / "docs" / "formats" / "custody-log.md").read_text(encoding="utf-8")
    assert f"the key id is `{key_id}`" in page
    with pytest.raises(KeyFormatError):
        NoteVerifier("w.example", KeyType.ML_DSA_44, bytes(32))
    with pytest.raises(KeyFormatError):
        COSIGNER.sign(b"a log's signature\n")


def test_a_policy_counts_it() -> None:
    believed = POLICY.verify(cosigned().to_bytes())
    assert [(one.witness, one.at) for one in believed.cosigned] == [("PQ", NOW)]
    with pytest.raises(QuorumError):
        POLICY.verify(HEAD.to_bytes())
    with pytest.raises(PolicyError):
        Policy.parse(f"log {COSIGNER.vkey}\nquorum none\n")


@pytest.mark.parametrize("place", [0, 7, 8, 100, 2427])
def test_a_changed_byte_spoils_it(place: int) -> None:
    line = COSIGNER.cosign(HEAD.checkpoint.body, NOW)
    changed = bytearray(line.signature)
    changed[place] ^= 1
    forged = HEAD.with_signatures([NoteSignature(line.name, line.key_id, bytes(changed))])
    with pytest.raises(SignatureError):
        POLICY.verify(forged.to_bytes())


def test_a_cosignature_is_of_one_head_one_log_and_one_name() -> None:
    line = COSIGNER.cosign(HEAD.checkpoint.body, NOW)
    others = [Checkpoint(LOG.name, 4, bytes(range(32))), Checkpoint("x.example", 3, bytes(range(32)))]
    for other in (*others, Checkpoint(LOG.name, 3, bytes(32))):
        with pytest.raises(SignatureError):
            COSIGNER.verifier.verify(other.body, line)
    renamed = NoteSigner("witness.example/other", KeyType.ML_DSA_44, COSIGNER.seed).verifier
    with pytest.raises(SignatureError):
        renamed.verify(HEAD.checkpoint.body, NoteSignature(renamed.name, renamed.key_id, line.signature))
    for text in (b"no checkpoint\n", b"a\nb\nc\n", b"a\n-1\nAAAA\n", b"\xff\n"):
        with pytest.raises(SignatureError):
            COSIGNER.verifier.verify(text, line)


def test_one_without_a_time_does_not_count() -> None:
    """It says that the head is consistent, and not that it is the newest."""
    with pytest.raises(QuorumError):
        POLICY.verify(cosigned(datetime(1970, 1, 1, tzinfo=UTC)).to_bytes())


def test_a_witness_with_such_a_key_cosigns_a_log(tmp_path: Path) -> None:
    home = WitnessFolder(tmp_path / "witness")
    signer = home.create("w.example/pq", KeyType.ML_DSA_44)
    witness = home.open([LOG.verifier])
    assert witness.verifier == signer.verifier == NoteVerifier.parse(home.vkey.read_text().strip())
    ed25519 = generate_key("w.example/ed", KeyType.COSIGNATURE_V1)
    both = [witness, Witness(ed25519, FileWitnessState(tmp_path / "ed"), [LOG.verifier])]
    integrator = Integrator(tmp_path / "log", LOG, MemoryHeadStore(), both)
    head = integrator.integrate([b"one", b"two"])
    head = integrator.integrate([b"three"])
    text = f"log {LOG.vkey}\nwitness A {signer.vkey}\nwitness B {ed25519.vkey}\ngroup G all A B\nquorum G\n"
    assert {one.witness for one in Policy.parse(text).verify(head.to_bytes()).cosigned} == {"A", "B"}
    assert Note.parse(head.to_bytes()) == head.note
