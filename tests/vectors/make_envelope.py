"""Vectors of `docs/formats/envelope.md`."""

import functools
import hashlib
from typing import Any

from evidence import canonical, ids, keys, schema
from evidence.edtf import Edtf
from evidence.envelope import cobblestone, container, padding, pieces, sealing, wraps
from evidence.envelope.meta import Media
from evidence.envelope.parts import Camera, File, Position
from evidence.errors import EvidenceError
from evidence.statements import dsse
from tests.vectors.operations import b64, load, pattern, un
from tests.vectors.parts import (
    CASE,
    ITEM,
    PHONE,
    READER,
    RECORDED,
    STRANGER,
    Vector,
    bytes_of,
    flipped,
    gives,
    id_of,
    refused,
    seeds,
)

KEY = bytes_of("content key")
OPENED = "wrap: opened"
PHOTO = "Stel dat dit een foto is – één.".encode()
CONTEXT = "getuige/item/v1/content/" + "0" * 32 + "/" + "1" * 32
NEAR_A_CHUNK = (0, 1, 16383, 16384, 16385, 40000)

DESCRIPTION = Media(
    kind="photo",
    source="victim",
    recorded=RECORDED,
    title="Hij stond weer voor de deur",
    text=pieces.cut("Om half negen ’s avonds – met “bloemen”. 🌷"),
    happened=Edtf("2026-05~"),
    conduct=("volgen",),
    camera=Camera(Edtf("2026-05-06T21:30:00"), "DateTimeOriginal", Position("51.9244", "4.4777", 12)),
    file=File("foto.jpg", "image/jpeg", len(PHOTO), ids.Sha256(hashlib.sha256(PHOTO).hexdigest())),
)


def vectors() -> list[Vector]:
    """Return all of them."""
    return [*_padding(), *_chunks(), *_commitments(), *_wraps(), *_items()]


def _padding() -> list[Vector]:
    sizes = [*range(70), 255, 256, 257, 1023, 1024, 1025, 65_537, 10**6 + 1, 2**31 + 12345, 2**40 + 1]
    padded = [padding.padme(size) for size in sizes]
    return [gives("Padmé", "padme", {"sizes": sizes}, {"padded": padded})]


def _chunks() -> list[Vector]:
    salt = bytes_of("salt", 24)
    base = {"key": b64(KEY), "context": CONTEXT}

    def seal(plain: bytes) -> bytes:
        return b"".join(cobblestone.seal(KEY, CONTEXT.encode(), salt, [plain]))

    def opens(name: str, sealed: bytes, **changes: str) -> Vector:
        return refused(f"chunks: {name}", "open chunks", {**base, "sealed": b64(sealed), **changes}, "locked")

    small, large = seal(PHOTO), seal(pattern(40_000))
    step = cobblestone.CHUNK_BYTES + cobblestone.TAG_BYTES
    first, second, rest = (large[56 + n * step : 56 + (n + 1) * step] for n in range(3))
    return [
        gives(
            "chunks: sealed",
            "seal chunks",
            {**base, "salt": b64(salt), "plaintext": b64(PHOTO)},
            {"sealed": b64(small)},
        ),
        gives("chunks: opened", "open chunks", {**base, "sealed": b64(small)}, {"plaintext": b64(PHOTO)}),
        *(
            gives(
                f"chunks: {size} bytes of 0, 1, … 250, 0, …",
                "seal chunks",
                {**base, "salt": b64(salt), "pattern": size},
                {"size": len(seal(pattern(size))), "sha256": hashlib.sha256(seal(pattern(size))).hexdigest()},
            )
            for size in NEAR_A_CHUNK
        ),
        opens("another key", small, key=b64(bytes(32))),
        opens("another context", small, context=CONTEXT.replace("content", "meta")),
        opens("one bit of the salt", flipped(small, 0)),
        opens("one bit of the commitment to the key", flipped(small, 30)),
        opens("one bit of the ciphertext", flipped(small, 60)),
        opens("one bit of the tag", flipped(small, -1)),
        opens("cut inside a chunk", small[:-1]),
        opens("cut inside the header", small[:40]),
        opens("cut after a whole chunk", large[: 56 + 2 * step]),
        opens("chunks changed places", large[:56] + second + first + rest),
        opens("something after the end", small + bytes(16)),
    ]


def _commitments() -> list[Vector]:
    salt, committed = container.commitment_salt(KEY), container.commitment(KEY, hashlib.sha256(PHOTO).digest())
    given = {"key": b64(KEY), "plaintext": b64(PHOTO)}
    return [gives("commitment: content", "commit", given, {"opening": salt.hex(), "commitment": committed})]


def _wraps() -> list[Vector]:
    sealed = _kept_wrap()
    good = {"case": CASE, "item": ITEM, "wrap": sealed, "suite": 2, **seeds(READER)}

    def bad(name: str, reason: str = "locked", **changes: object) -> Vector:
        given = {member: value for member, value in {**good, **changes}.items() if value is not None}
        return refused(f"wrap: {name}", "open wrap", given, reason)

    return [
        gives(OPENED, "open wrap", good, {"key": b64(KEY)}),
        bad("moved to another item", item=id_of("another item")),
        bad("moved to another case", case=id_of("another case")),
        bad("for another reader", **seeds(STRANGER)),
        bad("one bit at the front", wrap=b64(flipped(un(sealed), 10))),
        bad("one bit at the end", wrap=b64(flipped(un(sealed), -1))),
        bad("cut short", wrap=b64(un(sealed)[:-1])),
        bad("nothing", wrap=""),
        bad("without a suite", "form", suite=None),
        bad("of a suite that does not exist", "form", suite=3),
    ]


