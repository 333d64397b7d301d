"""The way of a statement into the journal, through whichever door it came: alone, or in a batch.

State rules:
- Statements are checked in order, handed to the writer together, and answered after one durable commit.
- The first refusal stops those behind it, whoever refuses: a check beside the journal, or the writer.
- The same statements again give the same receipts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.envelope.container import Wrap
from evidence.errors import EvidenceError
from evidence.logs import place
from evidence.statements import bodies
from evidence.statements.errors import NotAllowedError
from evidence.statements.event import Recorded
from evidence.statements.rules import authority
from evidence.statements.statement import Statement
from evidence.store.errors import ErasedError
from evidence.store.ports import Offered, Outcome, Requirement
from server.exports.service import check_export
from server.principals import Signer
from server.problems import ProblemError, domains, general, translate
from server.statements import refusals
from server.statements.parts import Intake
from server.statements.seals import Sealing, check_seal, reaches_no_reader
from server.timeline.rings import destroy_quietly
from server.to_its_end import to_its_end
from server.uploads import begun
from server.uploads.service import Uploads

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """The receipts of what was stored, in order (JSON of `shapes.ReceiptAnswer`), and why the next one was refused."""

    receipts: Sequence[bytes]
    refused: ProblemError | None
    again: bool
    """Whether all of it was stored before."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """What was found beside the journal: events of statements that it has, and a refusal behind the last of them."""

    known: list[Recorded | None] = field(default_factory=list)
    refused: Exception | None = None


async def take(intake: Intake, uploads: Uploads, who: Signer, said: Sequence[Statement]) -> Taken:
    """Store statements that the asking key has signed, up to the first refusal.

    Whoever has to sign one too, such as the lead who agrees to a list, may bring it in her author's place.

    Raises:
        ProblemError: SIGNER, somebody else signed one of them; nothing is stored.
        EvidenceError: nothing is known of any: the journal takes nothing, or the outcome is open.
    """
    if any(who.kid not in {one.by, one.cosigner} for one in said):
        raise ProblemError(domains.SIGNER)
    sealings = [Sealing(intake.uploads, one) for one in said]
    try:
        checked = _Checked([None] * len(said))
        if any(_needs_checking_beside(one) for one in said):
            checked = await to_its_end(partial(_check, intake, said, sealings))
        outcomes = await _append(intake, said, sealings, checked)
    finally:
        for sealing in sealings:
            sealing.let_go()
    stored = [one for one in outcomes if isinstance(one, Recorded)]
    if any(isinstance(one.body, bodies.DeviceRevoke | bodies.KeyRetire) for one in said[: len(stored)]):
        uploads.sweep_soon()
    for one in said[: len(stored)]:
        if isinstance(one.body, bodies.KeyRetire):
            await run_in_threadpool(destroy_quietly, intake.rings, one.body.kid)
    if len(said) == len(stored) == 1:
        return Taken([intake.receipts.written(stored[0])], None, again=stored[0].again)
    return await run_in_threadpool(_answer, intake, said, stored, outcomes)


async def _append(
    intake: Intake, said: Sequence[Statement], sealings: Sequence[Sealing], checked: _Checked
) -> Sequence[Outcome]:
    """Hand to the writer what passed, unless all of it is known; the refusal that stopped the rest comes last."""
    known = [one for one in checked.known if one is not None]
    outcomes: Sequence[Outcome] = known
    if len(known) < len(checked.known):
        offered = [Offered(one, _condition_of(one)) for one in said[: len(checked.known)]]
        writing = intake.journal.append_soon(offered)
        for sealing in sealings:
            sealing.end(writing)
        outcomes = await asyncio.shield(writing)  # a request that is given up does not end the holds
    stopped = bool(outcomes) and isinstance(outcomes[-1], Exception)
    return outcomes if stopped or checked.refused is None else [*outcomes, checked.refused]


def _answer(
    intake: Intake, said: Sequence[Statement], stored: Sequence[Recorded], outcomes: Sequence[Outcome]
) -> Taken:
    """Return receipts and refusal. Blocks."""
    receipts = [intake.receipts.written(one) for one in stored]
    last = outcomes[-1]
    refused = None if isinstance(last, Recorded) else _refusal(intake, said[len(stored)], last)
    return Taken(receipts, refused, again=all(one.again for one in stored))


def _refusal(intake: Intake, statement: Statement, error: Exception) -> ProblemError:
    """Return how a refusal is told; what nobody foresaw is written down, and costs this one statement."""
    if isinstance(error, ErasedError):  # its author may go on from it: the receipt says that it had arrived
        return ProblemError(domains.ERASED, receipt=intake.receipts.of_erased(error.tombstone))
    if isinstance(error, NotAllowedError):
        return refusals.of(intake, statement, error)
    if isinstance(error, EvidenceError):
        return translate.of(error)
    if isinstance(error, ProblemError):
        return error
    _log.error("a statement could not be judged", state=statement.type, error=type(error).__name__, place=place(error))
    return ProblemError(domains.UNJUDGED)


def _condition_of(statement: Statement) -> Requirement | None:
    return begun.few_enough if isinstance(statement.body, bodies.ItemOpen) else None


def _needs_checking_beside(statement: Statement) -> bool:
    beside = bodies.ItemSeal | bodies.ItemOpen | bodies.Export | bodies.LogRotate
    return statement.seen is not None or statement.type.startswith("alarm.") or isinstance(statement.body, beside)


def _check(intake: Intake, said: Sequence[Statement], sealings: Sequence[Sealing]) -> _Checked:
    """Check in order, up to the first refusal, what the journal has not. Blocks."""
    found: list[Recorded | None] = []
    for statement, sealing in zip(said, sealings, strict=True):
        if not _needs_checking_beside(statement):
            found.append(None)
            continue
        try:
            known = intake.journal.by_statement(statement.id)
            if known is None:
                _check_beside(intake, statement, sealing)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is about this one: those before it are stored
            return _Checked(found, error)
        found.append(None if known is None else replace(known, again=True))
    return _Checked(found)


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
                _note_closed(
                    intake, statement, check_seal(intake.blobs, intake.uploads.contents, statement, body, public)
                )
            elif sealed.statement != statement.id:
                # Before the file is read: it may be in S3 only, and nobody makes us fetch it by asking again.
                raise NotAllowedError("exists", "this item was sealed before")
        else:
            intake.journal.ask(lambda standing: begun.refuse_known(standing, body.item))
            begun.note(intake.uploads, statement, body, public)
    elif isinstance(body, bodies.Export):
        check_export(intake.exports, statement, body)


def _note_closed(intake: Intake, statement: Statement, wraps: Sequence[Wrap]) -> None:
    """Give her lead a neutral sign of what no reader of hers will open; nothing is refused for it."""
    now = ids.now()
    if intake.journal.ask(lambda standing: reaches_no_reader(standing, statement, wraps, now)):
        intake.signs.note("closed-to-readers", statement, 0, now)
