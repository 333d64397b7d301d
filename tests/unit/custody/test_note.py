"""Signed notes: the specification's example verifies, unknown lines are ignored, malformed notes are refused."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.custody.errors import KeyFormatError, NoteError, SignatureError
from evidence.custody.log.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    KeyType,
    Note,
    NoteSignature,
    NoteSigner,
    NoteVerifier,
    generate_key,
)

SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
# The public key of a witness that others run; its key id was computed by them.
FOREIGN_COSIGNER = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
TEXT = b"log.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"


def test_the_example_of_the_specification_verifies() -> None:
    note = Note.parse(SPEC_NOTE)
    (signed,) = NoteVerifier.parse(SPEC_VKEY).verify_note(note)
    assert (signed.name, signed.key_id.hex(), signed.at) == ("example.com/foo", "530d903a", None)
    assert note.to_bytes() == SPEC_NOTE


def test_the_text_ends_at_the_last_empty_line() -> None:
    text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n".encode()
    key = generate_key("quasimodo.example/salvatore")
    note = Note.parse(Note(text, (key.sign(text),)).to_bytes())
    assert note.text == text
    assert len(key.verifier.verify_note(note)) == 1


def test_a_foreign_cosigner_key_has_the_key_id_that_we_compute() -> None:
    verifier = NoteVerifier.parse(FOREIGN_COSIGNER)
    assert verifier.kind is KeyType.COSIGNATURE_V1
    assert verifier.vkey == FOREIGN_COSIGNER


def test_a_cosignature_is_built_as_tlog_cosignature_says() -> None:
    """Built a second time with another library and by hand."""
    seed = bytes(range(32))
    line = NoteSigner("witness.example/w1", KeyType.COSIGNATURE_V1, seed).cosign(TEXT, NOW).line
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key_id = hashlib.sha256(b"witness.example/w1\n\x04" + private.public_key().public_bytes_raw()).digest()[:4]
    message = b"cosignature/v1\ntime 1777897815\n" + TEXT
    blob = key_id + (1777897815).to_bytes(8, "big") + private.sign(message)
    assert line == f"— witness.example/w1 {base64.b64encode(blob).decode()}\n"


def test_a_cosignature_states_its_time() -> None:
    key = generate_key("w.example", KeyType.COSIGNATURE_V1)
    (signed,) = key.verifier.verify_note(Note(TEXT, (key.cosign(TEXT, NOW + timedelta(microseconds=7)),)))
    assert signed.at == NOW


@pytest.mark.parametrize("position", range(0, 72, 5))
def test_a_changed_cosignature_spoils_the_note(position: int) -> None:
    key = generate_key("w.example", KeyType.COSIGNATURE_V1)
    good = key.cosign(TEXT, NOW)
    changed = bytearray(good.signature)
    changed[position] ^= 1
    bad = NoteSignature(good.name, good.key_id, bytes(changed))
    with pytest.raises(SignatureError):
        key.verifier.verify_note(Note(TEXT, (good, bad)))


@pytest.mark.parametrize("length", [1, 7, 8, 63, 64, 71, 73])
def test_a_signature_of_another_length_spoils_the_note(length: int) -> None:
    for kind in KeyType:
        key = generate_key("w.example", kind)
        if (kind, length) != (KeyType.ED25519, 64):
            line = NoteSignature(key.name, key.verifier.key_id, bytes(length))
            with pytest.raises(SignatureError):
                key.verifier.verify_note(Note(TEXT, (line,)))


def test_a_time_beyond_any_calendar_is_refused() -> None:
    key = generate_key("w.example", KeyType.COSIGNATURE_V1)
    for stamp in (b"\xff" * 8, b"\x7f" + b"\xff" * 7):
        line = NoteSignature(key.name, key.verifier.key_id, stamp + bytes(64))
        with pytest.raises(SignatureError):
            key.verifier.verify_note(Note(TEXT, (line,)))


def test_lines_of_unknown_keys_are_ignored_even_with_a_known_name_or_id() -> None:
    key = generate_key("log.example")
    same_name, same_id = generate_key("log.example"), NoteSignature("other.example", key.verifier.key_id, bytes(64))
    note = Note(TEXT, (same_name.sign(TEXT), same_id, NoteSignature("x.example", b"abcd", b"?"), key.sign(TEXT)))
    assert [by.name for by in key.verifier.verify_note(Note.parse(note.to_bytes()))] == ["log.example"]
    assert generate_key("log.example").verifier.verify_note(note) == ()


def test_a_signature_over_another_text_does_not_verify() -> None:
    key = generate_key("log.example")
    with pytest.raises(SignatureError):
        key.verifier.verify_note(Note(TEXT + b"x\n", (key.sign(TEXT),)))
    with pytest.raises(SignatureError):
        generate_key("log.example").verifier.verify(TEXT, key.sign(TEXT))


def test_a_key_signs_only_in_its_role() -> None:
    with pytest.raises(KeyFormatError):
        generate_key("a.example").cosign(TEXT, NOW)
    with pytest.raises(KeyFormatError):
        generate_key("a.example", KeyType.COSIGNATURE_V1).sign(TEXT)
    with pytest.raises(KeyFormatError):
        generate_key("a.example", KeyType.COSIGNATURE_V1).cosign(TEXT, NOW.replace(tzinfo=None))


def test_a_private_key_does_not_show_itself() -> None:
    key = generate_key("a.example")
    assert key.seed.hex() not in repr(key)
    assert repr(key.seed) not in repr(key)
    assert key.skey not in repr(key)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\u3000", "a\nb", "a\x00b", "x" * 256])
def test_a_key_name_has_neither_spaces_nor_plus_signs(name: str) -> None:
    with pytest.raises(KeyFormatError):
        generate_key(name)


LINE = SPEC_NOTE.decode().split("\n\n")[1]


@pytest.mark.parametrize(
    "note",
    [
        "", "\n", "\n\n", "text\n", "text\n\n", f"text\n{LINE}", f"text\n\n{LINE[:-1]}", f"text\n\n{LINE}\n",
        f"text\r\n\n{LINE}", f"te\txt\n\n{LINE}", f"text\n\n{LINE}\n\n", f"text\n\n{LINE}extra\n",
        f"text\n\n{LINE.replace('—', '-')}", f"text\n\n{LINE.replace(' ', '  ', 1)}", f"text\n\n {LINE}",
        f"text\n\n{LINE.replace('example.com/foo', 'a+b')}", f"text\n\n{LINE.replace('example.com/foo', '')}",
        f"text\n\n{LINE.replace('=', '')}", f"text\n\n{LINE.replace('QM=', 'QN=')}", "text\n\n— a AAAA\n",
        "text\n\n— a AAAAAA==\n", "text\n\n— a \n", "text\n\n— a ####\n", "text\n\n— a\u00a0b AAAAAAAA\n",
    ],
)  # fmt: skip
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        Note.parse(note.encode())


def test_a_note_is_utf8_and_has_limits() -> None:
    with pytest.raises(NoteError):
        Note.parse(b"\xff\n\n" + LINE.encode())
    with pytest.raises(NoteError):
        Note.parse(b"x" * MAX_NOTE_BYTES + b"\n\n" + LINE.encode())
    assert len(Note.parse(b"text\n\n" + LINE.encode() * MAX_SIGNATURES).signatures) == MAX_SIGNATURES
    with pytest.raises(NoteError):
        Note.parse(b"text\n\n" + LINE.encode() * (MAX_SIGNATURES + 1))


@pytest.mark.parametrize(
    "vkey",
    [
        "", "a+b", SPEC_VKEY.replace("530d903a", "530d903b"), SPEC_VKEY.replace("530d903a", "530D903A"),
        SPEC_VKEY.replace("foo", "bar"), SPEC_VKEY[:-1], SPEC_VKEY + "=", SPEC_VKEY.replace("+Ae", "+Ag"),
        SPEC_VKEY + "\n", "x" * 5000, "a+00000000+", "a+00000000+AQ==", "é+00000000+é", "\ud800+00000000+AQ==",
    ],
)  # fmt: skip
def test_a_malformed_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(KeyFormatError):
        NoteVerifier.parse(vkey)


def test_a_malformed_signer_key_is_refused() -> None:
    key = generate_key("a.example")
    for skey in ("", key.vkey, key.skey[:-2], key.skey.replace("a.example", "b.example"), "PRIVATE+KEY+"):
        with pytest.raises(KeyFormatError):
            NoteSigner.parse(skey)
