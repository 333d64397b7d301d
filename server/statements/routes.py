"""POST /statements: a signed act goes in, a receipt comes out, and nothing is said before it is durable."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from evidence.statements import statement as statements
from evidence.store.errors import ErasedError
from server.api import PROVEN, V1, WRITING, json_body, problems
from server.auth.dependencies import SignerAsking, VaultAsking
from server.auth.door import DoorRoute, PlainRoute
from server.auth.parts import GateGiven
from server.problems import domains, exporting, prefers_english, together
from server.statements import batches
from server.statements.parts import IntakeGiven
from server.statements.shapes import (
    BATCH_SCHEMA,
    REFUSALS,
    STATEMENT_EXAMPLE,
    BatchAnswer,
    Dsse,
    LastAnswer,
    ReceiptAnswer,
)
from server.statements.taking import take
from server.uploads.parts import UploadsGiven

JSON: Final = "application/json"

PREFIX: Final = f"{V1}/statements"

router = APIRouter(tags=["statements"])
written = APIRouter(route_class=PlainRoute, prefix=PREFIX)
"""What `server.auth.door.Shortcut` leads to."""

_read = APIRouter(route_class=DoorRoute, prefix=PREFIX)


@written.post(
    "",
    operation_id="post_statement",
    status_code=201,
    response_model=ReceiptAnswer,
    responses={
        200: {"model": ReceiptAnswer, "description": "This statement was stored before: the same receipt again"},
        **problems(
            *PROVEN,
            *WRITING,
            *REFUSALS,
            domains.BLOB_MISSING,
            domains.CONTAINER,
            domains.BEGUN,
            domains.UPLOAD_LOCKED,
            exporting.EXPORT_STALE,
        ),
    },
    openapi_extra=json_body(Dsse.model_json_schema(), STATEMENT_EXAMPLE),
)
async def post_statement(request: Request, who: SignerAsking, intake: IntakeGiven, uploads: UploadsGiven) -> Response:
    """Store a statement that the asking key has signed. The same statement again gives the same receipt.

    Whoever has to sign it too, such as the lead who agrees to a list, may bring it in her author's place.
    """
    taken = await take(intake, uploads, who, [statements.parse(await request.body())])
    if taken.refused is not None:
        raise taken.refused
    return Response(taken.receipts[0], 200 if taken.again else 201, media_type=JSON)


@written.post(
    "/batch",
    operation_id="post_batch",
    status_code=201,
    response_model=BatchAnswer,
    responses={
        200: {"model": BatchAnswer, "description": "All of these were stored before: the same receipts again"},
        **problems(
            *PROVEN, *WRITING, domains.STATEMENT, domains.SIGNER, domains.UNKNOWN_OUTCOME, together.BATCH_STOPPED
        ),
    },
    openapi_extra=json_body(BATCH_SCHEMA, [STATEMENT_EXAMPLE]),
)
async def post_batch(
    request: Request, who: SignerAsking, intake: IntakeGiven, uploads: UploadsGiven, gate: GateGiven
) -> Response:
    """Store up to 100 statements of the asking key about one case, in order, by one commit; each gets its receipt.

    The first that is refused stops those behind it: the answer is then the problem `batch-stopped`, with its place
    (`at`), its refusal (`refused`) and the receipts of those before it. What is no batch is refused whole.
    """
    said = await run_in_threadpool(batches.parse, await request.body())
    gate.signer_pace.take(who.kid, len(said) - 1)  # one was taken at the door
    taken = await take(intake, uploads, who, said)
    if taken.refused is not None:
        english = prefers_english(request.headers.get("accept-language", ""))
        raise batches.stopped(len(taken.receipts), taken.receipts, taken.refused, english=english)
    body = b'{"receipts":[%b]}' % b",".join(taken.receipts)
    return Response(body, 200 if taken.again else 201, media_type=JSON)


@_read.get("/last", operation_id="get_last_statement", responses=problems(*PROVEN))
def get_last_statement(who: VaultAsking, intake: IntakeGiven) -> LastAnswer:
    """Return the last statement of the asking vault: it numbers what it says, and its owner may use any computer."""
    last = intake.journal.ask(lambda standing: standing.chains.get(who.kid))
    if last is None:
        return LastAnswer(seq=None, statement=None, stored=None)
    try:
        stored = intake.journal.by_statement(last.prev)
    except ErasedError:
        stored = None
    receipt = None if stored is None else intake.receipts.of(stored)
    return LastAnswer(seq=last.seq, statement=last.prev, stored=receipt)


router.include_router(written)
router.include_router(_read)
