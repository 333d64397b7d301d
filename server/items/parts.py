"""The parts that items are found and handed out with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.journal.journal import SqlJournal
from server.items.reads import Reads
from server.parts import Given
from server.uploads.folder import UploadFolder


@dataclass(frozen=True, slots=True)
class ItemStore:
    """The journal names items; blobs hold what is sealed, uploads what of an announced item has arrived."""

    journal: SqlJournal
    blobs: TieredBlobs
    uploads: UploadFolder


ItemsGiven = Annotated[ItemStore, Depends(Given(ItemStore))]
ReadsGiven = Annotated[Reads, Depends(Given(Reads))]
