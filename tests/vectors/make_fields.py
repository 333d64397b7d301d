"""Vectors of the leaves of a description (`docs/formats/envelope.md`): commitment, openings, and what is none."""

from typing import Any, Final

from evidence.envelope import fields
from tests.vectors import make_kind
from tests.vectors.operations import b64
from tests.vectors.parts import Vector, bytes_of, gives, refused

KEY: Final = bytes(range(32))

DESCRIPTION: Final[dict[str, Any]] = {
    "v": 2,
    "kind": "incident",
    "recorded": "2026-11-30T08:00:00.000Z",
    "text": ["Hij stond weer voor de deur. ", 'Ik zit nu aan de Kerkstraat 5, é "x"\n', "Hij belde 30 keer."],
    "place": "Kerkstraat 5",
    "position": {"lat": "52.0907", "lon": "5.1214", "accuracy_m": 12},
    "conduct": ["calls", "following"],
    "count": 30,
    "children": None,
    "witnesses": [],
}
"""Not all members of an incident: the leaves of any record are the same."""

WITHHELD: Final = ["/place", "/position", "/text/1"]

_WHOLE: Final = fields.opening(KEY, DESCRIPTION).decode()
_REDACTED: Final = fields.opening(KEY, DESCRIPTION, WITHHELD).decode()
_COMMITMENT: Final = fields.commitment(KEY, DESCRIPTION)


def vectors() -> list[Vector]:
    """Return all of them."""
    return [*_made(), *_unmade(), *_read(), *_tampered(), *_unread()]


def _made() -> list[Vector]:
    described = {
        "fields: whole": (DESCRIPTION, []),
        "fields: withheld": (DESCRIPTION, WITHHELD),
        "fields: twelve pieces of text": ({"v": 2, "kind": "note", "text": [f"{n}." for n in range(12)]}, ["/text/10"]),
        "fields: a record in a list": ({"v": 2, "kind": "card", "orders": [{"number": ""}, {}]}, ["/orders/0"]),
        "fields: names that begin alike": ({"v": 2, "kind": "x", "a": {"b": 1}, "a_b": 2, "ab": True}, ["/a"]),
        **{f"fields of a kind: {kind}": (make_kind.whole(kind), ["/text"]) for kind in make_kind.OWN},
    }
    made = []
    for name, (one, withheld) in described.items():
        given = {"key": b64(KEY), "description": one, "withheld": withheld}
        opened = fields.opening(KEY, one, withheld).decode()
        made.append(gives(name, "commit fields", given, {"commitment": fields.commitment(KEY, one), "opening": opened}))
    return made


def _unmade() -> list[Vector]:
    bad: dict[str, Any] = {
        "a list": ["x"],
        "a text": "x",
        "null": None,
        "nothing in it": {},
        **{
            f"a member {name!r}": {**DESCRIPTION, name: 1}
            for name in ("", "a/b", "~0", "a.b", "Place", "1st", "_x", "__proto__", "é", "a" * 33)
        },
        "a member of a member": {**DESCRIPTION, "position": {"Lat": "1"}},
    }
    made = [
        refused(f"no fields: {name}", "commit fields", {"key": b64(KEY), "description": one, "withheld": []}, "form")
        for name, one in bad.items()
    ]
    for pointer in fields.ALWAYS_SHOWN:
        given = {"key": b64(KEY), "description": DESCRIPTION, "withheld": [pointer]}
        made.append(refused(f"withheld: {pointer}", "commit fields", given, "form"))
    return made


def _read() -> list[Vector]:
    made = []
    for name, text in (("whole", _WHOLE), ("redacted", _REDACTED)):
        found = fields.read(text.encode())
        shows = {"shown": dict(found.shown), "withheld": list(found.withheld)}
        made.append(gives(f"opening: {name}", "read fields", {"opening": text, "commitment": _COMMITMENT}, shows))
    return made


