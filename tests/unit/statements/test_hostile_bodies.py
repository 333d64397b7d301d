"""A hostile body of any act is refused in words, or is one that may be: nothing else comes of it, anywhere.

Every act of the catalogue, each member of its body with what does not fit, signed by a key that may sign the act. The
reader of statements, the rules, the fold and the bridge's copy of the journal see them all.
"""

from operator import attrgetter
from pathlib import Path

import pytest

from device_bridge.registry import Registry
from evidence import ids, keys
from evidence.errors import FormatError
from evidence.statements import catalogue, corrections, fold, statement
from evidence.statements.errors import NotAllowedError
from evidence.statements.rules import authority
from server.clients import case_lists
from server.clients.numbering import not_shown
from server.clients.standing_list import Reading, missing
from server.clients.timeline import Moment
from server.timeline.readers import ending_grant, readers, without_reader
from tests.support import hostile_bodies
from tests.support.bridge_world import AlarmOrganisation
from tests.support.refusals.speaking import SPEAKERS, names_in
from tests.support.refusals.world import World, founded, new


@pytest.mark.parametrize("kind", catalogue.ACTS)
def test_a_hostile_body_is_refused_or_may_be(kind: str) -> None:
    w, seen = founded(), 0
    for role in sorted(catalogue.ACTS[kind].signers):
        who: keys.SigningKey = attrgetter(SPEAKERS[role])(w)
        case = None if kind in catalogue.CASELESS else w.here.case
        for wrong, envelope in hostile_bodies.envelopes(who, kind, case, w.link(who), names_in(w), w.now):
            seen += 1
            try:
                said = statement.parse(envelope.to_bytes())
                authority.check(w.standing, said, w.now)
            except (FormatError, NotAllowedError, keys.SignatureError):
                continue
            w = told(w, said, wrong)
    assert seen > 20
    goes_on(w)


def told(w: World, said: statement.Statement, wrong: str) -> World:
    """Return the world with what was allowed; the next hostile body meets the world as it was."""
    after = w.again()
    try:
        fold.apply(after.standing, said)
    except Exception as error:
        raise AssertionError(f"{said.type}, of which a member {wrong}, is allowed and stops the journal") from error
    goes_on(after)
    return w


def goes_on(w: World) -> None:
    """All that is asked of a journal is answered, and her phone adds to it."""
    for who in (w.lead, w.colleague, w.investigator, w.here.vault):
        w.standing.readable(who.kid, w.here.case, w.now)
        w.standing.has_standing(who.kid, w.here.item, w.now)
        w.standing.role_of(who.kid)
    readers(w.standing, w.here.case, w.now)
    ending_grant(w.standing, w.here.case, w.now)
    without_reader(w.standing, w.now)
    phone = w.here.phone
    if w.standing.role_of(phone.kid) == "phone":
        authority.check(w.standing, w.say(phone, "item.seal", w.seal(new(ids.ItemId))), w.now)


def test_no_hostile_body_stops_what_her_vault_and_her_lead_are_told() -> None:
    """A server that is not honest shows them what its rules refuse: lists are made of it all, and nothing raises."""
    w = founded()
    moments: list[Moment] = []
    for kind, act in catalogue.ACTS.items():
        who: keys.SigningKey = attrgetter(SPEAKERS[min(act.signers)])(w)
        case = None if kind in catalogue.CASELESS else w.here.case
        for _, envelope in hostile_bodies.envelopes(who, kind, case, w.link(who), names_in(w), w.now):
            try:
                said = statement.from_envelope(envelope)
            except FormatError:
                continue
            moments.append(Moment(len(moments), w.now, said, ""))
    assert len(moments) > 500
    for some in (moments, moments[::-1]):
        reading = Reading.of(some)
        reading.in_force(w.now)
        reading.following((), 90, w.now)
        case_lists.devices(some)
        case_lists.ending(case_lists.grants(some, {}), w.now)
        corrections.marks((one.statement, one.received_at) for one in some if one.statement is not None)
        missing(some, {}, w.now)
        not_shown(some, w.here.vault.kid, None)


def test_the_bridge_loses_only_what_is_hostile(tmp_path: Path) -> None:
    """A server that is not honest shows it all of them: case and desk get alarms as before, also after a restart."""
    people = AlarmOrganisation.found(tmp_path)
    known = Registry(people.folder / "registry.jsonl", people.root.sign_public)
    known.load()
    founding = people.founding()
    known.add(len(founding), [one.envelope for one in founding])
    names = {ids.CaseId: people.case, ids.TeamId: people.team, ids.KeyId: people.caseworker.kid}
    by = {"root": people.root, "caseworker": people.caseworker, "vault": people.vault}
    hostile = [
        envelope
        for kind in catalogue.where(at_bridge=True)
        for role in sorted(catalogue.ACTS[kind].signers)
        for _, envelope in hostile_bodies.envelopes(
            by[role], kind, None if kind in catalogue.CASELESS else people.case, None, names, ids.now()
        )
    ]
    assert len(hostile) > 500
    before = known.readers_of_alarm(people.case, ids.now())
    assert len(before) == 2
    known.add(known.next_index + len(hostile), hostile)
    assert 500 < known.refused < len(hostile)
    again = Registry(people.folder / "registry.jsonl", people.root.sign_public)
    again.load()
    for one in (known, again):
        assert one.readers_of_alarm(people.case, ids.now())[:2] == before
