"""Typed values from foreign JSON: a frozen dataclass is the schema, its annotations are the rules.

`decode(cls, value)` refuses what is missing, unknown or of another form, so that a value that exists is a value
that may be used; `encode(value)` gives back plain JSON. Kept free of dependencies for the offline verifier.
"""

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from evidence import canonical, ids
from evidence.errors import FormatError

MAX_TEXT_CHARACTERS = 64 * 1024
"""The longest single text: an incident told in full is a few pages, not a book."""

MAX_LIST_MEMBERS = 20_000
"""A grant of a whole case at once; larger ones are split."""

T = TypeVar("T")


def decode(cls: type[T], value: object) -> T:
    """Build a `cls` (frozen dataclass) from parsed JSON. FormatError names the member that is wrong."""
    if not isinstance(value, dict):
        message = f"{cls.__name__}: expected an object"
        raise FormatError(message)
    hints = _hints(cast("Hashable", cls))
    unknown = value.keys() - hints.keys()
    if unknown:
        message = f"{cls.__name__}: unknown member {min(unknown)[:40]!r}"
        raise FormatError(message)
    members = {}
    for name, hint in hints.items():
        try:
            members[name] = _member(hint, value.get(name))
        except FormatError as error:
            message = f"{cls.__name__}.{name}: {error}"
            raise FormatError(message) from error
    return cls(**members)


def encode(value: object) -> Any:  # noqa: ANN401 - plain JSON
    """Return the plain JSON of a dataclass; members that are None are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: encode(member) for name, member in members if member is not None}
    if isinstance(value, list | tuple):
        return [encode(member) for member in value]
    return value


@functools.cache
def _hints(cls: Hashable) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


def _member(hint: Any, value: object) -> object:  # noqa: ANN401 - a type form has no common type
    if hint in _PARSERS:
        return _PARSERS[hint](value)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _optional(hint, value)
    if origin is Literal:
        if value not in get_args(hint) or isinstance(value, bool):
            message = "expected one of " + ", ".join(map(str, get_args(hint)))
            raise FormatError(message)
        return value
    if origin is tuple:
        return _members(get_args(hint)[0], value)
    return decode(cast("type[object]", hint), value)


def _optional(hint: Any, value: object) -> object:  # noqa: ANN401 - as above
    if value is None:
        return None
    (inner,) = (option for option in get_args(hint) if option is not type(None))
    return _member(inner, value)


def _members(hint: Any, value: object) -> tuple[object, ...]:  # noqa: ANN401 - as above
    if not isinstance(value, list) or len(value) > MAX_LIST_MEMBERS:
        message = f"expected a list of at most {MAX_LIST_MEMBERS}"
        raise FormatError(message)
    return tuple(_member(hint, member) for member in value)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARACTERS:
        message = f"expected text of at most {MAX_TEXT_CHARACTERS} characters"
        raise FormatError(message)
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        message = "expected a whole number, zero or more"
        raise FormatError(message)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        message = "expected true or false"
        raise FormatError(message)
    return value


def _base64(value: object) -> str:
    canonical.unb64(value)
    return cast("str", value)


def _time(value: object) -> str:
    ids.moment_of(value)
    return cast("str", value)


def _hex(size: int) -> Callable[[object], str]:
    return lambda value: ids.hex_text(value, size)


_PARSERS: dict[Any, Callable[[object], object]] = {
    str: _text,
    int: _count,
    bool: _flag,
    ids.Base64: _base64,
    ids.Time: _time,
    ids.LeafHex: _hex(33),
    **{kind: _hex(32) for kind in (ids.Sha256, ids.PublicKey, ids.Commitment)},
    **{
        kind: _hex(16)
        for kind in (
            ids.CaseId,
            ids.ItemId,
            ids.DeviceId,
            ids.AlarmId,
            ids.TeamId,
            ids.GrantId,
            ids.ExportId,
            ids.DisclosureId,
            ids.HoldId,
            ids.ErasureId,
            ids.SubjectId,
            ids.KeyId,
        )
    },
}
