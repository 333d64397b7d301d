"""Typed values from foreign JSON: a frozen dataclass is the schema, its annotations are the rules.

`decode(cls, value)` refuses what is missing, unknown or of another form, so that a value that exists is a value
that may be used; `encode(value)` gives back plain JSON. Kept free of dependencies for the offline verifier.

Descriptions are *whole* (docs/formats/envelope.md, *Leaves*): every member is named, null where nothing was told, and a
record that is not there is one in which every member is null. So the names in it say nothing of what was told.
"""

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, Literal, NewType, TypeVar, Union, cast, get_args, get_origin

from evidence import canonical, edtf, ids
from evidence.errors import FormatError

MAX_TEXT_CHARACTERS: Final = 64 * 1024
"""The longest single text: an incident told in full is a few pages, not a book."""

MAX_LIST_MEMBERS: Final = 200_000
"""Events of a bundle, and so more than there are items in one: what a document may hold its size in bytes decides."""

MAX_TOLD: Final = 1024
"""Members of a list in a description, pieces of a text among them: more sentences than anybody writes at once."""

Pieces = NewType("Pieces", tuple[str, ...])
"""A text in pieces, which are shown or withheld one by one: joined they are the words. `MAX_TEXT_CHARACTERS` in all."""

NO_WORDS: Final = Pieces(())

T = TypeVar("T")
Parser = Callable[[object], object]
"""Returns the typed value of a piece of JSON, or raises FormatError."""


Writer = Callable[[Any], Any]
"""Returns the plain JSON of a typed value, or of None."""


def decode(cls: type[T], value: object, *, whole: bool = False) -> T:
    """Build a `cls` (frozen dataclass) from parsed JSON. FormatError names the member that is wrong.

    `whole`: every member must be there, also in what it holds.
    """
    if not isinstance(value, dict):
        message = f"{cls.__name__}: expected an object"
        raise FormatError(message)
    parsers = _parsers(cast("Hashable", cls), whole)
    if not value.keys() <= parsers.keys():
        message = f"{cls.__name__}: unknown member {min(value.keys() - parsers.keys())[:40]!r}"
        raise FormatError(message)
    if whole and len(value) < len(parsers):
        missing = min(parsers.keys() - value.keys())
        message = f"{cls.__name__}: no member {missing!r}, which is null where nothing was told"
        raise FormatError(message)
    members = {}
    name = ""
    try:
        for name, parse in parsers.items():
            members[name] = parse(value.get(name))
    except FormatError as error:
        message = f"{cls.__name__}.{name}: {error}"
        raise FormatError(message) from error
    return cls(**members)


