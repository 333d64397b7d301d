"""The browser's modules and the Python core are two implementations of one format: each opens what the other made.

Proven in Node (the same WebCrypto and libsodium files as the browser runs): Cobblestone-256 byte for byte, whole item
containers, key wraps, DSSE statements, locked keys, the authority of keys up to the root, and inclusion proofs. What
was changed, cut, re-wrapped or signed by somebody else is refused. All keys are made at run time.
"""

import base64
import dataclasses
import hashlib
import json
import secrets
from typing import Any

import pytest

from evidence import canonical, ids, keys, schema
from evidence.custody.log import merkle, note
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.tlogproof import TlogProof
from evidence.envelope import cobblestone, container, opening, padding, sealing
from evidence.envelope import meta as metas
from evidence.statements import bodies, dsse, event, statement
from tests.support import published as published_keys
from tests.support.incidents import photo
from tests.support.node_peer import CASE, TITLE, ask, b64, published, rich_incident, signer

pytestmark = pytest.mark.need("node")


SMALL_KDF = keys.Kdf.fresh(1, keys.MIN_MEMLIMIT)


def sealed(reader: keys.Identity, phone: keys.Identity, content: bytes | None) -> bytes:
    source = None if content is None else sealing.Content.of_bytes(content, "foto.jpg", "image/jpeg")
    meta = rich_incident() if content is None else photo(TITLE, happened="2026-05~", conduct=("volgen",))
    prepared = sealing.prepare(phone, CASE, meta, [reader.xwing_public], source)
    return b"".join(prepared.stream(source))


def test_canonical_bytes_are_the_same() -> None:
    value = {"b": [1, -2, 0, True, None], "a": 'é\u2028\u007f\b\n"\\ 🌷', "É": {}, "10": 2**53 - 1, "9": []}

    assert base64.b64decode(ask("canonical", value=value)["bytes"]) == canonical.encode(value)
    assert ask("canonical", value={"a": 1.5})["error"] == "FormatError"


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 3 * 16384, 1_200_000])
def test_cobblestone_is_the_same_byte_for_byte_both_ways(size: int) -> None:
    key, salt, plaintext = secrets.token_bytes(32), secrets.token_bytes(24), secrets.token_bytes(size)
    ours = b"".join(cobblestone.seal(key, b"context", salt, [plaintext]))

    theirs = ask("cobblestone_seal", key=b64(key), context="context", plaintext=b64(plaintext), salt=b64(salt))
    opened = ask("cobblestone_open", key=b64(key), context="context", sealed=b64(ours))

    assert base64.b64decode(theirs["sealed"]) == ours
    assert base64.b64decode(opened["plaintext"]) == plaintext


@pytest.mark.parametrize("size", [100, 40_000])
def test_a_changed_cut_or_misplaced_message_does_not_open(size: int) -> None:
    key, plaintext = secrets.token_bytes(32), secrets.token_bytes(size)
    message = b"".join(cobblestone.seal(key, b"context", secrets.token_bytes(24), [plaintext]))
    flipped = message[:-20] + bytes([message[-20] ^ 1]) + message[-19:]
    cut = message[: 56 + 16384 + 16] if size > 16384 else message[:60]

    wrong = [(key, "context", flipped), (key, "context", cut), (key, "other", message), (bytes(32), "context", message)]
    for wrong_key, context, bad in wrong:
        answer = ask("cobblestone_open", key=b64(wrong_key), context=context, sealed=b64(bad))
        assert answer["error"] == "LockError"


def test_padding_is_the_same() -> None:
    sizes = [*range(600), 1023, 1024, 1025, 65_537, 10**6 + 1, 2**31 + 12345, 2**40 + 1]

    assert ask("padme", sizes=sizes)["padded"] == [padding.padme(size) for size in sizes]


@pytest.mark.parametrize("content", [None, b"", secrets.token_bytes(50_001)])
def test_node_opens_what_python_sealed(content: bytes | None) -> None:
    reader, phone = keys.Identity.generate(), keys.Identity.generate()

    blob = sealed(reader, phone, content)
    answer = ask("open_item", bytes=b64(blob), seed=b64(reader.xwing_seed), signer=signer(phone))

    assert answer["meta"]["title"] == TITLE
    assert answer["meta"]["conduct"] == ["volgen"]
    if content is None:
        assert answer["meta"]["position"] == {"lat": "51.9244", "lon": "4.4777", "accuracy_m": 12}
    if content:
        assert base64.b64decode(answer["content"]) == content


