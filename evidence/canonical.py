"""Canonical JSON: one byte string per value, for everything that is signed or hashed.

The subset of RFC 8785 without floating point numbers: keys sorted, no white space, UTF-8. What was signed is
stored and checked as the bytes that arrived; this module only makes new bytes and reads foreign ones strictly.

State rules:
- `decode` reads JSON that a person or another program may have written: any white space and any order of keys, but
  UTF-8 and nothing else (RFC 8259, 8.1), no half of a surrogate pair in any spelling, each key once, whole numbers.
- `decode_exact` reads what somebody signs or hashes: the same, and only in the one spelling that `encode` gives. Two
  readers of such bytes never see two things. The browser's reader (`server/web/static/core/canonical.js`) is this one.
- Both are put to one table of hostile spellings (`tests/vectors/spellings.json`).
"""

import base64
import binascii
import json
from typing import Any, Final, NoReturn

from evidence.errors import FormatError

MAX_DOCUMENT_BYTES: Final = 4 * 1024 * 1024
"""No signed document comes near but a grant of 1,800 items. Larger input is an attack on memory."""

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
"""A file that tells of each item or event of a case, some hundred bytes of each (`tests/unit/bundle/test_limits.py`
computes for how many that is enough)."""

MAX_INTEGER: Final = 2**53 - 1
"""The largest integer that JavaScript reads exactly (RFC 8785 section 3.2.2.3)."""

MAX_DEPTH: Final = 32
"""Deeper nesting than any of our formats; keeps the parser's recursion bounded."""


def encode(value: object) -> bytes:
    """Return the canonical bytes of `value` (dict, list, str, int, bool, None). FormatError for the rest."""
    _refuse_unsigned_types(value, MAX_DEPTH)
    return _WRITER.encode(value).encode()


def quoted(text: str) -> str:
    """Return the JSON of a text, as `encode` spells it."""
    return json.encoder.encode_basestring(text)


def decode(data: bytes, limit: int = MAX_DOCUMENT_BYTES) -> Any:  # noqa: ANN401 - JSON; `evidence.schema` narrows it
    """Parse foreign JSON bytes: UTF-8, no duplicate keys, no floats, no oversize. FormatError says what is wrong."""
    return _decode(data, limit, _READER)


def _decode(data: bytes, limit: int, reader: json.JSONDecoder) -> Any:  # noqa: ANN401 - as `decode`
    if len(data) > limit:
        message = f"document of {len(data)} bytes is larger than {limit}"
        raise FormatError(message)
    try:
        # Decoded first: `json.loads` guesses UTF-16 and UTF-32 from bytes, and lets half surrogates (ED A0 80) pass.
        value = reader.decode(data.decode())
    except (ValueError, RecursionError) as error:
        message = "not valid JSON"
        raise FormatError(message) from error
    # Only these can hold what the parser itself let through: too deep a nesting, or half of a surrogate pair.
    if data.count(b"[") + data.count(b"{") >= MAX_DEPTH or b"\\u" in data:
        _refuse_unsigned_types(value, MAX_DEPTH)
    return value


def decode_exact(data: bytes, limit: int = MAX_DOCUMENT_BYTES) -> Any:  # noqa: ANN401 - as `decode`
    """Parse bytes that are signed or hashed: `decode`, and only the canonical spelling. FormatError otherwise."""
    value = _decode(data, limit, _EXACT_READER)
    if _WRITER.encode(value).encode() != data:
        message = "not the canonical spelling of this JSON"
        raise FormatError(message)
    return value


def b64(data: bytes) -> str:
    """Encode as standard base64 with padding."""
    return base64.b64encode(data).decode()


def unb64(text: object) -> bytes:
    """Decode standard base64 with padding, strictly; FormatError otherwise."""
    if not isinstance(text, str):
        message = "expected base64 text"
        raise FormatError(message)
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error is one
        message = "not valid base64"
        raise FormatError(message) from error
    if binascii.b2a_base64(data, newline=False) != text.encode():
        message = "base64 with stray bits has more than one spelling"
        raise FormatError(message)
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        message = "a key appears twice"
        raise FormatError(message)
    return result


def _no_float(text: str) -> NoReturn:
    message = f"{text[:20]} is not an integer"
    raise FormatError(message)


def _integer(text: str) -> int:
    if len(text) > len(str(MAX_INTEGER)) + 1 or abs(number := int(text)) > MAX_INTEGER:
        raise FormatError("integer out of range")
    return number


def _refuse_unsigned_types(value: object, depth: int) -> None:
    if depth == 0:
        message = "nested too deeply"
        raise FormatError(message)
    if isinstance(value, str):
        _refuse_lone_surrogates(value)
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                message = "keys must be text"
                raise FormatError(message)
            _refuse_lone_surrogates(key)
            _refuse_unsigned_types(member, depth - 1)
    elif isinstance(value, list | tuple):
        for member in value:
            _refuse_unsigned_types(member, depth - 1)
    elif isinstance(value, bool) or value is None:
        return
    elif not isinstance(value, int) or abs(value) > MAX_INTEGER:
        message = f"{type(value).__name__} does not belong in a signed document, or is out of range"
        raise FormatError(message)


def _refuse_lone_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = "text is not valid Unicode"
        raise FormatError(message) from error


_WRITER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
_READER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float, parse_int=_integer
)
_EXACT_READER: Final = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, parse_int=_integer)
"""For what is compared with its one spelling: a key that appears twice is written once there, and so differs."""
