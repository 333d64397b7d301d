"""The parts that alarms are shown with: what bridges tell, and the sealed cards of who has a device."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.journal.journal import SqlJournal
from server.alarms.feed import BridgeFeed
from server.parts import Given


@dataclass(frozen=True, slots=True)
class Cards:
    """The journal names the card of an alarm's device, a blob holds it."""

    journal: SqlJournal
    blobs: TieredBlobs


CardsGiven = Annotated[Cards, Depends(Given(Cards))]
FeedGiven = Annotated[BridgeFeed, Depends(Given(BridgeFeed))]
