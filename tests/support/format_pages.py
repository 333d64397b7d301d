"""How pages in `docs/formats/` write the members of a type, so that a test can hold a table to the code."""

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from evidence import schema


def members(kind: type[Any]) -> Iterator[str]:
    """Yield members as a page writes them: `name`, `name?`, `name {its, members}`, `name [{…}]`."""
    for name, hint in get_type_hints(kind).items():
        inner = schema.without_none(hint)
        many = get_origin(inner) is tuple
        one = get_args(inner)[0] if many else inner
        said = f"{name}?" if inner is not hint else name
        if isinstance(one, type) and is_dataclass(one):
            record = f"{{{', '.join(members(one))}}}"
            said += f" [{record}]" if many else f" {record}"
        yield said


def named(cell: str) -> list[str]:
    """Return the members that a cell of a table names; what stands in brackets is explanation."""
    while (shorter := re.sub(r"\([^()]*\)", "", cell)) != cell:
        cell = shorter
    return re.findall(r"`([^`]*)`", cell)