@functools.cache
def _kept_wrap() -> ids.Base64:
    """Return the wrap that the file holds while it opens to our key: one is never the same twice."""
    try:
        kept = next(one["given"]["wrap"] for one in load("envelope") if one["name"] == OPENED)
        if wraps.unwrap(kept, CASE, ITEM, READER) == KEY:
            return ids.Base64(kept)
    except (OSError, StopIteration, EvidenceError):
        pass
    return wraps.wrap(KEY, CASE, ITEM, READER.xwing_public)


def _parts() -> tuple[bytes, dict[str, Any], bytes, dict[str, Any]]:
    meta, meta_part = sealing.seal_meta(KEY, CASE, ITEM, DESCRIPTION)
    content = sealing.Content.of_bytes(PHOTO, "foto.jpg", "image/jpeg")
    salt, content_part, _ = sealing.measure_content(KEY, CASE, ITEM, content)
    context = container.context("content", CASE, ITEM)
    padded = padding.zero_padded(content.read())
    return (
        meta,
        schema.encode(meta_part),
        b"".join(cobblestone.seal(KEY, context, salt, padded)),
        schema.encode(content_part),
    )


def _items() -> list[Vector]:
    meta, meta_part, content, content_part = _parts()
    head: dict[str, Any] = {
        "v": 1,
        "suite": 1,
        "case": CASE,
        "item": ITEM,
        "by": PHONE.kid,
        "at": RECORDED,
        "meta": meta_part,
        "content": content_part,
        "wraps": [{"to": READER.opening_kid, "wrap": _kept_wrap(), "suite": 2}],
    }

    def framed(head: dict[str, Any], signer: keys.Identity = PHONE, body: bytes = meta + content) -> bytes:
        return container.frame(dsse.sign(dsse.ITEM_HEAD_TYPE, canonical.encode(head), signer).to_bytes()) + body

    def bad(name: str, data: bytes, reason: str, **changes: object) -> Vector:
        given = {"container": b64(data), "signer": PHONE.sign_public.hex(), **seeds(READER), **changes}
        return refused(f"item: {name}", "open item", given, reason)

    whole = framed(head)
    bare = {"to": READER.opening_kid, "wrap": _kept_wrap()}
    dirty, dirty_part = _dirty_padding()
    lying = {**head, "meta": {**meta_part, "commitment": "00" * 32}}
    lying_content = {**head, "content": {**content_part, "commitment": "00" * 32}}
    opened = {"meta": schema.encode_whole(DESCRIPTION), "content": b64(PHOTO)}
    given = {"container": b64(whole), "signer": PHONE.sign_public.hex(), **seeds(READER)}
    sealed = {
        "meta": b64(meta),
        "meta_commitment": meta_part["commitment"],
        "content": b64(content),
        "content_commitment": content_part["commitment"],
    }
    described = schema.encode_whole(DESCRIPTION)
    parts = {"key": b64(KEY), "case": CASE, "item": ITEM, "meta": described, "content": b64(PHOTO)}
    return [
        gives("item: both parts sealed", "seal parts", parts, sealed),
        gives("item: opened", "open item", given, opened),
        bad("signed by another key", framed(head, STRANGER), "signature"),
        bad("says that another key signed", framed({**head, "by": STRANGER.kid}), "contradiction"),
        bad("no wrap for this reader", whole, "locked", **seeds(STRANGER)),
        bad("one bit of the description", flipped(whole, len(whole) - len(content) - 1), "contradiction"),
        bad("one bit of the content", flipped(whole, -1), "locked"),
        bad("cut inside the head", whole[:100], "form"),
        bad("cut inside the description", whole[: len(whole) - len(content) - 1], "form"),
        bad("another magic", flipped(whole, 12), "form"),
        bad("a head of 2^32 - 1 bytes", container.MAGIC + b"\xff" * 4 + whole[19:], "form"),
        bad("a suite that does not exist", framed({**head, "suite": 9}), "form"),
        *(
            bad(f"a wrap of {name}", framed({**head, "wraps": [{**bare, **number}]}), "form")
            for name, number in (("no suite", {}), ("suite 1", {"suite": 1}), ("suite 3", {"suite": 3}))
        ),
        bad("a commitment to another description", framed(lying), "contradiction"),
        bad("a commitment to another content", framed(lying_content), "contradiction"),
        bad("something in the padding", framed({**head, "content": dirty_part}, body=meta + dirty), "contradiction"),
        bad("sealed for another item", framed({**head, "item": id_of("another item")}), "locked"),
    ]


def _dirty_padding() -> tuple[bytes, dict[str, Any]]:
    """Seal the photo with a word hidden where zero bytes belong."""
    padded = PHOTO + b"x".rjust(padding.padme(len(PHOTO)) - len(PHOTO) or 1, b"\x00")
    sealed = b"".join(cobblestone.seal(KEY, container.context("content", CASE, ITEM), bytes_of("salt", 24), [padded]))
    part = container.HeadContent(len(sealed), container.commitment(KEY, hashlib.sha256(PHOTO).digest()))
    return sealed, schema.encode(part)
