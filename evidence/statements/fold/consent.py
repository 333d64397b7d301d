"""Folds of acts of consent."""

from evidence.statements import bodies, reader_lists, rescues
from evidence.statements.fold.registry import at_start, with_case
from evidence.statements.standing import Standing
from evidence.statements.statement import Said, Told


@with_case(bodies.Disclose)
def _disclose(standing: Standing, told: Told[bodies.Disclose]) -> None:
    name = told.body.disclosure
    standing.reach.keep("disclosure", name, told.case)
    standing.disclosures[name] = told.case


@with_case(bodies.Grant)
def _grant(standing: Standing, told: Told[bodies.Grant]) -> None:
    standing.add_grant(told.case, told.body)


@at_start(bodies.Revoke)
def _revoke_shows(standing: Standing, said: Said[bodies.Revoke]) -> None:
    standing.consent_changed[said.case] = said.at


@at_start(bodies.Dispute)
def _dispute_shows(standing: Standing, said: Said[bodies.Dispute]) -> None:
    standing.consent_changed[said.case] = said.at


@at_start(bodies.ListSet)
def _list_set(standing: Standing, said: Said[bodies.ListSet]) -> None:
    before = standing.lists.get(said.case, ())
    if rescues.ended_by(before, said.body) or reader_lists.taken_away(before, said.body, said.at):
        standing.consent_changed[said.case] = said.at
    standing.lists[said.case] = (*before, said.body)
    standing.list_statements[said.case] = (*standing.list_statements.get(said.case, ()), said.statement)


@with_case(bodies.ListSet)
def _list_follows(standing: Standing, told: Told[bodies.ListSet]) -> None:
    standing.belongings[told.case].list_number = told.body.number


@with_case(bodies.ItemWrap)
def _item_wrap(standing: Standing, told: Told[bodies.ItemWrap]) -> None:
    own, body = standing.belongings[told.case], told.body
    theirs = own.wraps.setdefault(body.reader, {})
    theirs[body.item] = (*theirs.get(body.item, ()), body)


@at_start(bodies.ReadersExclude)
def _readers_exclude(standing: Standing, said: Said[bodies.ReadersExclude]) -> None:
    standing.excluded[said.case] = frozenset(said.body.readers)


@with_case(bodies.Revoke)
def _revoke(standing: Standing, told: Told[bodies.Revoke]) -> None:
    standing.end_grant(told.body.grant)


@with_case(bodies.Export)
def _export(standing: Standing, told: Told[bodies.Export]) -> None:
    body = told.body
    standing.reach.keep("export", body.export, told.case)
    standing.exports[body.export] = body
