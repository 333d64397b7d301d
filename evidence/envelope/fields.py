"""Field commitments: a description is sealed once, and shown field by field (`docs/formats/envelope.md`, *Leaves*).

As in SD-JWT (RFC 9901), with names shown, because a court must know what is missing:
- A description falls into leaves (texts, numbers, booleans, nulls, empty lists and records), each named by its JSON
  Pointer (RFC 6901). Names of members need no escapes, and none of them is a number.
- Each leaf has a salt of its own, from the content key, and a digest; the commitment is over all pointers and digests.
- An *opening* is a line for each leaf: with salt and value, or with the digest alone where it is withheld. Whoever has
  it computes the same commitment.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evidence import canonical, ids
from evidence.errors import FormatError

SALTS_LABEL: Final = b"getuige/field-salts/v1"
FIELD_DOMAIN: Final = b"getuige/field/v1\x00"
DESCRIPTION_DOMAIN: Final = b"getuige/description/v1\x00"

ALWAYS_SHOWN: Final = ("/v", "/kind")
"""Without them a reader does not know what it is that is withheld."""

MAX_LEAVES: Final = 8192
"""Eight times the pieces of the longest text. Each costs a reader two hashes, and its author decides how many."""

_MEMBER: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_POINTER: Final = re.compile(r"(?:/(?:[a-z][a-z0-9_]{0,31}|0|[1-9][0-9]{0,4}))+")
_WITHHELD: Final = "-"
_SALT_DIGITS: Final = 64
_SALT: Final = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True)
class Opened:
    """What an opening computes to, the values that it shows by their pointers, and the pointers of what is withheld."""

    commitment: ids.Commitment
    shown: Mapping[str, Any]
    withheld: tuple[str, ...]


def leaves(description: object) -> list[tuple[str, Any]]:
    """Return pointer and value of each leaf, in the order of the pointers' bytes.

    FormatError when `description` (parsed JSON) is no record, or cannot be flattened.
    """
    if not isinstance(description, dict) or not description:
        message = "a description is a record with members"
        raise FormatError(message)
    found: list[tuple[str, Any]] = []
    _collect(description, "", found)
    return sorted(found, key=_pointer)


@dataclass(frozen=True)
class Salted:
    """The leaves of a description in the order of their pointers: pointer, salt, and value in canonical JSON."""

    leaves: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def of(cls, content_key: bytes, description: object) -> "Salted":
        """Salt a description (parsed JSON); FormatError when it cannot be flattened."""
        salts = _field_key(content_key)
        said = leaves(description)
        return cls(tuple((pointer, _salt(salts, pointer), _written(value)) for pointer, value in said))

    @property
    def commitment(self) -> ids.Commitment:
        """The commitment to it."""
        return _committed((pointer, digest(salt, pointer, written)) for pointer, salt, written in self.leaves)

    def opening(self, withheld: Collection[str] = ()) -> bytes:
        """Return its opening; `withheld` and FormatError as in `opening` below."""
        return _opening(self.leaves, withheld)


def commitment(content_key: bytes, description: object) -> ids.Commitment:
    """Return the commitment to a description (parsed JSON); FormatError when it cannot be flattened."""
    return Salted.of(content_key, description).commitment


def opening(content_key: bytes, description: object, withheld: Collection[str] = ()) -> bytes:
    """Return the opening of a description, a line for each leaf; `withheld` names leaves, or what holds them.

    FormatError when it cannot be flattened, or says what is always shown to be withheld.
    """
    return Salted.of(content_key, description).opening(withheld)


def _opening(salted: Iterable[tuple[str, bytes, bytes]], withheld: Collection[str]) -> bytes:
    lines = []
    for pointer, salt, written in salted:
        if not any(pointer == one or pointer.startswith(f"{one}/") for one in withheld):
            lines.append(f"{pointer}\t{salt.hex()}\t{written.decode()}\n")
        elif pointer in ALWAYS_SHOWN:
            raise FormatError(f"{pointer} is always shown")
        else:
            lines.append(f"{pointer}\t{_WITHHELD}\t{digest(salt, pointer, written).hex()}\n")
    return "".join(lines).encode()


def read(data: bytes) -> Opened:
    """Return what an opening shows, and what it computes to. FormatError for any other form or order of its lines."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        message = "an opening of fields is not UTF-8"
        raise FormatError(message) from error
    lines = text.split("\n")
    if lines.pop() or not 0 < len(lines) <= MAX_LEAVES:
        message = f"an opening of fields has 1 to {MAX_LEAVES} lines, each with its end"
        raise FormatError(message)
    shown: dict[str, Any] = {}
    withheld: list[str] = []
    digests: list[tuple[str, bytes]] = []
    for line in lines:
        pointer, salt, value = _line(line)
        if digests and pointer <= digests[-1][0]:  # all ASCII: the order of characters is that of bytes
            raise FormatError(f"{pointer} stands twice, or out of order")
        if salt == _WITHHELD:
            digests.append((pointer, bytes.fromhex(ids.hex_text(value, 32))))
            withheld.append(pointer)
        else:
            shown[pointer] = _value(value)
            digests.append((pointer, digest(bytes.fromhex(ids.hex_text(salt, 32)), pointer, value.encode())))
    if not all(pointer in shown for pointer in ALWAYS_SHOWN):
        raise FormatError(f"{' and '.join(ALWAYS_SHOWN)} are always shown")
    return Opened(_committed(digests), shown, tuple(withheld))


