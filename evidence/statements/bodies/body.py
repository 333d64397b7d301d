"""The body of a statement: what all types of it have in common, which is nothing but that they are one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Body:
    """What an act says. A body is a frozen dataclass; its annotations are the format (`evidence.schema`)."""
