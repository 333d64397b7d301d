"""Rules about holds and erasures: what it takes until something may be destroyed, and what stops it. Pure.

State rules:
- Nobody destroys alone: her vault asks, a caseworker of the team approves, `ERASE_DELAY` passes, nobody calls it off.
- A hold on one of the items, or a term for a claim or an inquiry, stops it. A request lapses after `ERASE_LAPSE`.
- The card of an alarm device in use is needed, and is not erased.
- A journal that came back from before an erasure repeats it from the three signed statements that decided it.
"""

from datetime import timedelta
from typing import Final, TypeVar

from evidence import canonical, ids
from evidence.errors import FormatError
from evidence.statements import bodies, retention
from evidence.statements.errors import refuse
from evidence.statements.facts import Erasure
from evidence.statements.rules.belonging import items_of_case
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said, parse, verified

B = TypeVar("B", bound=bodies.Body)

ERASE_DELAY: Final = timedelta(days=14)
"""Long enough that a woman who was forced to ask can be in safety, and cancel."""

ERASE_LAPSE: Final = timedelta(days=90)
"""A request that could not be executed by then (held, not approved) is asked anew: an old wish must not come true on
the day that a hold ends."""

ERASE_CLOCK: Final = timedelta(minutes=10)
"""How far the time in an erasure request may be from the server's: a backdated one would shorten the delay."""

MAX_ERASED: Final = 2000
"""Items of one request: the proof of an erasure says of each event where its leaf is, and stays a file that is read."""


@rule(bodies.HoldPlace)
def hold_place(standing: Standing, said: Said[bodies.HoldPlace], now: ids.Time) -> None:
    """Refuse a hold that exists, of items that are not there, or by an investigator on what was not granted."""
    body = said.body
    if body.hold in standing.known_holds:
        refuse("exists", "this hold exists")
    items_of_case(standing, said.case, body.items, begun=True)
    case = said.case
    granted = standing.readable(said.by, case, now).keys()
    if standing.role_of(said.by) == "investigator" and not granted >= set(body.items):
        refuse("not-granted", "an investigator holds what was granted to them")


@rule(bodies.HoldLift)
def hold_lift(standing: Standing, said: Said[bodies.HoldLift], _now: ids.Time) -> None:
    """Refuse to lift a hold that is not in force, or that another role placed."""
    hold = standing.holds.get(said.body.hold)
    if hold is None or hold.case != said.case:
        refuse("unknown-hold", "this case has no such hold in force")
    if hold.role != standing.role_of(said.by):
        refuse("role", f"a hold is lifted by the role that placed it: {hold.role}")


@rule(bodies.EraseRequest)
def erase_request(standing: Standing, said: Said[bodies.EraseRequest], now: ids.Time) -> None:
    """Refuse a request that states another time than the present, or names items that are not there or are needed."""
    body = said.body
    if body.erasure in standing.erasures:
        refuse("exists", "this request exists")
    if abs(ids.moment_of(said.at) - ids.moment_of(now)) > ERASE_CLOCK:
        refuse("clock", "the time in the request is not the present: the delay counts from it")
    if len(body.items) > MAX_ERASED:
        refuse("too-many", f"one request names at most {MAX_ERASED} items: ask for the rest in another one")
    items_of_case(standing, said.case, body.items, begun=True)
    _refuse_needed_cards(standing, said.case, body.items)


@rule(bodies.EraseStep, "erase.approve")
def erase_approve(standing: Standing, said: Said[bodies.EraseStep], _now: ids.Time) -> None:
    """Refuse a second approval, or one of an erasure that is not under way."""
    if _erasure(standing, said).approved:
        refuse("exists", "this erasure was approved before")


@rule(bodies.EraseStep, "erase.cancel")
def erase_cancel(standing: Standing, said: Said[bodies.EraseStep], _now: ids.Time) -> None:
    """Refuse to call off what is not under way; nothing else stands in the way of calling it off."""
    _erasure(standing, said)