def _tampered() -> list[Vector]:
    """Openings in the right form that are not of this commitment."""
    whole, redacted = _WHOLE.splitlines(keepends=True), _REDACTED.splitlines(keepends=True)
    other = fields.opening(bytes_of("another content key"), DESCRIPTION).decode()
    at = next(number for number, line in enumerate(redacted) if line.startswith("/place"))
    salts = [line.split("\t")[1] for line in whole]
    digests = [line.split("\t")[2] for line in redacted[at : at + 2]]
    bad = {
        "a withheld line removed": redacted[:at] + redacted[at + 1 :],
        "a line renamed": [line.replace("/children", "/childrem") for line in whole],
        "another value": [line.replace("30\n", "31\n") for line in whole],
        "a text for a number": [line.replace("\t30\n", '\t"30"\n') for line in whole],
        "two values swapped": [_swap(line, '"calls"', '"following"') for line in whole],
        "two salts swapped": [_swap(line, salts[0], salts[1]) for line in whole],
        "a digest of another leaf": [_swap(line, *digests) for line in redacted],
        "a line more": [*whole, f"/zzz\t{'0' * 64}\tnull\n"],
        "a leaf of another item": [*other.splitlines(keepends=True)[:1], *whole[1:]],
        "a record where a list was": [line.replace("/conduct/1", "/conduct/a") for line in whole],
    }  # fmt: skip
    made = []
    for name, lines in bad.items():
        given = {"opening": "".join(lines), "commitment": _COMMITMENT}
        fields.read(given["opening"].encode())  # its form is good
        made.append(refused(f"opening: {name}", "read fields", given, "contradiction"))
    return made


def _unread() -> list[Vector]:
    """What is no opening."""
    first, second, *rest = _WHOLE.splitlines(keepends=True)
    digits = first.split("\t")[1]
    bad = {
        "nothing": "",
        "no end of the last line": _WHOLE[:-1],
        "an empty line": _WHOLE + "\n",
        "a line twice": first + _WHOLE,
        "out of order": second + first + "".join(rest),
        "spaces for tabs": _WHOLE.replace("\t", " "),
        "a column more": _WHOLE.replace("\n", "\tx\n", 1),
        "a column less": _WHOLE.replace(f"\t{digits}", "", 1),
        "a salt in capitals": _WHOLE.replace(digits, digits.upper(), 1),
        "a salt that is too short": _WHOLE.replace(digits, digits[2:], 1),
        "a digest that is too short": _REDACTED.replace("\n/position/lat", "00\n/position/lat", 1),
        "a number with a fraction": _WHOLE.replace("\t30\n", "\t30.0\n"),
        "white space around a value": _WHOLE.replace("\t30\n", "\t 30\n"),
        "a text with an escape more": _WHOLE.replace('"calls"', '"c\\u0061lls"'),
        "a record as a value": _WHOLE.replace("\t30\n", '\t{"a":1}\n'),
        "a list as a value": _WHOLE.replace("\t30\n", "\t[1]\n"),
        "no pointer": _WHOLE.replace("/children", "children"),
        "a pointer with an escape": _WHOLE.replace("/children", "/child~0n"),
        "a place with a nought before it": _WHOLE.replace("/conduct/0", "/conduct/00"),
        "no kind": "".join(line for line in (first, second, *rest) if not line.startswith("/kind")),
        "the kind withheld": _without_kind(),
        "line ends of another system": _WHOLE.replace("\n", "\r\n"),
    }
    return [
        refused(f"no opening: {name}", "read fields", {"opening": text, "commitment": _COMMITMENT}, "form")
        for name, text in bad.items()
    ]


def _without_kind() -> str:
    line = next(line for line in _WHOLE.splitlines() if line.startswith("/kind"))
    return _WHOLE.replace(line, f"/kind\t-\t{'0' * 64}")


def _swap(line: str, one: str, other: str) -> str:
    return line.replace(one, "\x00").replace(other, one).replace("\x00", other)
