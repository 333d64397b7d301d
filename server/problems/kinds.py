"""What a problem is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A problem in one language: a short title, and what happened, what is safe, what to do next."""

    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: its name (the end of the type URI), its status code, its words."""

    name: str
    status: int
    dutch: Words
    english: Words
