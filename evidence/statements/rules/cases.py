"""Rules about a case as a whole: who opens it, and how long it is kept."""

from evidence import ids, keys
from evidence.statements import bodies, retention
from evidence.statements.errors import refuse
from evidence.statements.rules.public_keys import check_xwing
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@rule(bodies.CaseOpen)
def _case_open(standing: Standing, said: Said[bodies.CaseOpen], _now: ids.Time) -> None:
    body = said.body
    vault_kid = keys.signing_kid(bytes.fromhex(body.vault))
    if said.case in standing.cases or standing.public_key(vault_kid) is not None:
        refuse("exists", "this case, or a case with this vault key, exists")
    author, lead = standing.certified[said.by], standing.certified.get(body.lead)
    if author.body.team != body.team or lead is None or lead.retired or lead.body.team != body.team:
        refuse("team", "a case is opened within the caseworker's own team, with a lead from it")
    check_xwing(body.xwing)


@rule(bodies.CaseRetain)
def case_retain(standing: Standing, said: Said[bodies.CaseRetain], now: ids.Time) -> None:
    """Refuse to keep a case shorter or for a weaker reason, or without end, or by anybody but its lead."""
    body, case = said.body, said.case
    if standing.cases[case].body.lead != said.by:
        refuse("lead", "the lead of the case says how long it is kept")
    if not body.ground.strip():
        refuse("ground", "keeping a case needs a ground in law")
    if ids.moment_of(body.until) - ids.moment_of(now) > retention.LONGEST[body.retention]:
        refuse("too-long", "longer than this class of reasons allows: nobody can undo it")
    before = standing.retained.get(case)
    if before is not None and (
        body.until < before.until or retention.RANK[body.retention] < retention.RANK[before.retention]
    ):
        refuse("shorter", "what was said to be kept is never kept shorter, or for a weaker reason")
