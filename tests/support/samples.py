"""The sample of a body: a value of every statement type that has the right form, made from its annotations."""

from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from evidence import ids
from evidence.statements import catalogue
from evidence.statements.bodies import Body

OTHER: Final = "ab" * 16
"""A name that nothing has."""

_DIGESTS: Final = {ids.Sha256, ids.PublicKey, ids.Commitment}


def bodies_of_all_acts() -> dict[str, Body]:
    """Return a body for every act of the catalogue."""
    return {name: sample(act.body) for name, act in catalogue.ACTS.items()}


def sample(kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind that was asked for
    """Return a value of a dataclass; members that may be absent are."""
    hints = get_type_hints(kind)
    return kind(**{one.name: value(hints[one.name]) for one in fields(kind) if one.default is MISSING})


def value(hint: Any) -> Any:  # noqa: ANN401 - a type form has no common type
    """Return a value of a member's type."""
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) is tuple:
        return ()
    if is_dataclass(hint):
        return sample(hint)  # type: ignore[arg-type] # a class, not a value
    if hint in _DIGESTS:
        return "1" * 64
    special = {int: 1, str: "x", ids.Time: ids.now(), ids.Base64: "AA=="}
    return special.get(hint, OTHER)
