"""Rules about breaking the glass: whom a share is given to, which rescue key a list names, and that two use it, once.

State rules:
- A share goes to a caseworker in service of the team, by the key that the root certified, and to nobody who is
  excluded. Each share of a key has its own number and its own holder: a person, who may have two keys and gets one
  share. Nobody gets one once a list named the key.
- A list names a rescue key of which two colleagues in service hold shares, and that was not used.
- Somebody who holds a share of the case's rescue key asks, with a reason and an end. Another one agrees to exactly
  that, and gives a share. From then on the key is spent.
"""

from datetime import timedelta
from typing import Final

from evidence import ids
from evidence.statements import bodies, rescues
from evidence.statements.errors import refuse
from evidence.statements.rules.belonging import reader_of_case
from evidence.statements.rules.public_keys import check_xwing, opening_kid
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said

MAX_HOLDERS: Final = 8
"""As many as a list has readers: named people whom she can keep in mind."""

LONGEST_USE: Final = timedelta(days=3)
"""A long weekend. By then her vault says who reads, or a judge does."""

MAX_REASON: Final = 500
"""Characters of a reason: it is read by her, not filed."""


@rule(bodies.RescueShare)
def rescue_share(standing: Standing, said: Said[bodies.RescueShare], _now: ids.Time) -> None:
    """Refuse a share for somebody who may not hold one, a second one, and one of a key that is in use."""
    body, case = said.body, said.case
    reader_of_case(standing, case, body.reader)
    if not standing.on_team(body.reader, case) or opening_kid(standing.certified[body.reader].body.xwing) != body.to:
        refuse("reader", "a share goes to a caseworker of the team by the key that the root certified")
    given = standing.of(case).shares.get(body.rescue, ())
    numbers, people = {one.number for one in given}, {_person(standing, one.reader) for one in given}
    if not 1 <= body.number <= MAX_HOLDERS or body.number in numbers or _person(standing, body.reader) in people:
        refuse("share", f"each share of a rescue key has a number of its own, 1 to {MAX_HOLDERS}, and its own holder")
    if any(rescues.name_of(one) == body.rescue for one in standing.lists.get(case, ())):
        refuse("rescue", "this rescue key is in use: nobody gets a share of it any more")


def _person(standing: Standing, kid: ids.KeyId) -> ids.SubjectId:
    """Return whose a certified key is: somebody may have two, and is one all the same."""
    return standing.certified[kid].body.subject


def check_named(standing: Standing, said: Said[bodies.ListSet]) -> None:
    """Refuse a list that names a rescue key which nobody could use, or which was used."""
    if said.body.rescue is None:
        return
    check_xwing(said.body.rescue)
    name, case = rescues.kid_of(said.body.rescue), said.case
    if len(rescues.holders(standing, case, name)) < rescues.NEEDED:
        refuse("rescue", f"a rescue key needs {rescues.NEEDED} colleagues in service who hold shares of it")
    if name in standing.of(case).rescued:
        refuse("spent", "this rescue key was used: her vault makes a new one")


@rule(bodies.RescueUse)
def rescue_use(standing: Standing, said: Said[bodies.RescueUse], now: ids.Time) -> None:
    """Refuse whoever holds no share, a key that is not the case's or was used, and what no colleague asked for."""
    body, case = said.body, said.case
    if not any(one.reader == said.by for one in rescues.holders(standing, case, body.rescue)):
        refuse("unknown-rescue", "you hold no share of such a rescue key")
    if rescues.current(standing, case, now) != body.rescue:
        refuse("unknown-rescue", "the newest list of this case names another rescue key, or none")
    if body.rescue in standing.of(case).rescued:
        refuse("spent", "this rescue key was used: her vault makes a new one")
    if not body.reason.strip() or len(body.reason) > MAX_REASON:
        refuse("reason", f"breaking the glass needs a reason, of at most {MAX_REASON} characters")
    if not now < body.until <= ids.time_of(ids.moment_of(now) + LONGEST_USE):
        refuse("until", f"a rescue key is used for {LONGEST_USE.days} days at most")
    if (body.agrees is None) != (body.share is None):
        refuse("share", "whoever agrees gives a share, and whoever asks gives none")
    if body.agrees is None:
        _asks(standing, said, now)
    else:
        _agrees(standing, said, body.agrees)


def _asks(standing: Standing, said: Said[bodies.RescueUse], now: ids.Time) -> None:
    open_ones = ((by, one) for by, one in standing.of(said.case).requests.values() if one.until > now)
    if any(by == said.by and one.rescue == said.body.rescue for by, one in open_ones):
        refuse("exists", "you asked already: a colleague agrees, or your request lapses")


def _agrees(standing: Standing, said: Said[bodies.RescueUse], request: ids.Sha256) -> None:
    body = said.body
    by, asked = standing.of(said.case).requests.get(request, (said.by, body))
    same = (asked.rescue, asked.reason, asked.until) == (body.rescue, body.reason, body.until)
    if by == said.by or not same or not standing.on_team(by, said.case):
        refuse("unknown-request", "no colleague asked for this")
