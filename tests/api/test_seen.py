"""Proves that a claim to have seen a head of the log is refused only with this log's own signed head of that size."""

from typing import Any

from evidence import ids
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.statements.statement import SeenCheckpoint
from tests.support.server_world import CaseOfHers, Person, World, problem, seal
from tests.support.timeline_page import timeline

WRONG = ids.Sha256("ab" * 32)


def signs(case: CaseOfHers) -> list[tuple[str, str]]:
    page = timeline(case.world.caseworker, case.case)
    return [(one["kind"], one["by"]) for one in page["case"]["signs"]]


def post(case: CaseOfHers, phone: Person, seen: SeenCheckpoint) -> Any:  # noqa: ANN401 - an answer
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    return phone.post(phone.sign("item.seal", item.body, seen=seen))


def test_a_false_claim_about_a_stamped_head_is_refused_with_that_head(case: CaseOfHers, phone: Person) -> None:
    head = case.world.stamped_head()
    refused = post(case, phone, SeenCheckpoint(head.checkpoint.size, WRONG))
    assert (refused.status_code, problem(refused)) == (409, "seen")
    assert SignedCheckpoint.parse(refused.json()["head"].encode()).checkpoint == head.checkpoint
    assert signs(case) == [("seen-contradicts", phone.kid)]
    true = SeenCheckpoint(head.checkpoint.size, ids.Sha256(head.checkpoint.root.hex()))
    assert post(case, phone, true).status_code == 201
    same = SeenCheckpoint(true.size, true.root, head.checkpoint.origin)
    assert post(case, phone, same).status_code == 201


def test_a_claim_that_no_head_of_ours_contradicts_is_taken(case: CaseOfHers, phone: Person) -> None:
    head = case.world.stamped_head()
    beyond = SeenCheckpoint(head.checkpoint.size + 1_000_000, WRONG)
    assert post(case, phone, beyond).status_code == 201
    assert signs(case) == [("seen-beyond", phone.kid)]
    elsewhere = SeenCheckpoint(head.checkpoint.size, WRONG, "another.example/log")
    assert post(case, phone, elsewhere).status_code == 201
    stamped = set(case.world.caseworker.http.get("/api/v1/log/timestamps").json()["sizes"])
    without = next(size for size in range(1, head.checkpoint.size) if size not in stamped)
    assert post(case, phone, SeenCheckpoint(without, WRONG)).status_code == 201
    assert signs(case) == [("seen-beyond", phone.kid)]


def test_nobody_but_her_caseworkers_and_her_vault_sees_a_sign(world: World, case: CaseOfHers, phone: Person) -> None:
    post(case, phone, SeenCheckpoint(10_000_000, WRONG))
    own = timeline(case.vault, case.case)
    assert [one["kind"] for one in own["case"]["signs"]] == ["seen-beyond"]
    other = world.open_case()
    assert signs(other) == []
