"""Descriptions from what somebody said of each member: one way for every kind, made from the kind itself.

What is asked follows from the types (`evidence.envelope.meta`), the words from their table (`evidence.envelope.words`).
A reader's rules are put to it before anything is sealed. Nothing here knows where the answers come from.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, Final, cast, get_args, get_origin

from evidence import canonical, edtf, ids, schema
from evidence.envelope import meta as metas
from evidence.envelope import pieces, words
from evidence.envelope.meta import KINDS, Meta, Source
from evidence.errors import EvidenceError, FormatError
from server.clients import telling
from server.clients.errors import ClientError

NOT_ASKED: Final = ("kind", "source", "recorded", "file", "camera", "card.suspect.picture")
"""What whoever writes says without being asked, what a file says of itself, and a picture, which is a file too."""

TITLED: Final = ("incident", "label")
"""Kinds that say something by their title; another has a title of its own when nobody gives one."""

ENGLISH: Final = 1
"""The column of the commands' language in the table of words."""

_EXAMPLES: Final = "2026-05-12, 2026-05-12T21:30, 2026-05~ (about), 2026-05/2026-06"


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

    @property
    def inside(self) -> tuple["Member", ...]:
        """Return the members of each record, for a list of records."""
        one = get_args(self.type)[0] if self.many else None
        if one is None or not is_dataclass(one):
            return ()
        hints = schema.hints(cast("type", one))
        return tuple(
            _member(f"{self.path}.{name}", name, schema.without_none(hint), schema.without_none(hint) is hint)
            for name, hint in hints.items()
        )

    @property
    def help(self) -> str:
        """The words, and how an answer is written where that is not plain."""
        if self.path in words.TAGGED:
            return f"{self.words}: {', '.join(words.TERMS[self.path])}; or words of your own"
        if self.inside:
            return f"{self.words}, each as `{'; '.join(f'{one.option}=…' for one in self.inside)}`"
        if self.path in ("order.valid_from", "order.until"):
            return f"{self.words}, such as 2026-11-21"
        if self.type is edtf.Edtf:
            return f"{self.words}: {_EXAMPLES}"
        return self.words + (f": {', '.join(self.choices)}" if self.choices else "")


@functools.cache
def members(kind: str) -> tuple[Member, ...]:
    """Return what may be said of a kind, in its order; a list of records is one member, with members inside."""
    cls, found = KINDS[kind], []
    for path, hint in words.paths(cls):
        if any(path == one or path.startswith(f"{one}.") for one in NOT_ASKED) or _in_a_list(cls, path):
            continue
        if is_dataclass(hint):
            continue
        needed = _is_needed(cls, path) if path.startswith(f"{kind}.") else path == "title" and kind in TITLED
        found.append(_member(path, path.removeprefix(f"{kind}."), hint, needed))
    return tuple(found)


def _member(path: str, name: str, hint: Any, needed: bool) -> Member:  # noqa: ANN401, FBT001 - a type form; as it is kept
    many = get_origin(hint) is tuple
    return Member(path, name.replace(".", "-").replace("_", "-"), words.MEMBERS[path][ENGLISH], hint, many, needed)


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
    whole: dict[str, Any] = {**(form or {}), "v": 2, "kind": kind, "source": source, "recorded": ids.now()}
    answered = {one.path: _answer(one, said[one.path]) for one in members(kind) if one.path in said}
    for path, value in {**said, **answered}.items():
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
    for name, value in _of_itself(kind, whole).items():
        whole[name] = value if whole.get(name) is None else whole[name]
    try:
        described = metas.read(schema.complete(KINDS[kind], whole))
        telling.check(described)
        metas.to_json(described)
    except FormatError as error:
        raise ClientError(f"That cannot be kept: {error}. Nothing was sealed.") from error
    return described


def again(meta: Meta, said: Mapping[str, Any], form: Mapping[str, Any]) -> Meta:
    """Return a description with other answers to some members; what is neither said nor in the form stays as it was.

    Raises:
        ClientError: something cannot be; in words that name it.
    """
    return describe(meta.kind, meta.source, said, _over(schema.encode(meta), form))


def _over(told: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    """Return `told` with what a form says, also inside its records."""
    return {**told} | {
        name: _over(told[name], value) if isinstance(value, dict) and isinstance(told.get(name), dict) else value
        for name, value in form.items()
    }


def _of_itself(kind: str, whole: Mapping[str, Any]) -> dict[str, str]:
    """Return title and time as the rest of a description gives them, for who gave none."""
    order = whole.get("order")
    if kind == "order" and isinstance(order, dict) and order.get("kind") in words.VALUES:
        told = order["kind"] == "stop-gezegd"
        days = {} if order.get("valid_from") is None else {"happened": f"{order['valid_from']}"}
        if days and not told:
            days["happened"] += f"/{order.get('until') or '..'}"
        return {"title": words.VALUES[order["kind"]][0].capitalize(), **days}
    if kind in TITLED:
        return {}
    return {"title": words.MEMBERS.get(kind, words.TERMS["kind"][kind])[0]}


def _answer(member: Member, value: Any) -> Any:  # noqa: ANN401 - as it was said
    """Return an answer as a description holds it.

    Raises:
        ClientError: it is none of the answers that there are, or no record such as the help shows.
    """
    if member.many and isinstance(value, list | tuple):
        return [_one(member, each) for each in value]
    return _one(member, value)


def _one(member: Member, value: Any) -> Any:  # noqa: ANN401 - as it was said
    if value is None:
        return None
    if member.inside and isinstance(value, str):
        return _record(member, value)
    if member.path in words.TAGGED and isinstance(value, str):
        return words.tag_of(member.path, value)
    if member.choices and str(value) not in member.choices:
        raise ClientError(
            f"“{value}” is no answer to --{member.option} ({member.words}): it is one of {', '.join(member.choices)}. "
            "Nothing was sealed."
        )
    return int(value) if member.choices and member.choices[0].isdigit() else value


def _record(member: Member, text: str) -> dict[str, Any]:
    """Return the record that is written as `member=value; member=value`."""
    known, said = {one.option: one for one in member.inside}, dict[str, Any]()
    for part in filter(None, map(str.strip, text.split(";"))):
        name, equals, value = (one.strip() for one in part.partition("="))
        inner = known.get(name.replace("_", "-"))
        if inner is None or not equals:
            raise ClientError(
                f"“{part}” says nothing of --{member.option}: write it as “{'; '.join(f'{one}=…' for one in known)}”, "
                "and leave out what is not known. Nothing was sealed."
            )
        told = parsed(inner, value)
        said[inner.path.rpartition(".")[2]] = [told] if inner.many else told
    return said


def parsed(member: Member, text: str) -> str | int | bool:
    """Return an answer that was typed, of the type of the member.

    Raises:
        ClientError: it is no number, or neither yes nor no, where that is asked.
    """
    inner = get_args(member.type)[0] if member.many else member.type
    if inner is bool:
        if text.casefold() not in _YES_OR_NO:
            raise ClientError(f"“{text}” is neither yes nor no ({member.words}). Nothing was sealed.")
        return _YES_OR_NO[text.casefold()]
    if inner is int:
        if not text.isascii() or not text.isdigit():
            raise ClientError(f"“{text}” is no whole number ({member.words}). Nothing was sealed.")
        return int(text)
    return cast("str", _one(member, text))


_YES_OR_NO: Final = {"yes": True, "no": False, "ja": True, "nee": False}


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
