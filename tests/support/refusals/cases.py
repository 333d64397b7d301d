"""Refusals about a case: who opens it, and how long it is kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from evidence.statements import bodies, retention
from evidence.statements.statement import Statement
from tests.support.published import unfit
from tests.support.refusals.world import A_MOMENT, House, World, allowed, key_of, refused


@refused("exists", "this case, or a case with this vault key, exists")
def a_case_is_opened_twice(w: World) -> Iterator[Statement]:
    fresh = House()
    yield w.say(w.lead, "case.open", w.case_of(fresh, w.team, w.lead))
    yield w.say(w.lead, "case.open", w.case_of(w.here, w.team, w.lead), fresh)
    yield w.say(w.lead, "case.open", replace(w.case_of(fresh, w.team, w.lead), vault=key_of(w.server)), fresh)


@refused("team", "a case is opened within the caseworker's own team, with a lead from it")
def a_case_is_opened_for_another_team_or_lead(w: World) -> Iterator[Statement]:
    fresh = House()
    yield w.say(w.lead, "case.open", w.case_of(fresh, w.other_team, w.lead), fresh)
    yield w.say(w.lead, "case.open", w.case_of(fresh, w.other_team, w.outsider), fresh)
    yield w.say(w.lead, "case.open", w.case_of(fresh, w.team, w.outsider), fresh)
    yield w.say(w.lead, "case.open", w.case_of(fresh, w.team, w.nobody), fresh)
    w.act(w.root, "key.retire", bodies.KeyRetire(w.colleague.kid))
    yield w.say(w.lead, "case.open", w.case_of(fresh, w.team, w.colleague), fresh)


@refused("xwing", "nothing can be wrapped to that X-Wing key")
def a_case_brings_what_is_no_xwing_key(w: World) -> Iterator[Statement]:
    fresh = House()
    for wrong in unfit():
        yield w.say(w.lead, "case.open", replace(w.case_of(fresh, w.team, w.lead), xwing=wrong), fresh)


@allowed
def a_case_is_opened_by_a_colleague_of_its_lead(w: World) -> Iterator[Statement]:
    fresh = House()
    yield w.say(w.colleague, "case.open", w.case_of(fresh, w.team, w.lead), fresh)


def kept(w: World, kind: bodies.RetentionClass, until: timedelta, ground: str = "AVG art. 17") -> bodies.CaseRetain:
    """Return the body that keeps a case for that long."""
    return bodies.CaseRetain(kind, ground, w.after(until))


@refused("lead", "the lead of the case says how long it is kept")
def a_colleague_keeps_a_case(w: World) -> Iterator[Statement]:
    yield w.say(w.colleague, "case.retain", kept(w, "claim", timedelta(days=9)))


@refused("ground", "keeping a case needs a ground in law")
def a_case_is_kept_on_no_ground(w: World) -> Iterator[Statement]:
    yield w.say(w.lead, "case.retain", kept(w, "claim", timedelta(days=9), " "))


@refused("too-long", "longer than this class of reasons allows: nobody can undo it")
def a_case_is_kept_for_too_long(w: World) -> Iterator[Statement]:
    for kind, longest in retention.LONGEST.items():
        yield w.say(w.lead, "case.retain", kept(w, kind, longest + A_MOMENT))


@refused("shorter", "what was said to be kept is never kept shorter, or for a weaker reason")
def a_case_is_kept_shorter_or_for_less(w: World) -> Iterator[Statement]:
    term = timedelta(days=100)
    w.act(w.lead, "case.retain", kept(w, "claim", term))
    yield w.say(w.lead, "case.retain", kept(w, "claim", term - A_MOMENT))
    yield w.say(w.lead, "case.retain", kept(w, "inquiry", term - A_MOMENT))
    yield w.say(w.lead, "case.retain", kept(w, "consent", term + A_MOMENT))


@allowed
def a_case_is_kept_as_long_as_may_be(w: World) -> Iterator[Statement]:
    for kind, longest in retention.LONGEST.items():
        yield w.say(w.lead, "case.retain", kept(w, kind, longest))
    term = timedelta(days=100)
    w.act(w.lead, "case.retain", kept(w, "claim", term))
    yield w.say(w.lead, "case.retain", kept(w, "claim", term))
    yield w.say(w.lead, "case.retain", kept(w, "inquiry", term))
