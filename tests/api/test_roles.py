"""Every cell of the table of roles and acts, over HTTP: who may not say something is refused alike, and nothing stays.

The table is the catalogue (`docs/formats/acts.md`); an act that is added to it is tried here by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest

from evidence import ids, keys
from evidence.statements import bodies, catalogue
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.auth.rates import Pace
from server.clients import timeline
from server.clients.pins import Pins
from server.clients.signing import Signer
from tests.support import hostile_bodies, samples, timeline_page
from tests.support.server_world import STATEMENTS, CaseOfHers, Person, World, problem, running_world, settings_in

ROLES = ("root", "caseworker", "dispatcher", "investigator", "vault", "phone")
"""Whoever comes in by HTTP."""
NO_WAY_IN = ("server", "bridge", "desk", "revoked phone", "retired caseworker", "stranger")
"""Services sign beside the server; who left, or was never here, is a stranger."""
FIRST = Chain(0, FIRST_PREV)
NOT_HERS = (403, "not-allowed", "role")


@dataclass
class Trial:
    """One server, somebody of each role, and the number of its events."""

    people: dict[str, Person]
    case: CaseOfHers
    journal: SqlJournal

    def says(self, who: str, kind: str) -> Statement:
        body, act = samples.bodies_of_all_acts()[kind], catalogue.ACTS[kind]
        signer, case = self.people[who], self.case.case if act.scope == "case" else None
        return statements.sign(signer.identity, kind, body, case=case, chain=signer.chain)

    def posted(self, who: str, kind: str) -> httpx.Response:
        return self.people[who].post(self.says(who, kind))


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    settings = settings_in(tmp_path_factory.mktemp("roles"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ANYONE", "SIGNER", "STRANGER"):
            patch.setattr(f"server.services.{name}", Pace(per_second=1000, burst=100_000))
        with running_world(settings) as world:
            engine = open_engine(settings.database_url)
            journal = SqlJournal(engine)
            case = world.open_case()
            yield Trial(_people(world, case), case, journal)
            journal.close()
            engine.dispose()


def _people(world: World, case: CaseOfHers) -> dict[str, Person]:
    phone, gone = case.phone(), case.phone()
    left = world.certify("caseworker", "Vertrokken", world.team)
    device = [one["body"]["device"] for one in _events(world, case) if one["type"] == "device.enrol"][-1]
    world.caseworker.act("device.revoke", bodies.DeviceRevoke(device), case.case)
    world.root.act("key.retire", bodies.KeyRetire(left.kid))
    return {
        "root": world.root,
        "caseworker": world.caseworker,
        "dispatcher": world.dispatcher,
        "investigator": world.investigator,
        "vault": case.vault,
        "phone": phone,
        "server": world.certify("server", "Tweede server"),
        "bridge": world.certify("bridge", "Brug"),
        "desk": world.certify("desk", "Balie"),
        "revoked phone": gone,
        "retired caseworker": left,
        "stranger": Person(world.url),
    }


def _events(world: World, case: CaseOfHers) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = timeline_page.timeline(world.caseworker, case.case, limit=1000)["events"]
    return events


@pytest.mark.parametrize("kind", catalogue.ACTS)
def test_who_does_not_sign_an_act_is_refused_alike_and_nothing_stays(trial: Trial, kind: str) -> None:
    before, answers = trial.journal.size(), set()
    for role in ROLES:
        if role in catalogue.ACTS[kind].signers:
            continue
        answer = trial.posted(role, kind)
        answers.add((answer.status_code, problem(answer), answer.json().get("reason")))
        assert answer.json().keys() == {"type", "title", "status", "detail", "reason"}, (role, answer.text)
    assert answers <= {NOT_HERS if kind != "log.open" else (403, "not-allowed", "log-state")}
    unknown = {(answer.status_code, answer.text) for answer in (trial.posted(who, kind) for who in NO_WAY_IN)}
    assert len(unknown) == 1
    assert next(iter(unknown))[0] == 401
    assert trial.journal.size() == before


@pytest.mark.parametrize("kind", [kind for kind, act in catalogue.ACTS.items() if act.signers & {*ROLES}])
def test_who_signs_an_act_gets_past_the_question_of_roles(trial: Trial, kind: str) -> None:
    """What is said names nothing that exists: it is refused for that, or was all that was needed."""
    for role in sorted(catalogue.ACTS[kind].signers & {*ROLES}):
        answer = trial.posted(role, kind)
        assert answer.status_code in {201, 403, 404, 409, 422}, (role, answer.text)
        assert answer.json().get("reason") != "role", role


def test_acts_on_an_alarm_go_through_a_door_that_is_there_for_dispatchers_only(trial: Trial) -> None:
    before = trial.journal.size()
    for kind in catalogue.where(body=bodies.AlarmAct):
        for role in ROLES:
            made = trial.says(role, kind)
            path = f"/api/v1/alarms/{samples.OTHER}/acts"
            answer = trial.people[role].http.post(path, content=made.envelope.to_bytes())
            assert (answer.status_code == 404) == (role != "dispatcher"), (kind, role, answer.text)
            through = trial.people[role].http.post(STATEMENTS, content=made.envelope.to_bytes())
            assert through.json()["reason"] == ("door" if role == "dispatcher" else "role")
    assert trial.journal.size() == before


def test_no_hostile_body_of_any_act_is_an_error_of_the_server(trial: Trial) -> None:
    """Each is refused in words or is one that may be, and the case and the organisation are read as before."""
    case, dice = trial.case, Random(11)
    names = {
        ids.CaseId: case.case,
        ids.TeamId: case.world.team,
        ids.KeyId: case.world.certify("investigator", "Een ander").kid,
        ids.ItemId: case.sealed(trial.people["phone"]).body.item,
    }
    said = 0
    for kind, act in catalogue.ACTS.items():
        for role in sorted(act.signers & {*ROLES}):
            who, of = trial.people[role], case.case if act.scope == "case" else None
            tried = dice.sample([*hostile_bodies.bodies_of(kind, names)], 12)
            for wrong, body in tried:
                envelope = hostile_bodies.signed(who.identity, kind, of, who.chain, ids.now(), body)
                answer = who.http.post(STATEMENTS, content=envelope.to_bytes())
                assert answer.status_code in {201, 403, 404, 409, 413, 422}, (kind, wrong, answer.text)
                if answer.status_code == 201 and who.chain is not None:
                    who.chain = Chain(who.chain.seq + 1, envelope.body_sha256)
                said += 1
    assert said > 400
    for role in ("vault", "caseworker"):
        pins = Pins.from_folder(case.world.settings.data / "trust")
        signer = Signer.connect(case.world.url, trial.people[role].identity, pins)
        moments = timeline.read(signer, case.case, [])
        assert (bool(moments), timeline.closed(moments)) == (True, [])
        signer.api.close()
    for role in ROLES:
        assert trial.people[role].http.get("/api/v1/authority").status_code == 200
    case.sealed(trial.people["phone"])


def test_a_newcomer_comes_in_by_an_invitation_and_as_nobody_else(trial: Trial) -> None:
    before, url = trial.journal.size(), trial.case.world.url
    for kind, act in catalogue.ACTS.items():
        if "newcomer" in act.signers:
            continue
        answer = httpx.post(f"{url}/api/v1/enrolments", content=trial.says("stranger", kind).envelope.to_bytes())
        assert answer.status_code in {403, 404, 422}, (kind, answer.text)
    uninvited = trial.case.enrolment(Person(url, trial.case.case, FIRST), keys.Identity.generate())
    assert problem(httpx.post(f"{url}/api/v1/enrolments", content=uninvited.envelope.to_bytes())) == "invitation"
    assert trial.journal.size() == before
