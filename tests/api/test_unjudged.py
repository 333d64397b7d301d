"""Proves that a statement over which our own code breaks costs itself and no other, through both doors.

The fault is in the registry of rules, or of folds: a rule that raises what no rule should.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from evidence import canonical
from evidence.statements import event
from evidence.statements.statement import Statement
from server.statements import refusals
from server.statements.parts import Intake
from tests.support.batches import invitations, names, post_batch, seals, stored_in
from tests.support.breaking import SEAMS, breaking
from tests.support.server_world import CaseOfHers, Person, problem

INVITE = "device.invite"


@pytest.mark.parametrize("seam", SEAMS)
def test_it_is_refused_in_words_and_taken_when_the_code_is_mended(
    case: CaseOfHers, seam: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker, (bad,) = case.world.caseworker, invitations(case, 1)
    with breaking(seam, INVITE, lambda one: one.id == bad.id), caplog.at_level(logging.ERROR):
        answers = [worker.post(bad) for _ in range(3)]
        assert [(one.status_code, problem(one)) for one in answers] == [(500, "unjudged")] * 3
        assert worker.post(invitations(case, 1)[0]).status_code == 201, "the journal goes on"
    told = [one.getMessage() for one in caplog.records if "could not be judged" in one.getMessage()]
    assert len(told) == 3
    assert all(f"{INVITE}, ZeroDivisionError" in line and bad.id not in line for line in told)
    assert worker.post(bad).status_code == 201


@pytest.mark.parametrize("seam", SEAMS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_in_a_batch_it_stops_those_behind_it_and_says_where(case: CaseOfHers, seam: str, at: int) -> None:
    worker, said = case.world.caseworker, invitations(case, 3)
    with breaking(seam, INVITE, lambda one: one.id == said[at].id):
        alone = worker.post(said[at])
        answer = post_batch(worker, said)
        assert (problem(answer), answer.json()["at"]) == ("batch-stopped", at)
        assert answer.json()["refused"] == alone.json(), "one answer at both doors"
        assert stored_in(answer) == names(said[:at])
        again = post_batch(worker, [*said[:at], *said[at + 1 :]])
        assert again.status_code == (200 if at == 2 else 201), "the others are stored without it"
    assert [worker.post(one).status_code for one in said] == [200 if n != at else 201 for n in range(3)]


@pytest.mark.parametrize("seam", SEAMS)
def test_its_neighbours_in_one_commit_are_stored_each_once(case: CaseOfHers, seam: str) -> None:
    worker, said = case.world.caseworker, invitations(case, 24)
    bad = {one.id for one in said[::5]}
    with breaking(seam, INVITE, lambda one: one.id in bad), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(worker.post, said))
    for one, answer in zip(said, answers, strict=True):
        assert answer.status_code == (500 if one.id in bad else 201), answer.text
    places = [_index(one) for one in answers if one.status_code == 201]
    assert len(set(places)) == len(said) - len(bad)
    assert [worker.post(one).status_code for one in said] == [201 if one.id in bad else 200 for one in said]


def test_what_breaks_in_the_checks_beside_the_journal_costs_one_statement_too(case: CaseOfHers, phone: Person) -> None:
    said = seals(case, phone, 3)
    with pytest.MonkeyPatch.context() as patch:
        right = refusals.check_seen

        def broken(intake: Intake, statement: Statement) -> None:
            if statement.id == said[1].id:
                raise ZeroDivisionError
            right(intake, statement)

        patch.setattr(refusals, "check_seen", broken)
        answer = post_batch(phone, said)
        assert (problem(answer), answer.json()["at"]) == ("batch-stopped", 1)
        assert answer.json()["refused"]["type"].endswith(":unjudged")
        assert stored_in(answer) == names(said[:1])
    assert post_batch(phone, said).status_code == 201


def _index(answer: httpx.Response) -> int:
    return event.parse(canonical.unb64(answer.json()["event"])).index
