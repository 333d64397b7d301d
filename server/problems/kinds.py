"""Kinds of problems, and what each is made of."""

from dataclasses import dataclass
from typing import Final

TYPE_PREFIX: Final = "urn:getuige:problem:"


@dataclass(frozen=True, slots=True)
class Words:
    """A problem in one language: a short title, and what happened, what is safe, what to do next."""

    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: its name (the end of the type URI), its status code, its words.

    `registered` is the type URI of a problem that others have defined; ours end in the name.
    """

    name: str
    status: int
    dutch: Words
    english: Words
    registered: str | None = None

    @property
    def uri(self) -> str:
        """The `type` of its documents (RFC 9457, 3.1.1)."""
        return self.registered or TYPE_PREFIX + self.name
