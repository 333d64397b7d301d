"""Odd items: what a hostile or broken phone seals, made by a writer that follows no rule of what it writes.

Every one is validly signed by the phone and passes what a blind server can check; what is odd lies in what only a
reader sees. `ODD` is the table, `write` makes the container.
"""

import dataclasses
import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from evidence import canonical, ids, keys, schema
from evidence.envelope import cobblestone, container, fields, sealing
from evidence.envelope import meta as metas
from evidence.envelope.meta import Media
from evidence.envelope.padding import padme
from evidence.errors import EvidenceError
from evidence.statements import bodies, dsse
from evidence.statements.statement import Chain
from tests.support.incidents import incident
from tests.vectors import make_kind

Opens = Literal["whole", "description", "nothing"]
"""How far an item opens for a reader that follows the rules."""

TOLD: Final[dict[str, Any]] = {
    "source": "victim",
    "recorded": "2026-11-24T20:10:00.000Z",
    "title": "Hij stond voor de deur",
    "text": ["Een uur lang."],
    "happened": "2026-11-24T21:10+01:00",
}
GOOD: Final = {**make_kind.least("incident"), **TOLD}
CONTENT: Final = b"\xff\xd8 not a photograph, but real bytes " * 40
LONGEST: Final = schema.MAX_TEXT_CHARACTERS


@dataclass(frozen=True)
class Odd:
    """One odd item: the bytes of its description, its content, and what its wraps are replaced by."""

    name: str
    opens: Opens
    plain: bytes
    content: bytes | None = None
    wrap: bytes | None = None
    committed: dict[str, Any] | None = None
    """What the commitment is over, where it is not over this description."""


def meta(**more: object) -> dict[str, object]:
    """Return a good description, of an incident unless `more` says otherwise, with `more` members."""
    kind = more.get("kind")
    return {**(_least(kind) if isinstance(kind, str) and kind in FULL else GOOD), **TOLD, **more}


def file(name: str = "foto.jpg", **more: object) -> dict[str, object]:
    """Return what a description says of `CONTENT`."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    return {"name": name, "mime": "image/jpeg", "size": len(CONTENT), "sha256": digest, **more}


FULL: Final[dict[str, dict[str, Any]]] = {
    kind: {**make_kind.whole(kind), **({"file": file()} if one is Media else {})} for kind, one in metas.KINDS.items()
}
"""A good description of each kind, with every member that it can have."""


def _least(kind: str) -> dict[str, Any]:
    """Return a good description of a kind that says no more than it must."""
    return {**make_kind.least(kind), **({"file": file()} if metas.KINDS[kind] is Media else {})}


def _json(value: object) -> bytes:
    """Write JSON as `canonical` does, without its rules."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _forms() -> Iterator[Odd]:
    good = canonical.encode(GOOD)
    for name, plain in {
        "null": b"null",
        "a list": b"[]",
        "a number": b"5",
        "a text": b'"x"',
        "true": b"true",
        "nothing": b"",
        "an empty object": b"{}",
        "cut off": good[:-9],
        "no JSON": b"\x00\x01\x02",
        "no UTF-8": good.replace(b"deur", b"d\xe9r"),
        "a byte order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": json.dumps(GOOD).encode("utf-16"),
        "half a surrogate": good.replace(b"deur", b"\xed\xa0\x80"),
        "half a surrogate, escaped": good.replace(b"deur", b"\\ud800"),
        "a member twice": good.replace(b'"v":2', b'"v":2,"v":2'),
        "white space": json.dumps(GOOD).encode(),
        "escapes": good.replace(b"deur", b"de\\u0075r"),
        "a fraction": good.replace(b'"v":2', b'"v":2.0'),
        "5,000 digits": good.replace(b'"v":2', b'"v":' + b"1" * 5000),
        "deep nesting": good.replace(b'"v":2', b'"v":' + b"[" * 9000 + b"]" * 9000),
    }.items():
        yield Odd(f"form: {name}", "nothing", plain)


VALUES: Final[dict[str, Any]] = {
    "null": None,
    "5": 5,
    "-1": -1,
    "2**53": 2**53,
    "true": True,
    "text": "x",
    "no text": "",
    "list": [],
    "list of null": [None],
    "object": {},
    "nested": {"a": {"b": [{}]}},
}