def test_node_refuses_another_reader_another_signer_and_a_changed_description() -> None:
    reader, phone, other = (keys.Identity.generate() for _ in range(3))
    blob = sealed(reader, phone, b"photograph")
    changed = bytearray(blob)
    changed[container.parse_prefix(blob).size - 1] ^= 1

    def error(data: bytes, seed: bytes, author: keys.Identity) -> object:
        return ask("open_item", bytes=b64(data), seed=b64(seed), signer=signer(author)).get("error")

    assert error(blob, other.xwing_seed, phone) == "Error"
    assert error(blob, reader.xwing_seed, other) == "SignatureError"
    assert error(bytes(changed), reader.xwing_seed, phone) == "FormatError"
    assert error(blob[:-1], reader.xwing_seed, phone) == "FormatError"
    assert error(blob, reader.xwing_seed, phone) is None


@pytest.mark.parametrize("content", [None, secrets.token_bytes(40_000)])
def test_python_opens_what_node_sealed_and_sealing_again_gives_the_same_bytes(content: bytes | None) -> None:
    reader, author = keys.Identity.generate(), keys.Identity.generate()
    meta: dict[str, object] = {
        "v": 2,
        "kind": "incident",
        "source": "caseworker",
        "recorded": ids.now(),
        "title": "Verslag – één",
    }
    if content is not None:
        digest = hashlib.sha256(content).hexdigest()
        file = {"name": "verslag.pdf", "mime": "application/pdf", "size": len(content), "sha256": digest}
        meta |= {"kind": "file", "file": file}
    meta = schema.complete(metas.KINDS[str(meta["kind"])], meta)
    request = {
        "place": {"case": CASE, "item": ids.new_id(), "by": author.kid, "at": ids.now()},
        "seed": b64(author.sign_seed),
        "readers": [b64(reader.xwing_public)],
        "key": b64(secrets.token_bytes(32)),
        "meta": meta,
        "content": None if content is None else b64(content),
    }

    blob, again = (base64.b64decode(ask("seal_item", **request)["bytes"]) for _ in range(2))
    prefix = container.parse_prefix(blob)
    container.verify_head(prefix, author.sign_public)
    key = opening.content_key(prefix, reader)
    opened = opening.open_meta(prefix, key)

    assert opened.title == "Verslag – één"
    assert container.parse_prefix(again).meta_ciphertext == prefix.meta_ciphertext
    if content is not None:
        assert b"".join(opening.open_content(prefix, key, opened, [blob[prefix.size :]])) == content
        assert blob[prefix.size :] == again[container.parse_prefix(again).size :]


def test_the_page_opens_any_range_without_the_rest() -> None:
    phone, reader, data = keys.Identity.generate(), keys.Identity.generate(), secrets.token_bytes(70_000)
    source = sealing.Content.of_bytes(data, "clip.mp4", "video/mp4")
    prepared = sealing.prepare(phone, CASE, photo(kind="video"), [reader.xwing_public], source)
    blob = b"".join(prepared.stream(source))
    ranges = [(0, 0), (16383, 16384), (16384, 32767), (40_000, 69_999), (69_999, 69_999), (5, 69_000)]

    def ask_for(container_bytes: bytes, *wanted: tuple[int, int]) -> dict[str, Any]:
        return ask("open_ranges", bytes=b64(container_bytes), key=b64(prepared.content_key), ranges=wanted)

    answer = ask_for(blob, *ranges)

    assert [base64.b64decode(one) for one in answer["opened"]] == [data[first : last + 1] for first, last in ranges]
    assert answer["asked"][:4] == [56, 16_400, 56, 2 * 16_400]
    assert ask_for(blob, (0, 70_000))["error"] == "FormatError"
    assert ask_for(blob, (3, 2))["error"] == "FormatError"
    changed = blob[:-20] + bytes([blob[-20] ^ 1]) + blob[-19:]
    assert ask_for(changed, (69_999, 69_999))["error"] == "LockError"
    assert "error" not in ask_for(changed, (0, 1000))


