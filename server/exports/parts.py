"""The parts that bundles are made from, and their builder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends

from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.journal.journal import SqlJournal
from server.log.keeper import LogKeeper
from server.parts import Given
from server.uploads.folder import UploadFolder


@dataclass(frozen=True, slots=True)
class ExportSources:
    """What a bundle takes from; `folder` holds what was prepared, and the bundles."""

    journal: SqlJournal
    blobs: TieredBlobs
    uploads: UploadFolder
    folder: Path
    log: LogKeeper


ExportsGiven = Annotated[ExportSources, Depends(Given(ExportSources))]
