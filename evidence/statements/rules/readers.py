"""Rules about who gets what is added from now on: the standing list, keys that are wrapped afterwards, exclusions.

State rules:
- Lists are numbered from 1. A list names at most eight caseworkers in force of the team, each with the key that the
  root certified, and nobody who is excluded. It begins at the present or within `AHEAD`, and lasts a day to a year.
- What takes readers away or brings one in waits a day where `reader_lists.must_wait` says so, unless the lead signs it.
- A key is wrapped afterwards to a reader on the list in force, by her vault or by a caseworker who is served the item;
  or to the rescue key of the case (`rules.rescue`).
"""

import re
from datetime import timedelta
from typing import Final

from evidence import ids
from evidence.statements import bodies, reader_lists, rescues
from evidence.statements.errors import refuse
from evidence.statements.rules.belonging import items_of_case, reader_of_case
from evidence.statements.rules.public_keys import opening_kid, sha256
from evidence.statements.rules.registry import rule
from evidence.statements.rules.rescue import check_named
from evidence.statements.standing import Standing
from evidence.statements.statement import Said

CLOCK: Final = timedelta(minutes=10)
"""How far a list may begin before the server's present: a backdated one would shorten the day that it waits."""

TO_SIGN: Final = timedelta(hours=1)
"""The same for a list that the lead signs too, which is handed over in between."""

AHEAD: Final = timedelta(days=31)
"""How far ahead a list may begin: one that begins next year is forgotten by then."""

MAX_KINDS: Final = 32
KIND: Final = re.compile("[a-z][a-z-]{0,31}")
"""Names of kinds, whatever kinds there are by then: the server does not know of which kind an item is."""

MAX_WRAPS: Final = 4
"""Keys of one item for one reader: a wrong first one locks nobody out, and nobody fills the journal with more."""

MAX_EXCLUDED: Final = 64


@rule(bodies.ListSet)
def list_set(standing: Standing, said: Said[bodies.ListSet], now: ids.Time) -> None:
    """Refuse a list that is out of turn, names whom it may not, or takes readers away too soon."""
    body, lists = said.body, standing.lists.get(said.case, ())
    following = lists[-1].number + 1 if lists else 1
    if body.number != following:
        refuse("list", f"the next list of this case has the number {following}")
    begins, present = ids.moment_of(body.since), ids.moment_of(now)
    if not present - (CLOCK if body.agreed is None else TO_SIGN) <= begins <= present + AHEAD:
        refuse("clock", f"a list begins at the present, or within {AHEAD.days} days")
    if not reader_lists.SHORTEST <= ids.moment_of(body.until) - begins <= reader_lists.LONGEST:
        refuse("until", f"a list lasts a day to {reader_lists.LONGEST.days} days")
    named = [one.reader for one in body.readers]
    if len(named) > reader_lists.MAX_READERS or len({*named}) < len(named):
        refuse("list", f"a list names at most {reader_lists.MAX_READERS} readers, each once")
    for one in body.readers:
        _check_row(standing, said.case, one)
    check_named(standing, said)
    if body.agreed is not None and body.agreed != standing.cases[said.case].body.lead:
        refuse("lead", "only the lead of the case agrees that a list need not wait")
    waits = reader_lists.must_wait(lists, body, standing.of(said.case).alarmed_at, now)
    if waits and body.agreed is None and begins < present + reader_lists.WAIT:
        refuse("too-soon", "this takes readers away, or brings one in: it waits a day, or the lead signs it too")


def _check_row(standing: Standing, case: ids.CaseId, row: bodies.StandingReader) -> None:
    reader_of_case(standing, case, row.reader)
    if not standing.on_team(row.reader, case) or sha256(standing.certified[row.reader].body.xwing) != row.xwing:
        refuse("reader", "a list names caseworkers of the team by the key that the root certified")
    if row.kinds is not None and not (
        0 < len(row.kinds) <= MAX_KINDS and len({*row.kinds}) == len(row.kinds) and all(map(KIND.fullmatch, row.kinds))
    ):
        refuse("kinds", "a reader of some kinds has one or more, each once")


@rule(bodies.ItemWrap)
def item_wrap(standing: Standing, said: Said[bodies.ItemWrap], now: ids.Time) -> None:
    """Refuse a key for somebody whom the list in force does not name, or by somebody who is not served the item."""
    body, case = said.body, said.case
    items_of_case(standing, case, (body.item,), begun=True)
    has = standing.has_standing(said.by, body.item, now) or body.item in standing.readable(said.by, case, now)
    if standing.role_of(said.by) != "vault" and not has:
        refuse("unknown-item", "this case has no such item")
    if body.reader != body.to or body.to != rescues.current(standing, case, now):
        _check_listed(standing, case, body, now)
    if len(standing.of(case).wraps.get(body.reader, {}).get(body.item, ())) >= MAX_WRAPS:
        refuse("exists", "this reader has several keys of this item already")


def _check_listed(standing: Standing, case: ids.CaseId, body: bodies.ItemWrap, now: ids.Time) -> None:
    known = standing.certified.get(body.reader)
    named = reader_lists.row_of(standing.lists.get(case, ()), body.reader, now)
    if known is None or known.retired or named is None or opening_kid(known.body.xwing) != body.to:
        refuse("reader", "a key is wrapped afterwards to a reader on the list in force only")
    reader_of_case(standing, case, body.reader)


@rule(bodies.ReadersExclude)
def readers_exclude(standing: Standing, said: Said[bodies.ReadersExclude], _now: ids.Time) -> None:
    """Refuse a list of excluded people that is too long, or names one twice, or the lead."""
    named = said.body.readers
    if len(named) > MAX_EXCLUDED or len({*named}) < len(named):
        refuse("list", f"at most {MAX_EXCLUDED} people are excluded, each once")
    if standing.cases[said.case].body.lead in named:
        refuse("lead", "the lead of the case is not excluded from it")
