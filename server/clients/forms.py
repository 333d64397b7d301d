"""Descriptions of papers from what somebody said of each member: one way for every kind, made from the kind itself.

What is asked follows from the types (`evidence.envelope.meta`), the words from their table (`evidence.envelope.words`).
A reader's rules are put to it before anything is sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from evidence import canonical, ids, schema
from evidence.envelope import meta as metas
from evidence.envelope import pieces, words
from evidence.envelope.meta import KINDS, Meta, Source
from evidence.errors import EvidenceError, FormatError
from server.clients import telling
from server.clients.errors import ClientError

NOT_ASKED: Final = ("kind", "source", "recorded")
"""What whoever writes says without being asked."""

ENGLISH: Final = 1
"""The column of the commands' language in the table of words."""


@dataclass(frozen=True)
class Member:
    """A member that may be said: its path, the name of its option, its words, and what may be said."""

    path: str
    option: str
    words: str
    type: Any
    many: bool
    needed: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers that there are; none where any may be given."""
        return words.choices(self.type)


def members(kind: str) -> tuple[Member, ...]:
    """Return what may be said of a kind, in its order; of lists of records a form (`read`) says more."""
    cls, found = KINDS[kind], []
    for path, hint in words.paths(cls):
        one = get_args(hint)[0] if get_origin(hint) is tuple else hint
        if path in NOT_ASKED or is_dataclass(one) or _in_a_list(cls, path):
            continue
        option = path.removeprefix(f"{kind}.").replace(".", "-").replace("_", "-")
        said = words.MEMBERS[path][ENGLISH]
        many = get_origin(hint) is tuple
        found.append(Member(path, option, said, hint, many, path.startswith(f"{kind}.") and _is_needed(cls, path)))
    return tuple(found)


def read(file: Path) -> dict[str, Any]:
    """Return what a JSON file says, with the members of docs/formats/envelope.md.

    Raises:
        ClientError: the file cannot be read, or holds something else.
    """
    try:
        said = canonical.decode(file.read_bytes())
    except (OSError, EvidenceError) as error:
        raise ClientError(f"{file} is no form: {error}. Nothing was sealed.") from error
    if not isinstance(said, dict):
        raise ClientError(f"{file} is no form: it holds no members. Nothing was sealed.")
    return said


def describe(kind: str, source: Source, said: Mapping[str, Any], form: Mapping[str, Any] | None = None) -> Meta:
    """Return a description of `kind`, from members by their paths, over those of a form.

    Raises:
        ClientError: something cannot be, or is missing; in words that name it.
    """
    whole: dict[str, Any] = {
        "title": words.MEMBERS[kind][ENGLISH - 1] if kind in words.MEMBERS else kind,
        **(form or {}),
        "v": 2,
        "kind": kind,
        "source": source,
        "recorded": ids.now(),
    }
    for path, value in said.items():
        if value is None or value in ([], ()):
            continue
        *above, name = path.split(".")
        inside = whole
        for part in above:
            inside = inside.setdefault(part, {})
            if not isinstance(inside, dict):
                raise ClientError(f"The form says something else of {part}. Nothing was sealed.")
        inside[name] = list(value) if isinstance(value, tuple) else value
    if isinstance(whole.get("text"), str):
        whole["text"] = list(pieces.cut(whole["text"]))
    try:
        described = metas.read(schema.complete(KINDS[kind], whole))
        telling.check(described)
        metas.to_json(described)
    except FormatError as error:
        raise ClientError(f"That cannot be kept: {error}. Nothing was sealed.") from error
    return described


def _is_needed(kind: type, path: str) -> bool:
    """Whether a member of the kind's own record must be said."""
    hint: Any = kind
    for name in path.split("."):
        hint = schema.hints(hint)[name]
        if schema.without_none(hint) is not hint:
            return False
    return get_origin(hint) is not tuple


def _in_a_list(kind: type, path: str) -> bool:
    """Whether a member belongs to the records of a list."""
    hint: Any = kind
    for name in path.split("."):
        if get_origin(hint) is tuple:
            return True
        hint = schema.without_none(schema.hints(hint)[name])
    return False
