"""The registry: every problem under its name. OpenAPI documents errors from it."""

from types import MappingProxyType
from typing import Final

from server.problems import domains, exporting, general, resuming, together
from server.problems.kinds import ProblemType

ALL: Final = tuple(
    value
    for module in (general, domains, exporting, resuming, together)
    for value in vars(module).values()
    if isinstance(value, ProblemType)
)
BY_NAME: Final = MappingProxyType({kind.name: kind for kind in ALL})
