"""The body of a statement: what all types of it have in common, which is nothing but that they are one."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Body:
    """What an act says. A body is a frozen dataclass; its annotations are the format (`evidence.schema`)."""

    def named(self, member: str) -> Any:  # noqa: ANN401 - of the type of that member
        """Return a member of which the catalogue says the name; None where a body has none, or nothing was said."""
        return getattr(self, member, None)
