"""Exports over HTTP: prepare, (sign by POST /statements), look, download."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from evidence import schema
from server.api import PROVEN, V1, problems
from server.auth.dependencies import InvestigatorAsking
from server.auth.door import DoorRoute
from server.exports import plans
from server.exports.builder import Builder
from server.exports.parts import ExportsGiven
from server.items.service import find_view
from server.parts import Given
from server.problems import ProblemError, domains, general
from server.timeline.shapes import CASE

BuilderGiven = Annotated[Builder, Depends(Given(Builder))]

router = APIRouter(route_class=DoorRoute, prefix=V1, tags=["exports"])


class Ground(BaseModel):
    """On which ground the bundle is taken; it stands in the signed statement."""

    model_config = ConfigDict(extra="forbid")
    ground: Annotated[str, Field(min_length=1, max_length=2000, examples=["art. 126nd Sv, zaak 2026-123"])]


class PreparedOut(BaseModel):
    """What the investigator signs for: the payload manifest (SHA-256), the items, the log's head, the last numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "export": "7e" * 16,
                "manifest": "ab" * 32,
                "items": [CASE],
                "head": {"log": "getuige.example/log", "size": 812, "root": "cd" * 32},
                "last": [{"by": "1f" * 16, "seq": 41, "statement": "ef" * 32}],
            }
        }
    )
    export: str
    manifest: str
    items: list[str]
    head: dict[str, str | int]
    last: list[dict[str, str | int]]


class StatusOut(BaseModel):
    """`waiting` for the signature, `building`, `ready`, or `failed` (asking again tries again)."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"state": "building", "progress": {"done": 1048576, "of": 20971520}}}
    )
    state: str
    progress: dict[str, int]


@router.post(
    "/cases/{case}/exports",
    operation_id="prepare_export",
    status_code=201,
    responses=problems(
        *PROVEN, general.VALIDATION, domains.NOTHING_TO_EXPORT, domains.BLOB_MISSING, domains.NOT_INTEGRATED
    ),
)
def prepare(case: str, ground: Ground, who: InvestigatorAsking, sources: ExportsGiven) -> PreparedOut:
    """Fix what a bundle of everything that is granted now will hold."""
    view = find_view(sources.journal, case, who)
    prepared = plans.prepare(sources, who, view.case, ground.ground)
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
    status = builder.status(plans.find(sources, export, who))
    return StatusOut(state=status.state, progress={"done": status.done, "of": status.of})


@router.get(
    "/exports/{export}/bundle.zip",
    operation_id="download_bundle",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/zip": {}}, "description": "The sealed bundle"},
        **problems(*PROVEN, domains.EXPORT_WAITING, domains.ERASED),
    },
)
async def download(export: str, who: InvestigatorAsking, sources: ExportsGiven, builder: BuilderGiven) -> FileResponse:
    """Hand out a bundle that is ready. That it was taken stands in the journal: its export event."""
    prepared = await run_in_threadpool(plans.find, sources, export, who)
    if (await run_in_threadpool(builder.status, prepared)).state != "ready":
        raise ProblemError(domains.EXPORT_WAITING, {"retry-after": "1"})
    name = f"getuige-{prepared.export}.zip"
    return FileResponse(builder.path(prepared), media_type="application/zip", filename=name)