def taker(cls: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """Return what builds a `cls` from parsed JSON that `decode` accepted before, and asks for no form again.

    A name that `cls` does not have, or one that it needs and is not told, is a TypeError all the same.
    """
    return _taker(cast("Hashable", cls))


@functools.cache
def _taker(cls: Any) -> Callable[[Mapping[str, Any]], Any]:  # noqa: ANN401 - the cache forgets the type
    builders = tuple((name, build) for name, hint in hints(cls).items() if (build := _builder(hint)) is not None)
    if not builders:
        return lambda value: cls(**value)

    def take(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        members = dict(value)
        for name, build in builders:
            if (inner := members.get(name)) is not None:
                members[name] = build(inner)
        return cls(**members)

    return take


def decode_kind(kinds: Mapping[str, type[T]], value: object) -> T:
    """Build the class that the member `kind` of `value` names, whole. FormatError says which kinds there are."""
    kind = value.get("kind") if isinstance(value, dict) else None
    cls = kinds.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise FormatError("kind: expected one of " + ", ".join(kinds))
    return decode(cls, value, whole=True)


def encode_whole(value: object) -> Any:  # noqa: ANN401 - plain JSON
    """Return the plain JSON of a dataclass with every member that it can have."""
    return _writer(cast("Hashable", type(value)))(value)


def complete(hint: Any, value: object) -> Any:  # noqa: ANN401 - JSON of a type form
    """Return JSON that a person or another program wrote, with null for each member of `hint` that it leaves out."""
    inner = without_none(hint)
    if value is None and (inner is Pieces or get_origin(inner) is tuple):
        return []
    if get_origin(inner) is tuple and isinstance(value, list):
        return [complete(get_args(inner)[0], one) for one in value]
    if not dataclasses.is_dataclass(inner) or not isinstance(value, dict | None):
        return value
    said = value or {}
    return {**said, **{name: complete(one, said.get(name)) for name, one in typing.get_type_hints(inner).items()}}


def encode(value: object) -> Any:  # noqa: ANN401 - plain JSON
    """Return the plain JSON of a dataclass; members that are None are left out."""
    if isinstance(value, str | int | None):  # most of what there is, and an alarm is written while a press waits
        return value
    names = _names(cast("Hashable", type(value)))
    if names is not None:
        return {name: encode(member) for name in names if (member := getattr(value, name)) is not None}
    if isinstance(value, list | tuple):
        return [encode(member) for member in value]
    return value


def leaves(cls: type) -> Mapping[str, Any]:
    """Return what a dataclass holds in the end: dotted path and type of each member that is no dataclass itself.

    A list is one leaf. `T | None` is `T` here.
    """
    found: dict[str, Any] = {}
    for name, hint in typing.get_type_hints(cls).items():
        inner = without_none(hint)
        if isinstance(inner, type) and dataclasses.is_dataclass(inner):
            found |= {f"{name}.{path}": kind for path, kind in leaves(inner).items()}
        else:
            found[name] = inner
    return found


def leaf(value: object, path: str) -> Any:  # noqa: ANN401 - of the type that `leaves` says
    """Return the member at a dotted path, None where there is none."""
    for name in path.split("."):
        value = getattr(value, name, None)
    return value


@functools.cache
def hints(cls: Hashable) -> Mapping[str, Any]:
    """Return the type of each member of a dataclass; worked out once per class."""
    return typing.get_type_hints(cls)


def without_none(hint: Any) -> Any:  # noqa: ANN401 - a type form has no common type
    """Return `T` of `T | None`, and another type as it is."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint
    (inner,) = (option for option in get_args(hint) if option is not type(None))
    return inner


@functools.cache
def _names(cls: Hashable) -> tuple[str, ...] | None:
    """Return the members of a dataclass, None for another class; worked out once per class."""
    return tuple(field.name for field in dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else None


@functools.cache
def _writer(hint: Hashable) -> Writer:
    """Return how a value of this type is written whole; worked out once per type."""
    inner = without_none(hint)
    if inner is Pieces:
        return lambda value: list(value or ())
    if get_origin(inner) is tuple:
        one = _writer(get_args(inner)[0])
        return lambda value: [one(member) for member in value or ()]
    if not dataclasses.is_dataclass(inner):
        return lambda value: value
    writers = {name: _writer(hint) for name, hint in typing.get_type_hints(inner).items()}
    return lambda value: {name: write(getattr(value, name, None)) for name, write in writers.items()}


def _builder(hint: Any) -> Callable[[Any], Any] | None:  # noqa: ANN401 - a type form has no common type
    """Return how a member is built from parsed JSON, None when it is that."""
    inner = without_none(hint)
    if get_origin(inner) is tuple:
        one = _builder(get_args(inner)[0])
        return tuple if one is None else lambda value: tuple(map(one, value))
    return _taker(cast("Hashable", inner)) if dataclasses.is_dataclass(inner) else None


@functools.cache
def _parsers(cls: Hashable, whole: bool) -> Mapping[str, Parser]:  # noqa: FBT001 - part of the cache's key
    """Return how each member of a dataclass is read; worked out once per class."""
    return {name: _parser(hint, whole) for name, hint in typing.get_type_hints(cls).items()}


def _parser(hint: Any, whole: bool) -> Parser:  # noqa: ANN401, FBT001 - a type form has no common type
    if hint in _PARSERS:
        return _PARSERS[hint]
    if (inner := without_none(hint)) is not hint:
        nothing = _writer(cast("Hashable", inner))(None) if whole and dataclasses.is_dataclass(inner) else None
        return _optional(_parser(inner, whole), nothing)
    origin, options = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _one_of(options)
    if origin is tuple:
        return _list_of(_parser(options[0], whole), MAX_TOLD if whole else MAX_LIST_MEMBERS)
    return functools.partial(decode, hint, whole=whole)


def _optional(inner: Parser, nothing: object) -> Parser:
    """Return None for what stands for nothing told, else what `inner` returns."""
    return lambda value: None if value == nothing else inner(value)


def _one_of(options: tuple[object, ...]) -> Parser:
    def parse(value: object) -> object:
        if isinstance(value, bool) or value not in options:
            raise FormatError("expected one of " + ", ".join(map(str, options)))
        return value

    return parse


def _list_of(inner: Parser, most: int) -> Parser:
    def parse(value: object) -> object:
        if not isinstance(value, list) or len(value) > most:
            raise FormatError(f"expected a list of at most {most}")
        return tuple(map(inner, value))

    return parse


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = "expected text"
        raise FormatError(message)
    if len(value) > MAX_TEXT_CHARACTERS:
        message = f"text of {len(value)} characters, and at most {MAX_TEXT_CHARACTERS} fit"
        raise FormatError(message)
    return value


def _pieces(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_TOLD:
        raise FormatError(f"expected a list of at most {MAX_TOLD} pieces of text")
    pieces = tuple(map(_text, value))
    _text("".join(pieces))
    return pieces


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


def _hex(size: int) -> Parser:
    return lambda value: ids.hex_text(value, size)


_PARSERS: dict[Any, Parser] = {
    str: _text,
    int: _count,
    bool: _flag,
    Pieces: _pieces,
    edtf.Edtf: _text,
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
            ids.ShiftId,
            ids.SubjectId,
            ids.KeyId,
        )
    },
}