def shown_whole(data: bytes, description: object) -> ids.Commitment:
    """Return what an opening computes to that shows this description (parsed JSON), all of it and nothing else.

    FormatError for any other opening, and when the description cannot be flattened. It says what `read` would, and
    reads no value anew: there is one spelling of what the description says.
    """
    lines, said = data.split(b"\n"), leaves(description)
    if lines.pop() or len(lines) != len(said) or not {pointer for pointer, _ in said}.issuperset(ALWAYS_SHOWN):
        message = "the opening of fields shows more or less than the description says"
        raise FormatError(message)
    digests: list[tuple[str, bytes]] = []
    for line, (pointer, value) in zip(lines, said, strict=True):
        written, begin = _written(value), pointer.encode() + b"\t"
        salt = line[len(begin) : len(begin) + _SALT_DIGITS]
        if line != b"%b%b\t%b" % (begin, salt, written) or _SALT.fullmatch(salt) is None:
            raise FormatError(f"{pointer} is shown otherwise than the description says it")
        digests.append((pointer, digest(bytes.fromhex(salt.decode()), pointer, written)))
    return _committed(digests)


def digest(salt: bytes, pointer: str, value: bytes) -> bytes:
    """Return the digest of a leaf, whose value is in canonical JSON."""
    return hashlib.sha256(FIELD_DOMAIN + salt + pointer.encode() + b"\x00" + value).digest()


def _collect(value: object, pointer: str, found: list[tuple[str, Any]]) -> None:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            if not isinstance(name, str) or _MEMBER.fullmatch(name) is None:
                raise FormatError(f"a member that cannot be named: {name!a:.40}")
            _collect(member, f"{pointer}/{name}", found)
    elif isinstance(value, list) and value:
        for place, member in enumerate(value):
            _collect(member, f"{pointer}/{place}", found)
    elif len(found) == MAX_LEAVES:
        message = f"a description of more than {MAX_LEAVES} leaves"
        raise FormatError(message)
    else:
        found.append((pointer, value))


def _written(value: object) -> bytes:
    """Return a leaf's value in canonical JSON; most leaves are null: every member that a kind can have is named."""
    return b"null" if value is None else canonical.encode(value)


def _line(line: str) -> tuple[str, str, str]:
    pointer, *rest = line.split("\t")
    if len(rest) != 2 or _POINTER.fullmatch(pointer) is None:  # noqa: PLR2004 - salt and value
        raise FormatError(f"no line of an opening of fields: {line!a:.60}")
    return pointer, rest[0], rest[1]


def _value(text: str) -> Any:  # noqa: ANN401 - JSON
    if text == "null":
        return None
    value = canonical.decode_exact(text.encode())
    if isinstance(value, dict | list) and value:
        message = "a leaf has no members"
        raise FormatError(message)
    return value


def _pointer(leaf: tuple[str, Any]) -> str:
    return leaf[0]


def _field_key(content_key: bytes) -> bytes:
    return hmac.digest(content_key, SALTS_LABEL, hashlib.sha256)


def _salt(field_key: bytes, pointer: str) -> bytes:
    return hmac.digest(field_key, pointer.encode(), hashlib.sha256)


def _committed(digests: Iterable[tuple[str, bytes]]) -> ids.Commitment:
    whole = hashlib.sha256(DESCRIPTION_DOMAIN)
    for pointer, one in digests:
        whole.update(pointer.encode() + b"\x00" + one)
    return ids.Commitment(whole.hexdigest())
