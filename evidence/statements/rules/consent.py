"""Rules about who is given what: proposals, grants, disputes, exports."""

from typing import Final

from evidence import ids
from evidence.statements import bodies
from evidence.statements.errors import refuse
from evidence.statements.rules.belonging import items_of_case, reader_of_case
from evidence.statements.rules.public_keys import opening_kid
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said

READERS: Final = frozenset({"caseworker", "investigator"})
"""Roles that she can grant to: named people, never a unit."""


@rule(bodies.Disclose)
def _disclose(standing: Standing, said: Said[bodies.Disclose], _now: ids.Time) -> None:
    body = said.body
    if body.disclosure in standing.disclosures:
        refuse("exists", "this proposal exists")
    reader_of_case(standing, said.case, body.reader)
    if standing.role_of(body.reader) not in READERS:
        refuse("reader", "the reader's key is not one that the root certified for a person who may read")
    items_of_case(standing, said.case, body.items, begun=True)


@rule(bodies.Dispute)
def _dispute(standing: Standing, said: Said[bodies.Dispute], _now: ids.Time) -> None:
    body = said.body
    device = standing.devices.get(body.device)
    if device is None or device.case != said.case:
        refuse("unknown-device", "this case has no such device")
    if body.until < body.since:
        refuse("window", "the window ends before it begins")


@rule(bodies.Grant)
def _grant(standing: Standing, said: Said[bodies.Grant], _now: ids.Time) -> None:
    body = said.body
    if body.grant in standing.known_grants:
        refuse("exists", "this grant exists")
    reader = standing.certified.get(body.reader)
    reader_of_case(standing, said.case, body.reader)
    if reader is None or reader.retired or reader.body.role not in READERS or opening_kid(reader.body.xwing) != body.to:
        refuse("reader", "the reader's key is not one that the root certified for a person who may read")
    items_of_case(standing, said.case, tuple(granted.item for granted in body.items), begun=True)


@rule(bodies.Revoke)
def _revoke(standing: Standing, said: Said[bodies.Revoke], _now: ids.Time) -> None:
    grant = standing.grants.get(said.body.grant)
    if grant is None or grant.case != said.case:
        refuse("unknown-grant", "this case has no such grant in force")


@rule(bodies.Export)
def _export(standing: Standing, said: Said[bodies.Export], now: ids.Time) -> None:
    body = said.body
    if body.export in standing.exports:
        refuse("exists", "this export exists")
    case = said.case
    if not set(body.items) <= standing.readable(said.by, case, now).keys():
        refuse("not-granted", "the export names an item that was not granted")
