"""Hostile bodies of every act, made from the annotations: one thing wrong, or merely strange, in each.

A new act of the catalogue is in it by itself. `names` says what a name of each type is, so that what is not strange
leads to something that exists, and the rules are reached.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, Final, Literal, get_args, get_origin

from evidence import ids, keys, schema
from evidence.statements import catalogue, dsse
from evidence.statements.statement import Chain
from tests.support import samples

Names = Mapping[Any, str]
"""What a member of a type says where nothing is wrong with it."""

_LONGEST: Final = "x" * schema.MAX_TEXT_CHARACTERS
_MANY: Final = schema.MAX_LIST_MEMBERS + 1
_STRANGE: Final[tuple[object, ...]] = (None, True, False, -1, 0, 2**53, 10**4000, "", [], {}, [[]], {"x": None}, [None])
"""What no member takes, or few do."""

_TEXTS: Final = (
    "\x00",
    "a\nb\r\x1b[2J",
    "\u202eevil\u2066",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "e\u0301" * 40,
    "../../../etc/passwd",
    "'; DROP TABLE events; --",
    "<script>alert(1)</script>",
    " ",
    _LONGEST,
    _LONGEST + "x",
)
_TIMES: Final = (
    "2026-02-30T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "2026-01-01T23:59:60.000Z",
    "0000-01-01T00:00:00.000Z",
    "0001-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000+01:00",
    "2026-01-01t00:00:00.000z",
    "\uff12026-01-01T00:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
)
_BASES: Final = ("A", "AA", "AA==\n", "AB==", "-_8=", "AAAA", "AAAA" * 400, "\uff21AAA")
_INTS: Final = (1, 2**31, 2**53 - 1, "1")


def envelopes(
    who: keys.SigningKey, kind: str, case: ids.CaseId | None, chain: Chain | None, names: Names, at: ids.Time
) -> Iterator[tuple[str, dsse.Envelope]]:
    """Yield what is wrong, and a statement of `kind` in which it is, properly signed."""
    for wrong, body in bodies_of(kind, names):
        yield wrong, signed(who, kind, case, chain, at, body)


def signed(
    who: keys.SigningKey, kind: str, case: ids.CaseId | None, chain: Chain | None, at: ids.Time, body: object
) -> dsse.Envelope:
    """Sign a statement around the plain JSON of a body, whatever it is."""
    members: dict[str, object] = {"v": 1, "suite": 1, "type": kind, "at": at, "by": who.kid, "body": body}
    members |= {} if case is None else {"case": case}
    members |= {} if chain is None else {"seq": chain.seq, "prev": chain.prev}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return dsse.sign(dsse.STATEMENT_TYPE, text.encode(), who)


def bodies_of(kind: str, names: Names) -> Iterator[tuple[str, object]]:
    """Yield what is wrong, and the plain JSON of a body of `kind` in which it is."""
    yield "nothing", _right(catalogue.ACTS[kind].body, names)
    yield from _wrong(catalogue.ACTS[kind].body, names)


def _right(hint: Any, names: Names) -> Any:  # noqa: ANN401 - a type form has no common type
    inner = schema.without_none(hint)
    if is_dataclass(inner):
        return {name: _right(one, names) for name, one in schema.hints(inner).items()}  # type: ignore[arg-type] # a class
    if get_origin(inner) is tuple:
        return [_right(get_args(inner)[0], names)]
    return names[inner] if inner in names else samples.value(inner)


def _wrong(hint: Any, names: Names) -> Iterator[tuple[str, object]]:  # noqa: ANN401 - a type form has no common type
    inner = schema.without_none(hint)
    yield from ((f"is {str(one)[:20]!r}", one) for one in _STRANGE)
    if is_dataclass(inner):
        right, members = _right(inner, names), schema.hints(inner)  # type: ignore[arg-type] # a class
        yield "has one more", {**right, "x": 1}
        for name, one in members.items():
            yield f"has no {name}", {key: value for key, value in right.items() if key != name}
            yield from ((f"{name} {wrong}", {**right, name: value}) for wrong, value in _wrong(one, names))
    elif get_origin(inner) is tuple:
        (right,) = _right(inner, names)
        yield "names one twice", [right, right]
        yield "is too long", [right] * _MANY
        yield from ((f"holds what {wrong}", [value]) for wrong, value in _wrong(get_args(inner)[0], names))
    elif get_origin(inner) is Literal:
        yield "is another", "another"
        yield from ((f"is {one}", one) for one in get_args(inner))
    else:
        yield from ((f"is {str(one)[:20]!r}", one) for one in _of(inner)(inner, names))


def _of(hint: object) -> Callable[[object, Names], tuple[object, ...]]:
    known = {str: _TEXTS, int: _INTS, ids.Time: _TIMES, ids.Base64: _BASES, bool: ("true", 1)}
    return (lambda _hint, _names: known[hint]) if hint in known else _hexes


def _hexes(hint: object, names: Names) -> tuple[object, ...]:
    right = str(names[hint] if hint in names else samples.value(hint))
    spelt = (right.upper() + "A", right[:-1], right + "0", right[:-2] + "zz", " " + right[1:])
    return (*spelt, right[::-1], "0" * len(right))
