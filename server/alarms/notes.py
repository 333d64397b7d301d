"""Notes at the close of an alarm: whose it is to write one, and the note as it was sealed there.

The server sees neither words nor names: it takes a container and the dispatcher's statement about it, and gives the
note to who reads the case. It is no part of the close, which the bridge took before.
"""

import hashlib
from typing import Final

from starlette.concurrency import run_in_threadpool

from evidence import canonical, ids
from evidence.envelope import container
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.event import Recorded
from evidence.statements.statement import Statement
from server.alarms.feed import BridgeFeed
from server.alarms.shapes import ClosingNote
from server.api import append
from server.principals import Dispatcher
from server.problems import ProblemError, domains, general
from server.statements.parts import Intake

MAX_NOTE_BYTES: Final = 256 * 1024
"""Of a container: some pages of words, and a wrap of 1.5 kB for each reader."""


async def add(
    intake: Intake, feed: BridgeFeed, alarm: str, note: ClosingNote, who: Dispatcher
) -> tuple[Recorded, bool]:
    """Store a note by the dispatcher who closed its alarm; say whether it was there before. ProblemError otherwise."""
    case = closed_by(feed, alarm, who)
    statement = statements.parse(canonical.encode(note.statement.model_dump()))
    body = statement.body
    if statement.by != who.kid:
        raise ProblemError(domains.SIGNER)
    if not isinstance(body, bodies.ItemSeal) or statement.case != case:
        raise ProblemError(domains.STATEMENT, reason="a note is an item of the case of its alarm")
    known = await run_in_threadpool(intake.journal.by_statement, statement.id)
    if known is None:
        if not await run_in_threadpool(intake.journal.ask, lambda standing: alarm in standing.of(case).alarms):
            raise ProblemError(domains.BRIDGE)  # the bridge has not brought the alarm into the journal yet
        await run_in_threadpool(_keep, intake, statement, body, note.container)
    recorded = known or await append(intake.journal, statement)
    return recorded, known is not None or recorded.again


def closed_by(feed: BridgeFeed, alarm: str, who: Dispatcher) -> ids.CaseId:
    """Return the case of an alarm that this dispatcher closed; NOT_FOUND for every other."""
    known = feed.alarm(alarm)
    closed = known and known.get("closed")
    if not known or not closed or closed.get("by", {}).get("kid") != who.kid:
        raise ProblemError(general.NOT_FOUND)
    return ids.CaseId(ids.hex_text(known["case"], 16))


def _keep(intake: Intake, statement: Statement, body: bodies.ItemSeal, encoded: str) -> None:
    """Store the container, if it is what the statement says. Blocks."""
    public = intake.journal.ask(lambda standing: standing.public_key(statement.by))
    data = canonical.unb64(encoded)
    stated = (body.container.size, body.container.sha256, body.content)
    if public is None or (len(data), hashlib.sha256(data).hexdigest(), None) != stated or len(data) > MAX_NOTE_BYTES:
        raise ProblemError(domains.CONTAINER)
    prefix = container.parse_prefix(data)
    container.check_against(prefix, statement.case, statement.by, body)
    container.verify_head(prefix, public)
    intake.blobs.put(data)