def _kinds() -> Iterator[Odd]:
    """Every kind: whole, without each of its members, and with each member of another kind."""
    foreign = {name: value for kind in ("incident", "photo", "order") for name, value in FULL[kind].items()}
    for kind, good in FULL.items():
        content = CONTENT if "file" in good else None
        yield Odd(f"kind: {kind}", "whole", _json(good), content)
        yield Odd(f"kind: {kind}, least", _verdict(least := _json(_least(kind)), content), least, content)
        for name, value in {**foreign, **good}.items():
            plain = _json({member: said for member, said in {**good, name: value}.items() if member != name})
            if name not in good:
                yield Odd(f"kind: {kind} with {name}", "nothing", _json({**good, name: value}), content)
            else:
                yield Odd(f"kind: {kind} without {name}", "nothing", plain, content)
                blank = _json({**good, name: schema.complete(metas.KINDS[kind], {})[name]})
                yield Odd(f"kind: {kind}, {name} blank", _verdict(blank, content), blank, content)
    others: tuple[Any, ...] = (
        "Position",
        "Incident",
        "incident ",
        "",
        "constructor",
        "__proto__",
        ["incident"],
        {},
        5,
        True,
        None,
    )
    for other in others:
        yield Odd(f"kind: {other!r}", "nothing", _json(meta(kind=other)))


CLASSES: Final = {described: kind for kind, described in reversed([*metas.KINDS.items()])}
"""The first kind of each class of descriptions: kinds of one class have the same members."""


def _types() -> Iterator[Odd]:
    """Every member of each kind with every type of JSON; which of them open is what the rules say."""
    for kind in CLASSES.values():
        members = FULL["incident"].keys() - {"kind"} if kind == "incident" else make_kind.OWN[kind].keys()
        content = CONTENT if kind == "photo" else None
        for member, (name, value) in itertools.product(sorted(members), VALUES.items()):
            plain = _json({**FULL[kind], member: value})
            yield Odd(f"type: {kind}.{member} is {name}", _verdict(plain, content), plain, content)
    for kind, member, inside in (
        ("incident", "position", {"lat": 51.9, "lon": "4.4"}),
        ("photo", "file", file(size="12")),
        ("order", "order", {"kind": "huisverbod", "valid_from": 20261101, "until": None}),
        ("card", "card", {"name": {}, "address": []}),
        ("alarm", "alarm", {"alarm": "x", "device": 1, "boot": -1, "counter": "1", "kind": None, "cose": "#"}),
        ("incident", "unknown", "member"),
        ("incident", "__proto__", {"title": "x"}),
        ("incident", "constructor", "x"),
    ):
        yield Odd(f"inside: {kind}.{member}", "nothing", _json({**FULL[kind], member: inside}))


def _texts() -> Iterator[Odd]:
    for member in ("title", "text", "place", "impact"):
        long = "a" * (LONGEST + 1)
        yield Odd(f"long: {member}", "nothing", _json(meta(**{member: [long] if member == "text" else long})))
    yield Odd("long: just fits", "whole", _json(meta(title="Net niet te lang", text=["a" * LONGEST])))
    for name, said in {
        "control": "Hij\x07 \x1b[2J\x00 weer",
        "bidi": "uitnodiging\u202egpj.exe",
        "markup": "[/] [bold] <img src=x onerror=alert(1)> {{x}}",
        "formula": "=HYPERLINK(1)",
        "Arabic": "وقف أمام الباب",
        "emoji": "👩‍👧‍👦 🏳️‍🌈",
        "lines": "een\r\ntwee\u2028drie",
        "empty": "",
    }.items():
        yield Odd(f"text: {name}", "whole", _json(meta(title=said, text=[said], place=said, conduct=[said])))


TIMES: Final = (
    *("2026-02-30T10:00", "2026-11-24T25:10", "2026-13-01", "9999-12-31", "0000-01-01", "2026-11-24T10:00+99:99"),
    *("gisteren", "2026-05/2026-04", "../..", "-2026", "2026-XX-XX", "2026-11-24T23:59:60", "20261124", "\u0662\u0660"),
)


