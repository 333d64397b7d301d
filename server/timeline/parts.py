"""The parts that a timeline is put together from."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from server.items.parts import ItemStore
from server.log.keeper import LogKeeper
from server.parts import Given
from server.statements.signs import Signs
from server.timeline.rings import Rings


@dataclass(frozen=True, slots=True)
class TimelineSources:
    """Events and items, the head of the log, and signs that something is not right with a device."""

    items: ItemStore
    log: LogKeeper
    signs: Signs


RingsGiven = Annotated[Rings, Depends(Given(Rings))]
TimelineGiven = Annotated[TimelineSources, Depends(Given(TimelineSources))]