def test_a_statement_signed_in_javascript_is_read_by_python_and_the_other_way_round() -> None:
    dispatcher, other = keys.Identity.generate(), keys.Identity.generate()
    members = {"sign": b64(dispatcher.sign_seed), "type": "alarm.close"}
    body = {"alarm": ids.new_id(), "reason": "genuine"}

    made = ask("statement", kase=CASE, body=body, **members)["envelope"]
    parsed = statement.parse(canonical.encode(made))
    statement.verified(parsed, {dispatcher.kid: dispatcher.sign_public})
    ours = statement.sign(dispatcher, "alarm.accept", bodies.AlarmAct(ids.AlarmId(ids.new_id())), case=CASE)

    assert (parsed.type, parsed.case, parsed.by) == ("alarm.close", CASE, dispatcher.kid)
    envelope = ours.envelope.to_json()
    assert ask("verify", envelope=envelope, signer=signer(dispatcher))["signers"] == [dispatcher.kid]
    assert ask("verify", envelope=envelope, signer=signer(other))["error"] == "SignatureError"
    forged = dsse.Envelope(ids.Base64(b64(b"{}")), ours.envelope.payloadType, ours.envelope.signatures).to_json()
    assert ask("verify", envelope=forged, signer=signer(dispatcher))["error"] == "SignatureError"


def test_a_locked_key_opens_with_its_phrase_only() -> None:
    identity, phrase = keys.Identity.generate(), " Één zin, ﬁjn "
    locked = json.loads(keys.lock(identity, "filomena", phrase, SMALL_KDF).to_bytes())

    opened = ask("unlock", phrase=phrase, locked=locked)

    assert opened == {"auth": locked["auth"], "kid": identity.kid, "opening_kid": identity.opening_kid}
    assert ask("unlock", phrase="een andere zin", locked=locked)["error"] == "LockError"
    locked["kdf"]["memlimit"] = 2**40
    assert ask("unlock", phrase=phrase, locked=locked)["error"] == "LockError"


def test_keys_count_only_when_the_pinned_root_leads_to_them() -> None:
    root, worker, invitation, phone, stranger, rogue = (keys.Identity.generate() for _ in range(6))

    def invite(author: keys.Identity, key: keys.Identity) -> statement.Statement:
        body = published_keys.invitation(invitation, key, ids.now())
        return statement.sign(author, "device.invite", body, case=CASE)

    def enrol(device: keys.Identity, key: keys.Identity) -> statement.Statement:
        body = bodies.DeviceEnrol(ids.DeviceId(ids.new_id()), ids.PublicKey(device.sign_public.hex()), key.kid)
        chain = statement.Chain(0, statement.FIRST_PREV)
        return statement.sign(device, "device.enrol", body, case=CASE, chain=chain, cosigner=key)

    statements = [
        published(root, worker, "caseworker"),
        published(rogue, stranger, "caseworker"),
        invite(worker, invitation),
        enrol(phone, invitation),
        enrol(stranger, rogue),
        statement.sign(root, "key.retire", bodies.KeyRetire(worker.kid)),
    ]
    events = [{"index": index, "envelope": made.envelope.to_json()} for index, made in enumerate(statements)]
    whom = [(worker.kid, 4), (worker.kid, 6), (phone.kid, 6), (stranger.kid, 6), (rogue.kid, 6)]

    answer = ask("authority", root=root.sign_public.hex(), events=events, whom=whom)

    assert answer["found"] == ["caseworker", None, "phone", None, None]
    assert [line.partition(":")[0] for line in answer["refused"]] == ["1", "4"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21])
def test_an_inclusion_proof_holds_for_its_own_event_and_log_only(size: int) -> None:
    log_key, other_key = (note.generate_key("getuige.example/log") for _ in range(2))
    author = keys.Identity.generate()
    acts = (bodies.AlarmAct(ids.AlarmId(ids.new_id())) for _ in range(size))
    statements = (statement.sign(author, "alarm.claim", act, case=CASE) for act in acts)
    recorded = [event.record(made, index, ids.now()) for index, made in enumerate(statements)]
    hashes = [merkle.leaf_hash(one.leaf) for one in recorded]

    def nodes(level: int, index: int) -> bytes:
        return merkle.fold(hashes[index << level : (index + 1) << level])

    signed = SignedCheckpoint.sign(Checkpoint("getuige.example/log", size, merkle.root_hash(size, nodes)), log_key)

    def holds(index: int, one: event.Recorded, vkey: str) -> object:
        hashes_up = merkle.inclusion_proof(index, size, nodes)
        proof = b64(TlogProof(index, hashes_up, signed.to_bytes()).to_bytes())
        answer = ask("proof", proof=proof, index=index, event=b64(one.event), salt=b64(one.salt), vkey=vkey)
        return answer.get("error", answer.get("size"))

    for index in {0, size // 2, size - 1}:
        assert holds(index, recorded[index], log_key.vkey) == size
    assert holds(0, recorded[0], other_key.vkey) == "SignatureError"
    forged = dataclasses.replace(recorded[0], salt=bytes(32))
    assert holds(0, forged, log_key.vkey) == "ProofError"
