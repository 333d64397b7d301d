"""The custody log as anyone may read it (c2sp.org/tlog-tiles), its timestamps, and proofs of receipts."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from evidence.canonical import MAX_INTEGER
from evidence.custody.errors import ResourceNotFoundError, TileError
from evidence.custody.log.tiles import CHECKPOINT_PATH, FolderTiles
from server.api import PROVEN, V1, problems
from server.auth.dependencies import PasserByAsking, SignerAsking
from server.auth.door import DoorRoute
from server.log import service
from server.log.parts import LogGiven, PublicLog
from server.log.shapes import Timestamps
from server.problems import ProblemError, domains, general
from server.timestamps.stamp_folder import StampFolder

router = APIRouter(route_class=DoorRoute, tags=["log"])

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""For full tiles, which never change (c2sp.org/tlog-tiles, *Serving*)."""

_TILE: Final = re.compile(r"^(?:entries|\d{1,2})/(?:x\d{3}/)*\d{3}(?:\.p/\d{1,3})?$")


@router.get(
    "/log/checkpoint",
    operation_id="get_checkpoint",
    response_class=PlainTextResponse,
    responses=problems(general.NOT_FOUND),
)
def get_checkpoint(_who: PasserByAsking, log: LogGiven) -> Response:
    """Return the newest signed head of the log (c2sp.org/tlog-checkpoint)."""
    return _resource(log, CHECKPOINT_PATH, "text/plain; charset=utf-8", "no-cache")


@router.get(
    "/log/tile/{path:path}",
    operation_id="get_tile",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The tile's hashes, or a bundle of entries"},
        **problems(general.NOT_FOUND),
    },
)
def get_tile(path: str, _who: PasserByAsking, log: LogGiven) -> Response:
    """Return a tile or an entry bundle. Full ones never change."""
    return _tile(log, path)


@router.get(
    "/logs/{number}/checkpoint",
    operation_id="get_checkpoint_of_log",
    response_class=PlainTextResponse,
    responses=problems(general.NOT_FOUND, general.VALIDATION),
)
def get_checkpoint_of_log(number: int, _who: PasserByAsking, log: LogGiven) -> Response:
    """Return the newest signed head of a later log: the second is the one that took over from the first."""
    path, kind = CHECKPOINT_PATH, "text/plain; charset=utf-8"
    return _resource(log, path, kind, "no-cache", number)


@router.get(
    "/logs/{number}/tile/{path:path}",
    operation_id="get_tile_of_log",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The tile's hashes, or a bundle of entries"},
        **problems(general.NOT_FOUND, general.VALIDATION),
    },
)
def get_tile_of_log(number: int, path: str, _who: PasserByAsking, log: LogGiven) -> Response:
    """Return a tile or an entry bundle of a later log."""
    return _tile(log, path, number)


@router.get(
    "/logs/{number}/timestamps/{size}.{kind}",
    operation_id="get_timestamp_of_log",
    response_class=Response,
    responses={
        200: {"content": {"application/timestamp-reply": {}}, "description": "The token, or its checkpoint"},
        **problems(general.NOT_FOUND, general.VALIDATION),
    },
)
def get_timestamp_of_log(
    number: int, size: int, kind: str, _who: PasserByAsking, log: LogGiven, authority: str | None = None
) -> Response:
    """Return an RFC 3161 token over a head of a later log, or that head."""
    return _timestamp(log, size, kind, authority, number)


@router.get(
    f"{V1}/log/timestamps", operation_id="list_timestamps", responses=problems(general.NOT_FOUND, general.VALIDATION)
)
def list_timestamps(_who: PasserByAsking, log: LogGiven, number: int | None = None) -> Timestamps:
    """List the timestamps over checkpoints of the log that grows, or of the one with this number."""
    if number is not None and not 1 <= number <= len(log.keeper.lineage.eras):
        raise ProblemError(general.NOT_FOUND)
    era = log.keeper.lineage.current if number is None else log.keeper.lineage.eras[number - 1]
    folder = log.keeper.folders.stamp_folder(era)
    return Timestamps(log=era.number, sizes=folder.sizes(), authorities=sorted(filter(None, folder.newest())))


@router.get(
    "/log/timestamps/{size}.{kind}",
    operation_id="get_timestamp",
    response_class=Response,
    responses={
        200: {"content": {"application/timestamp-reply": {}}, "description": "The token, or its checkpoint"},
        **problems(general.NOT_FOUND, general.VALIDATION),
    },
)
def get_timestamp(size: int, kind: str, _who: PasserByAsking, log: LogGiven, authority: str | None = None) -> Response:
    """Return an RFC 3161 token (`tsr`) or the exact checkpoint that it is over (`checkpoint`)."""
    return _timestamp(log, size, kind, authority)


@router.get(
    f"{V1}/receipts/{{index}}/proof",
    operation_id="get_proof",
    response_class=PlainTextResponse,
    responses=problems(*PROVEN, domains.NOT_INTEGRATED, general.VALIDATION),
)
async def get_proof(index: Annotated[int, Path(ge=0, le=MAX_INTEGER)], who: SignerAsking, log: LogGiven) -> Response:
    """Return the proof that an event is in the log (c2sp.org/tlog-proof), to its signer and to readers of its case."""
    proof = await run_in_threadpool(service.proof_of, log, index, who)
    return Response(proof, media_type="text/plain; charset=utf-8")


def _tile(log: PublicLog, path: str, number: int = 1) -> Response:
    if not _TILE.match(path):
        raise ProblemError(general.NOT_FOUND)
    caching = "no-cache" if ".p/" in path else IMMUTABLE
    return _resource(log, f"tile/{path}", "application/octet-stream", caching, number)


def _timestamp(log: PublicLog, size: int, kind: str, authority: str | None, number: int = 1) -> Response:
    media = {"tsr": "application/timestamp-reply", "checkpoint": "text/plain; charset=utf-8"}.get(kind)
    folder = StampFolder(log.layout.timestamps_of(number))
    data = (folder.note(size) if kind == "checkpoint" else folder.token(size, authority)) if folder.has(size) else None
    if media is None or data is None:
        raise ProblemError(general.NOT_FOUND)
    return Response(data, media_type=media, headers={"cache-control": IMMUTABLE})


def _resource(log: PublicLog, path: str, media_type: str, caching: str, number: int = 1) -> Response:
    try:
        data = FolderTiles(log.layout.log_of(number)).read(path)
    except (ResourceNotFoundError, TileError) as error:
        raise ProblemError(general.NOT_FOUND) from error
    return Response(data, media_type=media_type, headers={"cache-control": caching})
