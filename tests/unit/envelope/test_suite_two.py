"""Suite 2: wraps by HPKE with X-Wing. The library agrees with the published vectors, and no wrap can be taken down.

Held here: vectors of the X-Wing draft and of the HPKE working group, round trips through a whole item, refusal of what
was moved, changed or labelled as another suite, and a private key that does not follow from the X25519 key.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke

from evidence import canonical, ids, keys, xwing
from evidence.envelope import container, opening, sealing, wraps
from evidence.envelope.wraps import BoxKeys, Reader
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, dsse
from evidence.statements.errors import NotAllowedError
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.vectors import operations

PHONE, HER, READER = (keys.Identity.generate() for _ in range(3))
CASE, ITEM, OTHER = ids.CaseId("c0" * 16), ids.ItemId("1e" * 16), ids.ItemId("0f" * 16)
KEY = bytes(range(32))


def published(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((operations.FOLDER / name).read_text())["vectors"]
    return vectors


@pytest.mark.parametrize("vector", published("xwing.json"), ids=lambda vector: vector["seed"][:8])
def test_public_keys_are_those_of_the_draft(vector: dict[str, str]) -> None:
    assert xwing.public_of(bytes.fromhex(vector["sk"])).hex() == vector["pk"]


def test_hpke_opens_the_vector_of_the_working_group() -> None:
    (vector,) = published("hpke_xwing.json")
    suite = b"HPKE" + b"".join(vector[name].to_bytes(2) for name in ("kem_id", "kdf_id", "aead_id"))
    assert suite.hex() == vector["suite_id"]
    seed, first = bytes.fromhex(vector["skRm"]), vector["encryptions"][0]
    assert xwing.public_of(seed).hex() == vector["pkRm"]
    sealed = bytes.fromhex(vector["enc"] + first["ct"])
    private = hpke.MLKEM768X25519PrivateKey(*xwing._private(seed))
    # The published vector has additional data, which the public function of the library does not take.
    opened = openssl.hpke._decrypt_with_aad(
        xwing._SUITE, sealed, private, bytes.fromhex(vector["info"]), bytes.fromhex(first["aad"])
    )
    assert opened.hex() == first["pt"]


def test_an_item_for_readers_of_both_suites_opens_for_both() -> None:
    readers: list[bytes | Reader] = [Reader.of(HER, hybrid=True), READER.box_public]
    prepared = sealing.prepare(PHONE, CASE, incident(), readers)
    prefix = container.parse_prefix(prepared.prefix)
    assert [wrap.suite for wrap in prefix.head.wraps] == [2, None]
    assert opening.content_key(prefix, HER) == opening.content_key(prefix, READER) == prepared.content_key


def test_a_grant_in_suite_two_opens() -> None:
    prepared = sealing.prepare(PHONE, CASE, incident(), [HER.box_public])
    prefix = container.parse_prefix(prepared.prefix)
    head = prefix.head
    given = Reader.of(READER, hybrid=True)
    wrapped = wraps.wrap_for(prepared.content_key, head.case, head.item, given)
    assert opening.content_key(prefix, READER, bodies.GrantedItem(head.item, wrapped, 2)) == prepared.content_key
    with pytest.raises(wraps.WrapError):
        opening.content_key(prefix, READER, bodies.GrantedItem(head.item, wrapped))


def test_what_was_moved_changed_or_relabelled_does_not_open() -> None:
    wrapped = wraps.wrap_for(KEY, CASE, ITEM, Reader.of(READER, hybrid=True))
    assert wraps.unwrap(wrapped, CASE, ITEM, READER, 2) == KEY
    raw = canonical.unb64(wrapped)
    assert len(raw) == xwing.ENCAPSULATED_BYTES + 32 + 16
    changed = []
    for offset in (0, 500, 1087, 1088, 1119, 1120, len(raw) - 1):
        data = bytearray(raw)
        data[offset] ^= 1
        changed.append((canonical.b64(bytes(data)), CASE, ITEM, READER, 2))
    old = wraps.wrap(KEY, CASE, ITEM, READER.box_public)
    for bad in [
        *changed,
        (wrapped, CASE, OTHER, READER, 2),
        (wrapped, ids.CaseId(OTHER), ITEM, READER, 2),
        (wrapped, CASE, ITEM, HER, 2),
        (wrapped, CASE, ITEM, READER, None),
        (old, CASE, ITEM, READER, 2),
        (canonical.b64(raw[:-1]), CASE, ITEM, READER, 2),
        (canonical.b64(b""), CASE, ITEM, READER, 2),
        (wrapped, CASE, ITEM, BoxKeys(READER.box_seed), 2),
    ]:
        with pytest.raises(wraps.WrapError):
            wraps.unwrap(*bad)  # type: ignore[arg-type] # one list for all the ways


def test_the_private_key_does_not_follow_from_the_x25519_key() -> None:
    """A quantum computer turns a public X25519 key into its seed; that must not be the seed of suite 2 as well."""
    same_box = keys.Identity(HER.sign_seed, READER.box_seed)
    assert same_box.box_public == READER.box_public
    assert xwing.seed_of(same_box) != xwing.seed_of(READER)
    assert xwing.seed_of(READER) == BoxKeys.of(READER).xwing_seed


def test_a_shared_desk_key_is_given_in_suite_two() -> None:
    desk = keys.Identity.generate()
    seed = xwing.seed_of(desk)
    public = xwing.public_of(seed)
    sealed = wraps.wrap_for(seed, wraps.NO_ID, wraps.NO_ID, Reader.of(READER, hybrid=True))
    card = wraps.wrap_for(KEY, CASE, ITEM, Reader(desk.box_public, public))
    given = BoxKeys(desk.box_seed, wraps.unwrap(sealed, wraps.NO_ID, wraps.NO_ID, READER, 2))
    assert wraps.unwrap(card, CASE, ITEM, given, 2) == KEY


@pytest.mark.parametrize("public", [b"", bytes(1215), b"\xff" * 1216])
def test_what_is_no_public_key_is_refused(public: bytes) -> None:
    with pytest.raises(FormatError):
        wraps.wrap_for(KEY, CASE, ITEM, Reader(HER.box_public, public))


def hybrid(identity: keys.Identity) -> ids.Base64:
    return ids.Base64(canonical.b64(xwing.public_of(xwing.seed_of(identity))))


def opened_case(book: Organisation, vault: keys.Identity, **options: Any) -> ids.CaseId:  # noqa: ANN401 - members of CaseOpen
    case = ids.CaseId(ids.new_id())
    public = (ids.PublicKey(vault.box_public.hex()), ids.PublicKey(vault.sign_public.hex()))
    book.act(
        book.caseworker, "case.open", bodies.CaseOpen(*public, book.team, book.caseworker.kid, **options), case=case
    )
    return case


def sealed_by(book: Organisation, who: keys.Identity, case: ids.CaseId) -> ids.ItemId:
    prepared = sealing.prepare(who, case, incident(), [Reader.of(HER, hybrid=True)])
    head = container.parse_prefix(prepared.prefix)
    blob = bodies.Blob(ids.Sha256(hashlib.sha256(prepared.prefix).hexdigest()), len(prepared.prefix))
    body = bodies.ItemSeal(head.head.item, blob, blob, head.head.meta)
    book.act(who, "item.seal", body, case=case)
    return head.head.item


def test_a_grant_in_suite_two_is_for_a_reader_with_the_key_for_it(tmp_path: Path) -> None:
    book = Organisation(tmp_path)
    vault, modern = keys.Identity.generate(), keys.Identity.generate()
    subject, sign = ids.SubjectId(ids.new_id()), ids.PublicKey(modern.sign_public.hex())
    box = ids.PublicKey(modern.box_public.hex())
    book.act(
        book.root,
        "key.publish",
        bodies.KeyPublish(subject, "investigator", "M. Modern", sign, box, xwing=hybrid(modern)),
    )
    case = opened_case(book, vault, xwing=hybrid(vault))
    item = sealed_by(book, book.caseworker, case)

    def grant(reader: keys.Identity, wrapped: bodies.GrantedItem) -> None:
        given = bodies.Grant(
            ids.GrantId(ids.new_id()),
            reader.kid,
            ids.PublicKey(reader.box_public.hex()),
            "aangifte",
            ids.Time("2099-01-01T00:00:00.000Z"),
            (wrapped,),
        )
        book.act(vault, "grant", given, case=case)

    good = bodies.GrantedItem(item, wraps.wrap_for(KEY, case, item, Reader.of(modern, hybrid=True)), 2)
    with pytest.raises(NotAllowedError, match="no X-Wing key"):
        grant(book.investigator, good)
    grant(modern, good)
    assert book.standing.readable(modern.kid, case, ids.now()) == {item: good}


def test_a_case_opens_only_with_a_key_that_works(tmp_path: Path) -> None:
    book, vault = Organisation(tmp_path), keys.Identity.generate()
    with pytest.raises(NotAllowedError, match="no X-Wing public key"):
        opened_case(book, vault, xwing=canonical.b64(bytes(1215)))
    opened_case(book, vault, xwing=hybrid(vault))


@pytest.mark.parametrize("suite", [1, 3, "2", True])
def test_a_suite_has_one_spelling(suite: object) -> None:
    prepared = sealing.prepare(PHONE, CASE, incident(), [Reader.of(HER, hybrid=True)])
    head = container.parse_prefix(prepared.prefix)
    members = canonical.decode(head.envelope.body)
    members["wraps"][0]["suite"] = suite
    forged = dsse.sign(dsse.ITEM_HEAD_TYPE, canonical.encode(members), PHONE).to_bytes()
    with pytest.raises(EvidenceError):
        container.parse_prefix(container.frame(forged) + head.meta_ciphertext)
