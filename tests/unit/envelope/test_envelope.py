"""An item seals to the same bytes again, opens for its readers only, and any change shows."""

import io
import itertools
from collections.abc import Iterator

import pytest
from cryptography.cobblestone import Cobblestone256Encryptor
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import ids, keys, schema
from evidence.envelope import cobblestone, container, opening, padding, sealing, wraps
from evidence.envelope.meta import Media
from evidence.errors import EvidenceError
from evidence.statements import bodies
from tests.support.incidents import incident
from tests.support.sizes import examples

PHONE, VAULT, STRANGER = (keys.Identity.generate() for _ in range(3))
CASE = ids.CaseId(ids.new_id())
META = Media(kind="photo", source="victim", recorded=ids.now(), title="Brief onder de deur")


def sealed(data: bytes | None) -> tuple[bytes, sealing.Prepared]:
    content = None if data is None else sealing.Content.of_bytes(data, "brief.jpg", "image/jpeg")
    prepared = sealing.prepare(PHONE, CASE, META, [VAULT.xwing_public], content)
    out = io.BytesIO()
    body = sealing.write(prepared, content, out)
    prefix = container.parse_prefix(out.getvalue())
    container.verify_head(prefix, PHONE.sign_public)
    container.check_against(prefix, CASE, PHONE.kid, body)
    again = io.BytesIO()
    assert sealing.write(prepared, content, again) == body
    assert again.getvalue() == out.getvalue()
    return out.getvalue(), prepared


def unseal(raw: bytes, reader: keys.Identity = VAULT) -> bytes:
    prefix = container.parse_prefix(raw)
    container.verify_head(prefix, PHONE.sign_public)
    key = opening.content_key(prefix, reader)
    meta = opening.open_meta(prefix, key)
    return b"".join(opening.open_content(prefix, key, meta, [raw[prefix.size :]]))


@settings(max_examples=examples(30))
@given(st.binary(max_size=70_000))
def test_what_was_sealed_opens(data: bytes) -> None:
    raw, _ = sealed(data)
    assert unseal(raw) == data
    prefix = container.parse_prefix(raw)
    assert len(raw) == prefix.container_size


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 100_000])
def test_our_sealing_is_the_librarys_sealing_with_the_salt_given(size: int) -> None:
    key, plain = bytes(range(32)), bytes(size)
    encryptor = Cobblestone256Encryptor(key, b"context")
    theirs = bytes(encryptor.update(plain)) + bytes(encryptor.finalize())
    ours = b"".join(cobblestone.seal(key, b"context", theirs[: cobblestone.SALT_BYTES], [plain[:7], plain[7:]]))
    assert ours == theirs
    assert len(ours) == cobblestone.ciphertext_size(size)


def test_a_stranger_opens_nothing() -> None:
    raw, _ = sealed(b"geheim")
    with pytest.raises(wraps.WrapError):
        unseal(raw, STRANGER)


def test_a_wrap_of_another_item_is_refused() -> None:
    first, _ = sealed(b"een")
    second, prepared = sealed(b"twee")
    item = container.parse_prefix(first).head.item
    moved = bodies.GrantedItem(item, wraps.wrap(prepared.content_key, CASE, item, VAULT.xwing_public), wraps.SUITE)
    with pytest.raises(wraps.WrapError, match="another item"):
        opening.content_key(container.parse_prefix(second), VAULT, moved)


def test_a_cut_upload_leaves_an_authentic_readable_beginning() -> None:
    data = bytes(range(256)) * 1000
    raw, _ = sealed(data)
    prefix = container.parse_prefix(raw)
    cut = raw[: prefix.size + cobblestone.HEADER_BYTES + 3 * (cobblestone.CHUNK_BYTES + cobblestone.TAG_BYTES) + 5]
    key = opening.content_key(prefix, VAULT)
    meta = opening.open_meta(container.parse_prefix(cut), key)
    arrived = bytearray()
    pieces = opening.open_content(prefix, key, meta, [cut[prefix.size :]])
    with pytest.raises(cobblestone.OpenError):
        collect(pieces, arrived)
    assert len(arrived) >= 2 * cobblestone.CHUNK_BYTES
    assert data.startswith(bytes(arrived))


def collect(pieces: Iterator[bytes], into: bytearray) -> None:
    for piece in pieces:
        into += piece


def test_every_flipped_byte_is_found() -> None:
    raw, _ = sealed(b"klein bestand")
    for offset in itertools.chain(range(0, len(raw), 37), range(len(raw) - 40, len(raw))):
        changed = bytearray(raw)
        changed[offset] ^= 0x20
        with pytest.raises(EvidenceError):
            unseal(bytes(changed))


def test_a_changed_file_is_not_sealed_as_the_old_one() -> None:
    prepared = sealing.prepare(
        PHONE, CASE, META, [VAULT.xwing_public], sealing.Content.of_bytes(b"voor", "a", "text/plain")
    )
    with pytest.raises(sealing.ChangedError):
        sealing.write(prepared, sealing.Content.of_bytes(b"na  ", "a", "text/plain"), io.BytesIO())


def test_short_incidents_look_alike_from_outside() -> None:
    sizes = set()
    for text in ("", "Hij belde.", "Hij belde weer, en nog eens, en stond toen voor de deur." * 5):
        prepared = sealing.prepare(PHONE, CASE, incident(text=text), [VAULT.xwing_public])
        sizes.add(container.parse_prefix(prepared.prefix).head.meta.size)
    assert len(sizes) == 1


@given(st.integers(0, 2**40))
def test_padding_costs_at_most_an_eighth(size: int) -> None:
    padded = padding.padme(size)
    assert size <= padded <= size + max(size // 8, 1)
    assert padding.padme(padded) == padded


@settings(max_examples=examples(300))
@given(st.binary(max_size=400) | st.binary(max_size=300).map(lambda tail: container.MAGIC + tail))
def test_foreign_bytes_never_raise_anything_of_their_own(data: bytes) -> None:
    try:
        container.parse_prefix(data)
    except EvidenceError:
        return
    raise AssertionError("random bytes are no container")


def test_secrets_do_not_show_in_a_repr() -> None:
    _, prepared = sealed(b"x")
    assert prepared.content_key.hex() not in repr(prepared)
    assert repr(VAULT.sign_seed) not in repr(VAULT)
    assert schema.encode(META)["kind"] == "photo"
