"""The parts that erasures are shown, carried out and proved with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from evidence import keys
from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.journal.journal import SqlJournal
from server.layout import Layout
from server.log.keeper import LogKeeper
from server.parts import Given
from server.uploads.folder import UploadFolder


@dataclass(frozen=True, slots=True)
class ErasureRecords:
    """What an erasure is shown and proved from."""

    journal: SqlJournal
    log: LogKeeper
    identity: keys.SigningKey


@dataclass(frozen=True, slots=True)
class Erasable:
    """Where items are that an erasure destroys. `database_url`: it has connections of its own."""

    database_url: str
    layout: Layout
    journal: SqlJournal
    identity: keys.SigningKey
    blobs: TieredBlobs
    uploads: UploadFolder


ErasuresGiven = Annotated[ErasureRecords, Depends(Given(ErasureRecords))]
