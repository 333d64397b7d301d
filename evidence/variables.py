"""Environment variables of all programs: one that nobody reads, and looks like one that somebody does, is a mistake.

A port under a mistyped name would otherwise start a server on the usual one without a word.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Final

PREFIX: Final = "GETUIGE_"

ALIKE: Final = 0.85
"""How alike two names are for one to be the other mistyped (difflib's ratio): one letter in ten."""


def mistyped(environment: Mapping[str, str], prefix: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each variable with this prefix that is not known, and the known one that it looks like."""
    for name in sorted(environment):
        if name.startswith(prefix) and name not in known:
            for meant in difflib.get_close_matches(name, known, 1, ALIKE):
                yield name, meant
