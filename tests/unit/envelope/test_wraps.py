"""Key wraps by HPKE with X-Wing: they open for their reader, and no wrap can be moved, changed or relabelled.

Held here: vectors of the X-Wing draft and of the HPKE working group, round trips through a whole item, refusal of what
was moved or changed, one spelling of the suite, and that a reader with a bad key keeps nothing from the others.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.bindings._rust import openssl

from evidence import canonical, ids, keys, xwing
from evidence.envelope import container, opening, sealing, wraps
from evidence.errors import EvidenceError, FormatError
from evidence.statements import dsse
from tests.support import published
from tests.support.incidents import incident
from tests.vectors import operations

PHONE, HER, READER = (keys.Identity.generate() for _ in range(3))
CASE, ITEM, OTHER = ids.CaseId("c0" * 16), ids.ItemId("1e" * 16), ids.ItemId("0f" * 16)
KEY = bytes(range(32))
UNFIT = [canonical.unb64(one) for one in published.unfit()]


def published_vectors(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((Path(operations.FOLDER) / name).read_text())["vectors"]
    return vectors


@pytest.mark.parametrize("vector", published_vectors("xwing.json"), ids=lambda vector: vector["seed"][:8])
def test_public_keys_are_those_of_the_draft(vector: dict[str, str]) -> None:
    assert keys.OpeningKey(bytes.fromhex(vector["sk"])).xwing_public.hex() == vector["pk"]


def test_hpke_opens_the_vector_of_the_working_group() -> None:
    (vector,) = published_vectors("hpke_xwing.json")
    suite = b"HPKE" + b"".join(vector[name].to_bytes(2) for name in ("kem_id", "kdf_id", "aead_id"))
    assert suite.hex() == vector["suite_id"]
    private, first = xwing.PrivateKey(bytes.fromhex(vector["skRm"])), vector["encryptions"][0]
    assert private.public.hex() == vector["pkRm"]
    sealed = bytes.fromhex(vector["enc"] + first["ct"])
    # The published vector has additional data, which the public function of the library does not take.
    opened = openssl.hpke._decrypt_with_aad(
        xwing._SUITE, sealed, private._pair, bytes.fromhex(vector["info"]), bytes.fromhex(first["aad"])
    )
    assert opened.hex() == first["pt"]


def test_an_item_opens_for_each_of_its_readers_under_their_own_name() -> None:
    prepared = sealing.prepare(PHONE, CASE, incident(), [HER.xwing_public, READER.xwing_public])
    prefix = container.parse_prefix(prepared.prefix)
    assert [(wrap.to, wrap.suite) for wrap in prefix.head.wraps] == [(HER.opening_kid, 2), (READER.opening_kid, 2)]
    assert opening.content_key(prefix, HER) == opening.content_key(prefix, READER) == prepared.content_key
    assert prepared.left_out == ()
    with pytest.raises(wraps.WrapError):
        opening.content_key(prefix, PHONE)


def test_a_granted_wrap_opens_for_its_item_only() -> None:
    prepared = sealing.prepare(PHONE, CASE, incident(), [HER.xwing_public])
    prefix = container.parse_prefix(prepared.prefix)
    good = published.given(prepared.content_key, CASE, prefix.head.item, READER)
    assert opening.content_key(prefix, READER, good) == prepared.content_key
    with pytest.raises(wraps.WrapError):
        opening.content_key(prefix, READER, published.given(prepared.content_key, CASE, OTHER, READER))


def test_what_was_moved_or_changed_does_not_open() -> None:
    wrapped = wraps.wrap(KEY, CASE, ITEM, READER.xwing_public)
    assert wraps.unwrap(wrapped, CASE, ITEM, READER) == KEY
    raw = canonical.unb64(wrapped)
    assert len(raw) == xwing.ENCAPSULATED_BYTES + 32 + 16
    changed = []
    for offset in (0, 500, 1087, 1088, 1119, 1120, len(raw) - 1):
        data = bytearray(raw)
        data[offset] ^= 1
        changed.append((ids.Base64(canonical.b64(bytes(data))), CASE, ITEM, READER))
    for bad in [
        *changed,
        (wrapped, CASE, OTHER, READER),
        (wrapped, ids.CaseId(OTHER), ITEM, READER),
        (wrapped, CASE, ITEM, HER),
        (ids.Base64(canonical.b64(raw[:-1])), CASE, ITEM, READER),
        (ids.Base64(""), CASE, ITEM, READER),
        (ids.Base64("no base64"), CASE, ITEM, READER),
        (wraps.wrap(KEY + b"!", CASE, ITEM, READER.xwing_public), CASE, ITEM, READER),
    ]:
        with pytest.raises(wraps.WrapError):
            wraps.unwrap(*bad)


def test_the_two_seeds_of_an_identity_have_nothing_to_do_with_each_other() -> None:
    """A machine that finds a signing seed one day opens nothing with it."""
    other = keys.Identity(HER.sign_seed, READER.xwing_seed)
    assert (other.kid, other.opening_kid) == (HER.kid, READER.opening_kid)
    kdf = keys.Kdf.fresh(1, keys.MIN_MEMLIMIT)
    assert keys.lock(other, "noor", "bado kemi", kdf).unlock("bado kemi") == other
    assert not {HER.sign_seed.hex(), HER.xwing_seed.hex()} & set(repr(HER).split("'"))


def test_a_shared_desk_key_opens_what_was_sealed_to_the_desk() -> None:
    desk = keys.Identity.generate()
    shared = wraps.wrap(desk.xwing_seed, wraps.NO_ID, wraps.NO_ID, READER.xwing_public)
    card = wraps.wrap(KEY, CASE, ITEM, desk.xwing_public)
    given = keys.OpeningKey(wraps.unwrap(shared, wraps.NO_ID, wraps.NO_ID, READER))
    assert given.opening_kid == desk.opening_kid
    assert wraps.unwrap(card, CASE, ITEM, given) == KEY


@pytest.mark.parametrize("key", UNFIT)
def test_a_key_that_nothing_can_be_wrapped_to_is_refused(key: bytes) -> None:
    with pytest.raises(FormatError):
        wraps.wrap(KEY, CASE, ITEM, key)
    with pytest.raises(FormatError):
        xwing.check_public(key)


@pytest.mark.parametrize("key", UNFIT)
def test_a_reader_with_a_bad_key_is_left_out_and_named(key: bytes) -> None:
    """One bad key costs one reader: wherever it stands, everybody else has the item."""
    for readers in ([key, HER.xwing_public], [HER.xwing_public, key, READER.xwing_public]):
        prepared = sealing.prepare(PHONE, CASE, incident(), readers)
        wrapped = container.parse_prefix(prepared.prefix).head.wraps
        assert [wrap.to for wrap in wrapped] == [keys.opening_kid(one) for one in readers if one != key]
        assert prepared.left_out == (keys.opening_kid(key),)
        assert opening.content_key(container.parse_prefix(prepared.prefix), HER) == prepared.content_key


def test_an_item_that_nobody_could_open_is_not_sealed() -> None:
    with pytest.raises(wraps.ReaderError):
        sealing.prepare(PHONE, CASE, incident(), UNFIT)


@pytest.mark.parametrize("suite", [None, 1, 3, "2", True, 2.0])
def test_a_suite_has_one_spelling_and_is_never_absent(suite: object) -> None:
    prepared = sealing.prepare(PHONE, CASE, incident(), [HER.xwing_public])
    head = container.parse_prefix(prepared.prefix)
    members = json.loads(head.envelope.body)
    members["wraps"][0]["suite"] = suite
    if suite is None:
        del members["wraps"][0]["suite"]
    forged = dsse.sign(dsse.ITEM_HEAD_TYPE, json.dumps(members).encode(), PHONE).to_bytes()
    with pytest.raises(EvidenceError):
        container.parse_prefix(container.frame(forged) + head.meta_ciphertext)


def test_a_head_holds_a_hundred_and_twenty_readers() -> None:
    """What the cap of a head means in people; more of them are served by grants."""
    prepared = sealing.prepare(PHONE, CASE, incident(), [HER.xwing_public] * 120)
    assert len(container.parse_prefix(prepared.prefix).head_bytes) <= container.MAX_HEAD_BYTES