def _times() -> Iterator[Odd]:
    for time in TIMES:
        plain = _json(meta(title=f"Tijd {time}", happened=time, discovered=time))
        yield Odd(f"time: {time}", _verdict(plain), plain)
    for recorded in ("2026-02-30T10:00:00.000Z", "2026-11-24T20:10:00Z", "x", ""):
        yield Odd(f"recorded: {recorded}", "nothing", _json(meta(recorded=recorded)))


NAMES: Final = (
    *("漢" * 80 + ".jpg", "漢" * 83 + ".heic", "é" * 125 + ".jpg", "👩‍👧" * 20 + ".mp4", "हिन्दी फ़ाइल.jpg"),
    *("صورة.jpg", "cafe\u0301.jpg", "a" * 251 + ".jpg", "." * 255, "../../etc/passwd", "/abs.jpg", "CON", "NUL.txt"),
    *("a\x00b.jpg", "uit\u202egpj.exe", " .jpg", "...", "-rf", "=1+1.csv", "a\nb.jpg", "a:b\\c.jpg", "x." + "y" * 253),
    *("", ".", "ff\ufeff.jpg", "\u202e.\u202e"),
)


def _names() -> Iterator[Odd]:
    for number, name in enumerate(NAMES):
        plain = _json(meta(kind="photo", title=f"Naam {number}", file=file(name)))
        yield Odd(f"name: {name[:12]!a}", "whole", plain, CONTENT)


def _contents() -> Iterator[Odd]:
    other = hashlib.sha256(b"another").hexdigest()
    for name, said, content in (
        ("another hash", file(sha256=other), CONTENT),
        ("too large", file(size=2**53 - 1), CONTENT),
        ("too small", file(size=3), CONTENT),
        ("described and not there", file(), None),
        ("empty and said to be large", file(size=10**6), b""),
    ):
        plain = _json(meta(kind="photo", title=f"Inhoud: {name}", file=said))
        yield Odd(f"content: {name}", "description", plain, content)
    yield Odd("content: there and not described", "nothing", _json({**meta(kind="photo"), "file": None}), CONTENT)
    yield Odd("content: of an incident", "description", _json(meta(title="Inhoud: van een gebeurtenis")), CONTENT)


def _wraps() -> Iterator[Odd]:
    good = canonical.encode(GOOD)
    for size in (0, 1, 32, 112, 1168, 1200, 5000):
        yield Odd(f"wrap: {size} random bytes", "nothing", good, wrap=os.urandom(size))


def _verdict(plain: bytes, content: bytes | None = None) -> Opens:
    """Return what the rules say of a description, with the file that it names or none."""
    try:
        found = metas.parse(plain)
    except EvidenceError:
        return "nothing"
    return "whole" if (metas.file_of(found) is None) == (content is None) else "description"


def _fields() -> Iterator[Odd]:
    """Descriptions that another commitment is over than the one of their own fields, and pieces of text."""
    good = _json(GOOD)
    for name, other in {
        "another place": {**GOOD, "place": "Kerkstraat 5"},
        "one piece of text less": {**GOOD, "text": []},
        "the same words in other pieces": {**GOOD, "text": ["Een uur ", "lang."]},
        "a member more": {**GOOD, "more": None},
        "a member less": {name: value for name, value in GOOD.items() if name != "impact"},
        "a number for a text": {**GOOD, "title": 5},
    }.items():
        yield Odd(f"fields: {name}", "nothing", good, committed=other)
    for name in ("a.b", "Place", "1st", "a/b", "~0", "é", "a" * 33):
        yield Odd(f"fields: a member {name!a}", "nothing", _json({**GOOD, name: None}))
    for count, opens in ((schema.MAX_TOLD, "whole"), (schema.MAX_TOLD + 1, "nothing")):
        yield Odd(f"list: {count} tags", opens, _json(meta(conduct=["call"] * count)))  # type: ignore[arg-type] # as above
    for name, value, opens in (
        ("as many pieces as fit", ["Ja. "] * schema.MAX_TOLD, "whole"),
        ("a piece too many", ["Ja. "] * (schema.MAX_TOLD + 1), "nothing"),
        ("empty pieces", ["", "Ja.", ""], "whole"),
        ("a piece that is no text", ["Ja.", 5], "nothing"),
        ("too long in all", ["a" * LONGEST, "b"], "nothing"),
        ("one text", "Een uur lang.", "nothing"),
    ):
        yield Odd(f"pieces: {name}", opens, _json(meta(text=value)))  # type: ignore[arg-type] # from the table above


