"""POST /statements: a signed act goes in, a receipt comes out, and nothing is said before it is durable."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.envelope.container import Wrap
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.errors import NotAllowedError
from evidence.statements.event import Recorded
from evidence.statements.rules import authority
from evidence.statements.statement import Statement
from evidence.store.errors import ErasedError
from server.api import PROVEN, V1, WRITING, append, json_body, problems
from server.auth.dependencies import SignerAsking, VaultAsking
from server.auth.door import DoorRoute
from server.exports.plans import check_export
from server.problems import ProblemError, domains, general
from server.statements import refusals
from server.statements.parts import Intake, IntakeGiven
from server.statements.seals import Sealing, check_seal, reaches_no_reader
from server.statements.shapes import REFUSALS, STATEMENT_EXAMPLE, Dsse, LastAnswer, ReceiptAnswer
from server.uploads import begun
from server.uploads.parts import UploadsGiven

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/statements", tags=["statements"])


@router.post(
    "",
    operation_id="post_statement",
    status_code=201,
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
            domains.EXPORT_STALE,
        ),
    },
    openapi_extra=json_body(Dsse.model_json_schema(), STATEMENT_EXAMPLE),
)
async def post_statement(
    request: Request, response: Response, who: SignerAsking, intake: IntakeGiven, uploads: UploadsGiven
) -> ReceiptAnswer:
    """Store a statement that the asking key has signed. The same statement again gives the same receipt.

    Whoever has to sign it too, such as the lead who agrees to a list, may bring it in her author's place.
    """
    raw = await request.body()
    statement = statements.parse(raw)
    if who.kid not in {statement.by, statement.cosigner}:
        raise ProblemError(domains.SIGNER)
    sealing = Sealing(intake.uploads, statement)
    try:
        if _needs_checking_beside(statement):
            known = await run_in_threadpool(_known_or_checked, intake, statement, sealing)
            if known is not None:
                response.status_code = 200
                return intake.receipts.of(known)
        requires = begun.few_enough if isinstance(statement.body, bodies.ItemOpen) else None
        recorded = await append(intake.journal, raw, requires, sealing.end)
    except ErasedError as error:  # its author may go on from it: the receipt says that it had arrived
        raise ProblemError(domains.ERASED, receipt=intake.receipts.of_erased(error.tombstone)) from error
    except NotAllowedError as error:
        raise await run_in_threadpool(refusals.of, intake, statement, error) from error
    finally:
        sealing.let_go()
    if isinstance(statement.body, bodies.DeviceRevoke | bodies.KeyRetire):
        uploads.sweep_soon()
    if recorded.again:
        response.status_code = 200
    return intake.receipts.of(recorded)


@router.get("/last", operation_id="get_last_statement", responses=problems(*PROVEN))
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


def _note_closed(intake: Intake, statement: Statement, wraps: Sequence[Wrap]) -> None:
    """Give her lead a neutral sign of what no reader of hers will open; nothing is refused for it."""
    now = ids.now()
    if intake.journal.ask(lambda standing: reaches_no_reader(standing, statement, wraps, now)):
        intake.signs.note("closed-to-readers", statement, 0, now)


def _needs_checking_beside(statement: Statement) -> bool:
    beside = bodies.ItemSeal | bodies.ItemOpen | bodies.Export | bodies.LogRotate
    return statement.seen is not None or statement.type.startswith("alarm.") or isinstance(statement.body, beside)


def _known_or_checked(intake: Intake, statement: Statement, sealing: Sealing) -> Recorded | None:
    """Return the event of a statement that was stored before; otherwise check it, and return None."""
    known = intake.journal.by_statement(statement.id)
    if known is None:
        _check_beside(intake, statement, sealing)
    return known


def _check_beside(intake: Intake, statement: Statement, sealing: Sealing) -> None:
    """Check what the journal itself cannot know: files, prepared exports, and that the bridge hears of every act."""
    body = statement.body
    # Whose role does not sign this hears no more of it: not whether a file is here, nor through which door it goes.
    intake.journal.ask(lambda standing: authority.check_role(standing, statement))
    refusals.check_seen(intake, statement)
    if statement.type.startswith("alarm."):
        # An act that the bridge did not see would stand in the journal while her device hears nothing of it.
        raise NotAllowedError("door", "acts on an alarm go to /alarms/{alarm}/acts")
    if isinstance(body, bodies.LogRotate):
        # Here nobody would see to it that the next log has its key and its witnesses.
        raise NotAllowedError("door", "a log is ended by `getuige log rotate`")
    if isinstance(body, bodies.ItemSeal | bodies.ItemOpen):
        public = intake.journal.ask(lambda standing: standing.public_key(statement.by))
        if public is None:
            raise ProblemError(general.SIGNATURE)
        if isinstance(body, bodies.ItemSeal):
            sealed = intake.journal.seal_of(body.item)
            if sealed is None:
                sealing.begin()
                _note_closed(intake, statement, check_seal(intake.blobs, statement, body, public))
            elif sealed.statement != statement.id:
                # Before the file is read: it may be in S3 only, and nobody makes us fetch it by asking again.
                raise NotAllowedError("exists", "this item was sealed before")
        else:
            intake.journal.ask(lambda standing: begun.refuse_known(standing, body.item))
            begun.note(intake.uploads, statement, body, public)
    elif isinstance(body, bodies.Export):
        check_export(intake.exports, statement, body)
