"""The parts that the public log is served from."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from evidence.store.journal.journal import SqlJournal
from server.layout import Layout
from server.log.keeper import LogKeeper
from server.parts import Given


@dataclass(frozen=True, slots=True)
class PublicLog:
    """Tiles and timestamps as files of `layout`; the keeper proves, the journal says who may see which proof."""

    journal: SqlJournal
    keeper: LogKeeper
    layout: Layout


LogGiven = Annotated[PublicLog, Depends(Given(PublicLog))]
