"""Acts on alarms, which go to the bridges; the sealed card, and the figures of days, for whoever may see them."""

from datetime import timedelta
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

from evidence import canonical, ids
from evidence.errors import FormatError
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.facts import Sealed
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.alarms.feed import BridgeFeed, BridgeUnreachableError, Refusal
from server.alarms.parts import Cards
from server.alarms.shapes import Card, DayReport, DeviceDay
from server.items.access import openers_of
from server.items.reads import Reads
from server.items.service import read_prefix
from server.principals import Caseworker, Dispatcher, identify
from server.problems import ProblemError, domains, general
from server.timeline.shapes import WrapOut

LONGEST: Final = timedelta(days=32)
"""A month of any length; figures over years come from the spools (`getuige alarms report`)."""


async def act(feed: BridgeFeed, alarm: str, raw: bytes, who: Dispatcher, if_match: str | None) -> dict[str, Any]:
    """Hand a dispatcher's statement to the bridge; return the alarm as it is then. ProblemError when it refuses."""
    statement = statements.parse(raw)
    if statement.by != who.kid:
        raise ProblemError(domains.SIGNER)
    if statement.body.named("alarm") != alarm:
        raise ProblemError(domains.STATEMENT, reason="the statement is about another alarm")
    try:
        outcome = await feed.act(alarm, raw, if_match)
    except BridgeUnreachableError as error:
        raise ProblemError(domains.BRIDGE) from error
    if isinstance(outcome, Refusal):
        raise _refused(outcome)
    return outcome


async def renew_claim(feed: BridgeFeed, alarm: str, who: Dispatcher) -> None:
    """Let a dispatcher's claim live on; ProblemError when the bridge does not, or is away."""
    try:
        ids.hex_text(alarm, 16)
        refusal = await feed.renew(alarm, who.kid)
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error
    except BridgeUnreachableError as error:
        raise ProblemError(domains.BRIDGE) from error
    if refusal is not None:
        raise _refused(refusal)


def is_on_shift(journal: SqlJournal, kid: ids.KeyId) -> bool:
    """Whether this dispatcher said that they watch, and not that they stopped. Blocks."""
    return journal.ask(lambda standing: any(one.by == kid and one.ended_at is None for one in standing.shifts.values()))


async def show_card(cards: Cards, feed: BridgeFeed, reads: Reads, alarm: str, who: Dispatcher) -> Card:
    """Return the sealed card of an alarm that is not closed, once its reading is written down; NOT_FOUND else."""
    known = feed.alarm(alarm)
    if known is None or known.get("card") is None or known.get("state") == "closed":
        raise ProblemError(general.NOT_FOUND)
    case, body, wraps = await run_in_threadpool(_card, cards.journal, str(known["card"]), who.kid)
    prefix = await run_in_threadpool(read_prefix, cards.blobs, body)
    mine = [wrap for wrap in prefix.head.wraps if wrap.to in wraps]
    if not mine:
        raise ProblemError(general.NOT_FOUND)

    def still_allowed(standing: Standing) -> bool:
        return identify(standing, who.kid) == who

    await reads.note(who.kid, case, [body.item], "meta", still_allowed)
    return Card(item=body.item, head=canonical.b64(prefix.to_bytes()), wraps=[WrapOut.of(wrap) for wrap in mine])


async def report(
    journal: SqlJournal, feed: BridgeFeed, who: Caseworker | Dispatcher, since: str, until: str
) -> DayReport:
    """Count the alarms between two moments of devices that `who` may know of; VALIDATION for more than `LONGEST`."""
    try:
        first, last = ids.moment_of(since), ids.moment_of(until)
    except FormatError as error:
        raise ProblemError(general.VALIDATION) from error
    if not timedelta(0) < last - first <= LONGEST:
        raise ProblemError(general.VALIDATION)

    def look(standing: Standing) -> set[str]:
        used = [one for one in standing.devices.values() if one.alarm and not one.revoked]
        all_ = not isinstance(who, Caseworker)
        return {one.device for one in used if all_ or standing.on_team(who.kid, one.case)}

    mine = await run_in_threadpool(journal.ask, look)
    try:
        rows, live = await feed.days(ids.Time(since), ids.Time(until)), True
    except BridgeUnreachableError:
        rows, live = {}, False
    devices = [DeviceDay.model_validate(rows[name]) for name in sorted(mine & rows.keys())]
    return DayReport(since=since, until=until, live=live, devices=devices)


def _refused(refusal: Refusal) -> ProblemError:
    """Return the bridge's refusal as ours, with the alarm's present state when that is the reason."""
    kinds = {403: domains.NOT_ALLOWED, 404: general.NOT_FOUND}
    kind = kinds.get(refusal.status, domains.BRIDGE_REFUSED)
    if refusal.alarm is None:
        return ProblemError(kind, reason=refusal.reason)
    state, revision = str(refusal.alarm.get("state", "")), refusal.alarm.get("revision")
    return ProblemError(kind, reason=refusal.reason, state=state, revision=revision if isinstance(revision, int) else 0)


def _card(
    journal: SqlJournal, item: str, reader: ids.KeyId
) -> tuple[ids.CaseId, bodies.ItemSeal, frozenset[ids.KeyId]]:
    """Return the card's case, its seal, and the box keys that the reader holds; NOT_FOUND when it was erased."""
    try:
        name = ids.ItemId(ids.hex_text(item, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error

    def look(standing: Standing) -> tuple[Sealed | None, frozenset[ids.KeyId]]:
        return None if name in standing.erased else standing.items.get(name), openers_of(standing, reader)

    sealed, boxes = journal.ask(look)
    if sealed is None or sealed.body is None:
        raise ProblemError(general.NOT_FOUND)
    return sealed.case, sealed.body, boxes
