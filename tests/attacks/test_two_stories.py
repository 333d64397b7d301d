"""One ciphertext cannot tell two stories: not under two keys, and not to two readers."""

import dataclasses
import io

import pytest

from evidence import canonical, ids, keys, schema
from evidence.envelope import cobblestone, container, opening, sealing, wraps
from evidence.envelope.meta import Media
from evidence.statements import dsse

PHONE, POLICE, DEFENCE = (keys.Identity.generate() for _ in range(3))
CASE = ids.CaseId(ids.new_id())
META = Media(kind="photo", source="victim", recorded=ids.now(), title="Foto")


def sealed() -> tuple[bytes, sealing.Prepared]:
    content = sealing.Content.of_bytes(b"wat er is gebeurd" * 500, "foto.jpg", "image/jpeg")
    prepared = sealing.prepare(PHONE, CASE, META, [POLICE.xwing_public], content)
    out = io.BytesIO()
    sealing.write(prepared, content, out)
    return out.getvalue(), prepared


def test_no_second_key_opens_the_same_bytes() -> None:
    raw, _ = sealed()
    prefix = container.parse_prefix(raw)
    context = container.context("content", prefix.head.case, prefix.head.item)
    with pytest.raises(cobblestone.OpenError):
        cobblestone.open_all(bytes(32), context, raw[prefix.size :])


def test_a_sealer_cannot_give_each_reader_a_key_of_their_own() -> None:
    """The phone's own key signs a head whose second wrap holds another key: that reader sees nothing, not a lie."""
    raw, prepared = sealed()
    prefix = container.parse_prefix(raw)
    wrapped = wraps.wrap(bytes(32), CASE, prefix.head.item, DEFENCE.xwing_public)
    other = container.Wrap(DEFENCE.opening_kid, wrapped, wraps.SUITE)
    forged_head = dataclasses.replace(prefix.head, wraps=(*prefix.head.wraps, other))
    body = canonical.encode(schema.encode(forged_head))
    forged = container.frame(dsse.sign(dsse.ITEM_HEAD_TYPE, body, PHONE).to_bytes()) + prefix.meta_ciphertext
    two_faced = container.parse_prefix(forged)
    container.verify_head(two_faced, PHONE.sign_public)
    assert opening.content_key(two_faced, POLICE) == prepared.content_key
    with pytest.raises(cobblestone.OpenError):
        opening.open_meta(two_faced, opening.content_key(two_faced, DEFENCE))


def test_another_file_under_the_same_commitment_is_not_what_was_sealed() -> None:
    """Someone who holds the key seals another file of the same length into the same head."""
    raw, prepared = sealed()
    prefix = container.parse_prefix(raw)
    meta = opening.open_meta(prefix, prepared.content_key)
    assert isinstance(meta, Media)
    context = container.context("content", prefix.head.case, prefix.head.item)
    padded = len(b"".join(cobblestone.open_stream(prepared.content_key, context, [raw[prefix.size :]])))
    lie = (b"iets anders" * 1000)[: meta.file.size].ljust(padded, b"\x00")
    swapped = b"".join(cobblestone.seal(prepared.content_key, context, bytes(24), [lie]))
    assert len(swapped) == len(raw) - prefix.size
    pieces = opening.open_content(prefix, prepared.content_key, meta, [swapped])
    with pytest.raises(container.TamperedError, match="not what was sealed"):
        b"".join(pieces)
