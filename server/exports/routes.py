"""Exports over HTTP: prepare, (sign by POST /statements), look, download."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from evidence import schema
from server.api import PROVEN, V1, problems
from server.auth.dependencies import InvestigatorAsking
from server.auth.door import DoorRoute
from server.exports import service
from server.exports.builder import Builder
from server.exports.parts import ExportsGiven
from server.exports.shapes import Ground, PreparedOut, StatusOut
from server.items.service import find_view
from server.parts import Given
from server.problems import ProblemError, domains, exporting, general

BuilderGiven = Annotated[Builder, Depends(Given(Builder))]

router = APIRouter(route_class=DoorRoute, prefix=V1, tags=["exports"])


@router.post(
    "/cases/{case}/exports",
    operation_id="prepare_export",
    status_code=201,
    responses=problems(
        *PROVEN,
        general.VALIDATION,
        exporting.NOTHING_TO_EXPORT,
        exporting.TOO_MANY_TO_EXPORT,
        domains.BLOB_MISSING,
        domains.NOT_INTEGRATED,
    ),
)
def prepare(case: str, ground: Ground, who: InvestigatorAsking, sources: ExportsGiven) -> PreparedOut:
    """Fix what a bundle of everything that is granted now will hold."""
    view = find_view(sources.journal, case, who)
    prepared = service.prepare(sources, who, view.case, ground.ground, ground.grants)
    return PreparedOut(
        export=prepared.export,
        manifest=prepared.manifest,
        items=list(prepared.items),
        head=schema.encode(prepared.head),
        last=schema.encode(prepared.last),
    )


@router.get("/exports/{export}", operation_id="look_at_export", responses=problems(*PROVEN, domains.ERASED))
def look(export: str, who: InvestigatorAsking, sources: ExportsGiven, builder: BuilderGiven) -> StatusOut:
    """Say where a bundle stands."""
    status = builder.status(service.find(sources, export, who))
    return StatusOut(state=status.state, progress={"done": status.done, "of": status.of})


@router.get(
    "/exports/{export}/bundle.zip",
    operation_id="download_bundle",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/zip": {}}, "description": "The sealed bundle"},
        **problems(*PROVEN, exporting.EXPORT_WAITING, domains.ERASED),
    },
)
async def download(export: str, who: InvestigatorAsking, sources: ExportsGiven, builder: BuilderGiven) -> FileResponse:
    """Hand out a bundle that is ready. That it was taken stands in the journal: its export event."""
    prepared = await run_in_threadpool(service.find, sources, export, who)
    if (await run_in_threadpool(builder.status, prepared)).state != "ready":
        raise ProblemError(exporting.EXPORT_WAITING, {"retry-after": "1"})
    name = f"getuige-{prepared.export}.zip"
    return FileResponse(builder.path(prepared), media_type="application/zip", filename=name)
