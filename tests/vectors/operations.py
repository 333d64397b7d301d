"""What each kind of vector asks, in Python: one small function per operation, from what is given to what must come out.

A vector names an operation (`do`), what is `given`, and either what that `gives` or that it is `refused`. The browser's
answers to the same questions stand in `tests/interop/vectors.mjs`.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from evidence import canonical, edtf, filetypes, ids, keys, schema
from evidence.custody.log import leaf
from evidence.envelope import cobblestone, container, fields, opening, padding, sealing, wraps
from evidence.envelope import meta as metas
from evidence.errors import EvidenceError, FormatError, LockError
from evidence.statements import dsse, event, statement
from tests.vectors import patterns

FOLDER: Final = Path(__file__).parent
FILES: Final = ("keys", "statement", "envelope", "event", "receipt", "time", "type", "kind", "fields", "pattern")

REASONS: Final[tuple[tuple[type[EvidenceError], str], ...]] = (
    (keys.SignatureError, "signature"),
    (LockError, "locked"),
    (wraps.WrapError, "locked"),
    (cobblestone.OpenError, "locked"),
    (container.TamperedError, "contradiction"),
    (event.ReceiptError, "contradiction"),
    (FormatError, "form"),
)
"""Why something is refused: a signature does not hold, a key does not open it, two parts contradict, or its form."""

Answer = dict[str, Any]


def load(name: str) -> list[dict[str, Any]]:
    """Return the vectors of one file."""
    vectors: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["vectors"]
    return vectors


def perform(vector: Mapping[str, Any]) -> Answer:
    """Return what comes out of a vector: `{"gives": …}` or `{"refused": reason}`."""
    try:
        return {"gives": OPERATIONS[vector["do"]](vector["given"])}
    except edtf.TimeError as error:
        return {"refused": error.reason}
    except EvidenceError as error:
        return {"refused": next(reason for kind, reason in REASONS if isinstance(error, kind))}


def pattern(size: int) -> bytes:
    """Return `size` bytes 0, 1, … 250, 0, 1, …: long plaintext that need not be written out."""
    return bytes(index % 251 for index in range(size))


def un(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _identity(given: Answer) -> keys.Identity:
    return keys.Identity(bytes.fromhex(given["sign_seed"]), bytes.fromhex(given["xwing_seed"]))


def _public(given: Answer) -> dict[ids.KeyId, bytes]:
    """Return public signing keys by their names."""
    raw = (bytes.fromhex(key) for key in given["keys"])
    return {keys.signing_kid(key): key for key in raw}


def _describe(given: Answer) -> Answer:
    who = _identity(given)
    return {
        "sign": who.sign_public.hex(),
        "kid": who.kid,
        "xwing": b64(who.xwing_public),
        "opening_kid": who.opening_kid,
    }


def _wrap_to(given: Answer) -> Answer:
    key = un(given["xwing"])
    wraps.wrap(bytes(32), wraps.NO_ID, wraps.NO_ID, key)
    return {"to": keys.opening_kid(key), "suite": wraps.SUITE}


def _sign(given: Answer) -> Answer:
    return {"sig": b64(keys.SigningKey(bytes.fromhex(given["sign_seed"])).sign(un(given["message"])))}


def _verify(given: Answer) -> Answer:
    keys.verify(bytes.fromhex(given["key"]), un(given["message"]), un(given["sig"]))
    return {}


def _unlock(given: Answer) -> Answer:
    locked = keys.LockedKey.from_bytes(canonical.encode(given["locked"]))
    who = locked.unlock(given["phrase"])
    return {"kid": who.kid, "opening_kid": who.opening_kid}


def _auth(given: Answer) -> Answer:
    kdf = schema.decode(keys.Kdf, given["kdf"])
    message = b"getuige/sign-in/auth/v1\x00" + un(given["challenge"])
    return {"sig": b64(keys.auth_signature(given["phrase"], kdf, message))}


def _canonical(given: Answer) -> Answer:
    return {"bytes": b64(canonical.encode(given["value"]))}


def _decode(given: Answer) -> Answer:
    return {"value": canonical.decode(un(given["bytes"]))}


def _pae(given: Answer) -> Answer:
    return {"bytes": b64(dsse.pae(given["type"], un(given["body"])))}


def _make_statement(given: Answer) -> Answer:
    signers = (keys.SigningKey(bytes.fromhex(seed)) for seed in given["sign_seeds"])
    envelope = dsse.sign(dsse.STATEMENT_TYPE, canonical.encode(given["payload"]), *signers)
    return {"envelope": envelope.to_json(), "id": statement.from_envelope(envelope).id}


def _read_statement(given: Answer) -> Answer:
    read = statement.parse(canonical.encode(given["envelope"]))
    statement.verified(read, _public(given))
    return {"id": read.id, "type": read.type, "case": read.case, "at": read.at, "by": read.by}


def _padme(given: Answer) -> Answer:
    return {"padded": [padding.padme(size) for size in given["sizes"]]}


def _chunked(given: Answer) -> Answer:
    plain = un(given["plaintext"]) if "plaintext" in given else pattern(given["pattern"])
    sealed = b"".join(cobblestone.seal(un(given["key"]), given["context"].encode(), un(given["salt"]), [plain]))
    if "plaintext" in given:
        return {"sealed": b64(sealed)}
    return {"size": len(sealed), "sha256": hashlib.sha256(sealed).hexdigest()}


def _open_chunked(given: Answer) -> Answer:
    return {"plaintext": b64(cobblestone.open_all(un(given["key"]), given["context"].encode(), un(given["sealed"])))}


def _commit(given: Answer) -> Answer:
    key = un(given["key"])
    digest = hashlib.sha256(un(given["plaintext"])).digest()
    return {
        "opening": container.commitment_salt(key).hex(),
        "commitment": container.commitment(key, digest),
    }


def _commit_fields(given: Answer) -> Answer:
    key, described, withheld = un(given["key"]), given["description"], given.get("withheld", ())
    opened = fields.opening(key, described, withheld).decode()
    return {"commitment": fields.commitment(key, described), "opening": opened}


def _read_fields(given: Answer) -> Answer:
    found = fields.read(given["opening"].encode())
    if found.commitment != given["commitment"]:
        raise container.TamperedError("not what was sealed")
    return {"shown": dict(found.shown), "withheld": list(found.withheld)}


def _open_wrap(given: Answer) -> Answer:
    who = _identity(given)
    members = {"to": who.opening_kid, "wrap": given["wrap"], **({"suite": given["suite"]} if "suite" in given else {})}
    wrap = schema.decode(container.Wrap, members)
    return {"key": b64(wraps.unwrap(wrap.wrap, given["case"], given["item"], who))}


def _seal_parts(given: Answer) -> Answer:
    """Seal meta and content under a given key: everything but the random wraps, byte for byte."""
    key, case, item = un(given["key"]), given["case"], given["item"]
    meta, part = sealing.seal_meta(key, case, item, metas.parse(canonical.encode(given["meta"])))
    content = sealing.Content.of_bytes(un(given["content"]), "", "")
    salt, head_content, _ = sealing.measure_content(key, case, item, content)
    context = container.context("content", case, item)
    sealed = b"".join(cobblestone.seal(key, context, salt, padding.zero_padded(content.read())))
    return {
        "meta": b64(meta),
        "meta_commitment": part.commitment,
        "content": b64(sealed),
        "content_commitment": head_content.commitment,
    }


def _description(given: Answer) -> Answer:
    return {"text": metas.to_bytes(metas.parse(given["text"].encode())).decode()}


def _open_item(given: Answer) -> Answer:
    data = un(given["container"])
    prefix = container.parse_prefix(data)
    container.verify_head(prefix, bytes.fromhex(given["signer"]))
    key = opening.content_key(prefix, _identity(given))
    meta = opening.open_meta(prefix, key)
    content = None
    if prefix.head.content is not None:
        content = b64(b"".join(opening.open_content(prefix, key, meta, [data[prefix.size :]])))
    return {"meta": schema.encode_whole(meta), "content": content}


def _leaf(given: Answer) -> Answer:
    return {"leaf": leaf.leaf_entry(bytes.fromhex(given["salt"]), un(given["event"])).hex()}


def _make_event(given: Answer) -> Answer:
    made = statement.from_envelope(dsse.from_json(given["envelope"], dsse.STATEMENT_TYPE))
    recorded = event.record(made, given["index"], given["received_at"])
    return {"event": b64(recorded.event), "sha256": recorded.event_sha256}


def _read_event(given: Answer) -> Answer:
    read = event.parse(un(given["event"]))
    return {"index": read.index, "received_at": read.received_at, "statement": read.statement.id}


def _check_receipt(given: Answer) -> Answer:
    payload = event.check(
        dsse.from_json(given["receipt"], dsse.RECEIPT_TYPE),
        un(given["event"]),
        bytes.fromhex(given["salt"]),
        statement=given["statement"],
        origin=given["origin"],
        server=bytes.fromhex(given["server"]),
    )
    return {"index": payload.index, "leaf": payload.leaf, "received_at": payload.received_at}


def _read_time(given: Answer) -> Answer:
    told = edtf.parse(given["text"])
    first, last = (moment.isoformat() if moment else None for moment in (told.earliest, told.latest))
    marks = {"interval": told.interval, "approximate": told.approximate, "uncertain": told.uncertain}
    return {"earliest": first, "latest": last, "ends": list(told.ends), **marks}


def _type_of(given: Answer) -> Answer:
    data = un(given["bytes"])
    mime = filetypes.type_of(lambda offset, size: data[offset : offset + size], given["name"])
    return {"mime": mime, "kind": filetypes.kind_of(mime)}


OPERATIONS: Final[Mapping[str, Callable[[Answer], Answer]]] = {
    "describe key": _describe,
    "wrap to": _wrap_to,
    "sign": _sign,
    "verify": _verify,
    "unlock": _unlock,
    "answer challenge": _auth,
    "canonical": _canonical,
    "decode": _decode,
    "pae": _pae,
    "make statement": _make_statement,
    "read statement": _read_statement,
    "padme": _padme,
    "seal chunks": _chunked,
    "open chunks": _open_chunked,
    "commit": _commit,
    "commit fields": _commit_fields,
    "read fields": _read_fields,
    "open wrap": _open_wrap,
    "seal parts": _seal_parts,
    "open item": _open_item,
    "description": _description,
    "leaf": _leaf,
    "make event": _make_event,
    "read event": _read_event,
    "check receipt": _check_receipt,
    **patterns.OPERATIONS,
    "read time": _read_time,
    "type of file": _type_of,
}