@rule(bodies.EraseStep, "erase.execute")
def erase_execute(standing: Standing, said: Said[bodies.EraseStep], now: ids.Time) -> None:
    """Refuse until two people decided, the delay passed, and nothing holds it."""
    erasure = _erasure(standing, said)
    if not erasure.approved:
        refuse("not-approved", "no caseworker approved this erasure")
    if ids.moment_of(now) - ids.moment_of(erasure.requested_at) < ERASE_DELAY:
        refuse("too-early", f"an erasure waits {ERASE_DELAY.days} days, so that it can be cancelled")
    if ids.moment_of(now) - ids.moment_of(erasure.requested_at) > ERASE_LAPSE:
        refuse("lapsed", f"a request counts for {ERASE_LAPSE.days} days; she can ask again")
    if any(retention.is_held(standing, item) for item in erasure.items):
        refuse("held", "one of the items is held")
    if retention.bars_erasure(standing, erasure.case, now):
        refuse("retained", "the case is kept for a claim or an inquiry")
    if erasure.items & standing.erased:
        refuse("erased", "one of the items was erased by another request")
    _refuse_needed_cards(standing, erasure.case, tuple(erasure.items))


@rule(bodies.EraseFinish)
def erase_finish(standing: Standing, said: Said[bodies.EraseFinish], now: ids.Time) -> None:
    """Refuse the last word on what was not executed, and a second one but for a lock that has ended."""
    body = said.body
    erasure = standing.erasures.get(body.erasure)
    if erasure is None or erasure.case != said.case or not erasure.executed:
        refuse("unknown-erasure", "this case has no such erasure under way")
    if erasure.finished and (erasure.locked_until is None or erasure.locked_until > now):
        refuse("exists", "this erasure was finished before")


@rule(bodies.EraseRepeat)
def erase_repeat(standing: Standing, said: Said[bodies.EraseRepeat], now: ids.Time) -> None:
    """What three people's keys decided holds in a journal that forgot it; a server alone repeats nothing."""
    body = said.body
    known = standing.erasures.get(body.erasure)
    if known is not None and known.ended:
        refuse("exists", "this erasure was executed or cancelled")
    items_of_case(standing, said.case, body.items, begun=True)
    asked = _repeated(standing, said, "erase.request", bodies.EraseRequest, body.request)
    agreed = _repeated(standing, said, "erase.approve", bodies.EraseStep, body.approve)
    done = _repeated(standing, said, "erase.execute", bodies.EraseStep, body.execute)
    case = said.case
    if standing.case_of_vault.get(asked.by) != case or not standing.on_team(agreed.by, case):
        refuse("not-approved", "it was not asked by her vault, or nobody of the team agreed")
    if standing.role_of(done.by) != "server":
        refuse("not-approved", "no server carried it out")
    if not set(body.items) <= set(asked.body.items):
        refuse("unknown-item", "she did not ask for one of these items")
    if ids.moment_of(done.at) - ids.moment_of(asked.at) < ERASE_DELAY - ERASE_CLOCK:
        refuse("too-early", f"an erasure waits {ERASE_DELAY.days} days, so that it can be cancelled")
    if any(retention.is_held(standing, item) for item in body.items):
        refuse("held", "one of the items is held")
    if retention.bars_erasure(standing, case, now):
        refuse("retained", "the case is kept for a claim or an inquiry")


def _repeated(
    standing: Standing, said: Said[bodies.EraseRepeat], name: str, body: type[B], part: ids.Base64
) -> Said[B]:
    """Return a statement inside `erase.repeat`, signed by a key in force, of this case and erasure."""
    try:
        found = parse(canonical.unb64(part))
    except FormatError:
        refuse("form", "a step of the erasure cannot be read")
    public = standing.public_key(found.by)
    same = found.body.named("erasure") == said.body.erasure
    if public is None or found.type != name or found.case != said.case or not same:
        refuse("not-approved", "a step is of another erasure, or by a key that is not known here")
    return Said.of(verified(found, {found.by: public}), body)


def _refuse_needed_cards(standing: Standing, case: ids.CaseId, items: tuple[ids.ItemId, ...]) -> None:
    """The card of a device in use tells a dispatcher how to get to her: nobody loses it under pressure."""
    if any(standing.is_card(item, case, needed=True) for item in items):
        refuse("in-use", "one of the items is the card of an alarm device in use: revoke the device first")


def _erasure(standing: Standing, said: Said[bodies.EraseStep]) -> Erasure:
    erasure = standing.erasures.get(said.body.erasure)
    if erasure is None or erasure.case != said.case or erasure.ended:
        refuse("unknown-erasure", "this case has no such erasure under way")
    return erasure
