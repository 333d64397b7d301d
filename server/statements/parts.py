"""The parts that a statement is judged with before it goes into the journal."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.journal.journal import SqlJournal
from server.exports.parts import ExportSources
from server.log.keeper import LogKeeper
from server.parts import Given
from server.statements.receipts import Receipts
from server.statements.signs import Signs
from server.timeline.rings import Rings
from server.uploads.folder import UploadFolder


@dataclass(frozen=True, slots=True)
class Intake:
    """The journal that takes statements in, and what the journal itself cannot know."""

    journal: SqlJournal
    receipts: Receipts
    log: LogKeeper
    signs: Signs
    blobs: TieredBlobs
    uploads: UploadFolder
    exports: ExportSources
    rings: Rings


IntakeGiven = Annotated[Intake, Depends(Given(Intake))]
ReceiptsGiven = Annotated[Receipts, Depends(Given(Receipts))]
