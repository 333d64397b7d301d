"""The sizes of tests: quick in `make test-quick`, ordinary in `make test`, large in `make faults` and `make soak`."""

import os
from typing import Any, Final

import pytest

LONG_S: Final = float(os.environ.get("GETUIGE_FAULTS_S", "60"))
"""How long things are broken in `make faults`, seconds; `make test` does it for a few seconds."""


def sizes(small: object, *large: object) -> list[Any]:
    """Return values for `parametrize`: one for `make test`, and those that only `make faults` runs."""
    return [small, *(pytest.param(one, marks=pytest.mark.faults) for one in large)]


EFFORT: Final = float(os.environ.get("GETUIGE_EFFORT", "1"))
"""How many times the ordinary number of generated examples are tried; less in `make test-quick`."""
FEWEST: Final = 5


def fewer(ordinary: int) -> int:
    """Return how many of something dear to try where `ordinary` are tried in `make test`: at least one."""
    return max(1, round(ordinary * min(EFFORT, 1)))


def examples(ordinary: int) -> int:
    """Return how many generated examples to try where `ordinary` are tried in `make test`."""
    return max(FEWEST, round(ordinary * EFFORT))
