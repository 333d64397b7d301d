"""Erasures as their readers see them: how far each is, and the proof of one that was carried out. Blocks."""

from datetime import timedelta

from evidence import ids
from evidence.errors import FormatError
from evidence.statements import retention
from evidence.statements.facts import Erasure
from evidence.statements.rules.erasure import ERASE_DELAY, ERASE_LAPSE
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.erasure import proving
from server.erasure.parts import ErasureRecords
from server.erasure.shapes import ErasureOut, State
from server.items.service import find_view
from server.log.line_of_logs import INTEGRATED_WITHIN_S, NotIntegratedError
from server.principals import Reader
from server.problems import ProblemError, domains, general


def of_case(journal: SqlJournal, case: str, who: Reader) -> list[ErasureOut]:
    """Return the erasures of a case; nothing to readers who do not see all of it, NOT_FOUND for who sees none."""
    view = find_view(journal, case, who)
    if not view.whole:
        return []
    now = ids.now()

    def look(standing: Standing) -> list[ErasureOut]:
        return [_shown(standing, name, one, now) for name, one in standing.erasures.items() if one.case == view.case]

    return journal.ask(look)


def proof_of(records: ErasureRecords, case: str, erasure: str, who: Reader) -> bytes:
    """Return the proof of a finished erasure to who sees its whole case; ProblemError otherwise."""
    name = _whole_case(records.journal, case, who)
    known = records.journal.ask(lambda standing: standing.erasures.get(_id(erasure)))
    if known is None or known.case != name:
        raise ProblemError(general.NOT_FOUND)
    if not known.finished:
        raise ProblemError(domains.ERASURE_WAITING)
    try:
        document = proving.prove(records, name, _id(erasure))
    except NotIntegratedError as error:
        raise ProblemError(domains.NOT_INTEGRATED, {"retry-after": str(INTEGRATED_WITHIN_S)}) from error
    if document is None:
        raise ProblemError(general.NOT_FOUND)
    return document


def _whole_case(journal: SqlJournal, case: str, who: Reader) -> ids.CaseId:
    """Return the case if `who` sees all of it; NOT_FOUND otherwise."""
    view = find_view(journal, case, who)
    if not view.whole:
        raise ProblemError(general.NOT_FOUND)
    return view.case


def _id(erasure: str) -> ids.ErasureId:
    try:
        return ids.ErasureId(ids.hex_text(erasure, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error


def _shown(standing: Standing, name: ids.ErasureId, one: Erasure, now: ids.Time) -> ErasureOut:
    return ErasureOut(
        erasure=name,
        state=_state(standing, one, now),
        items=sorted(one.items),
        asked_at=one.requested_at,
        due_at=_after(one.requested_at, ERASE_DELAY),
        lapses_at=_after(one.requested_at, ERASE_LAPSE),
        executed_at=one.executed_at,
        locked_until=one.locked_until,
    )


def _state(standing: Standing, one: Erasure, now: ids.Time) -> State:
    if one.finished:
        return "finished"
    if one.ended:
        return "executed" if one.executed else "cancelled"
    if now > _after(one.requested_at, ERASE_LAPSE):
        return "lapsed"
    if any(retention.is_held(standing, item) for item in one.items):
        return "held"
    if retention.bars_erasure(standing, one.case, now):
        return "kept"
    return "waiting" if one.approved else "asked"


def _after(moment: ids.Time, delay: timedelta) -> ids.Time:
    return ids.time_of(ids.moment_of(moment) + delay)