ODD: Final = (*_forms(), *_kinds(), *_types(), *_texts(), *_times(), *_names(), *_contents(), *_wraps(), *_fields())
"""All of them: some 500."""


def some() -> tuple[Odd, ...]:
    """Return some 150 for tests that upload each of them: of `_types` and `_kinds` only those of a few members."""
    heavy = ("type: incident.title", "type: alarm.alarm", "type: incident.conduct", "kind: order", "kind: file")
    return tuple(one for one in ODD if not one.name.startswith(("type: ", "kind: ")) or one.name.startswith(heavy))


def few() -> tuple[Odd, ...]:
    """Return some seventy of every kind for a test in a browser, every odd text and the longest one among them."""
    chosen = ("text: ", "long: just")
    return tuple(one for place, one in enumerate(ODD) if place % 24 == 0 or one.name.startswith(chosen))


def kinds() -> tuple[Odd, ...]:
    """Return one good item of every kind, each under a title of its own."""
    return tuple(
        Odd(f"good: {kind}", "whole", _json({**good, "title": f"Papier: {kind}"}), CONTENT if "file" in good else None)
        for kind, good in FULL.items()
    )


def write(
    odd: Odd, signer: keys.Identity, case: ids.CaseId, readers: Sequence[Any], item: ids.ItemId | None = None
) -> tuple[bytes, bodies.ItemSeal]:
    """Return the container of an odd item for `readers` (as `sealing.prepare` takes them), and its statement's body."""
    made = sealing.prepare(signer, case, incident(), readers, item=item)
    head, key = container.parse_prefix(made.prefix).head, made.content_key
    description = _sealed(key, "meta", head, odd.plain, odd.plain.ljust(padme(max(1024, len(odd.plain)))))
    committed = _commitment(odd, key)
    content, part, head_content = b"", None, None
    if odd.content is not None:
        content = _sealed(key, "content", head, odd.content, odd.content.ljust(padme(len(odd.content)), b"\x00"))
        promised = container.commitment(key, hashlib.sha256(odd.content).digest())
        head_content = container.HeadContent(len(content), promised)
        part = bodies.Part(_sha256(content), len(content), promised)
    wraps = head.wraps
    if odd.wrap is not None:
        wraps = tuple(dataclasses.replace(one, wrap=ids.Base64(canonical.b64(odd.wrap))) for one in wraps)
    sealed = bodies.Part(_sha256(description), len(description), committed)
    head = dataclasses.replace(head, meta=sealed, content=head_content, wraps=wraps)
    head_bytes = dsse.sign(dsse.ITEM_HEAD_TYPE, canonical.encode(schema.encode(head)), signer).to_bytes()
    whole = container.frame(head_bytes) + description + content
    body = bodies.ItemSeal(
        head.item,
        bodies.Blob(_sha256(whole), len(whole)),
        bodies.Blob(_sha256(head_bytes), len(head_bytes)),
        sealed,
        part,
    )
    return whole, body


def _commitment(odd: Odd, key: bytes) -> ids.Commitment:
    """Return the commitment to what can be flattened; what cannot has none that holds."""
    try:
        return fields.commitment(key, odd.committed or canonical.decode_exact(odd.plain))
    except EvidenceError:
        return ids.Commitment("00" * 32)


def link(seq: int, prev: str) -> Chain:
    """Return a place in a phone's numbering, as its folder remembers it."""
    return Chain(seq, ids.Sha256(prev))


def _sealed(key: bytes, part: Literal["meta", "content"], head: container.Head, plain: bytes, padded: bytes) -> bytes:
    salt = hashlib.sha256(plain).digest()[: cobblestone.SALT_BYTES]
    return b"".join(cobblestone.seal(key, container.context(part, head.case, head.item), salt, [padded]))


def _sha256(data: bytes) -> ids.Sha256:
    return ids.Sha256(hashlib.sha256(data).hexdigest())
