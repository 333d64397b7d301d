"""Proves that a client that has many things to say says them in batches, in order, and knows what was stored."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from evidence import ids, keys
from evidence.statements import bodies
from server.clients.errors import RefusedError
from server.clients.pins import Pins
from server.clients.signing import Signer
from tests.support import published
from tests.support.batches import post_batch
from tests.support.server_world import CaseOfHers, Person, World

Act = tuple[str, bodies.Body]


@contextmanager
def signer_of(world: World, who: Person) -> Iterator[Signer]:
    policy = httpx.get(f"{world.url}/api/v1/trust").json()["policy"]
    signer = Signer.connect(world.url, who.identity, Pins(world.root.identity.sign_public, policy))
    with closing(signer.api):
        yield signer


def invitations(case: CaseOfHers, count: int) -> list[Act]:
    expires = ids.time_of(datetime.now(UTC) + timedelta(hours=1))
    made = [published.invitation(case.vault.identity, keys.Identity.generate(), expires) for _ in range(count)]
    return [("device.invite", body) for body in made]


def test_more_than_a_batch_holds_is_said_in_several(world: World, case: CaseOfHers) -> None:
    with signer_of(world, world.caseworker) as signer:
        receipted = signer.act_all(invitations(case, 130), case.case)
        indexes = [one.receipt.index for one in receipted]
        assert indexes == sorted(set(indexes))
        assert len(indexes) == 130


def test_a_refusal_in_the_middle_is_told_and_nothing_behind_it_is_stored(world: World, case: CaseOfHers) -> None:
    with signer_of(world, world.caseworker) as signer:
        foreign: Act = ("device.revoke", bodies.DeviceRevoke(ids.DeviceId(ids.new_id())))
        acts = [*invitations(case, 3), foreign, *invitations(case, 3)]
        made = signer._sign_some(acts, case.case)
        posted = signer.post_all(made)
        assert [one.receipt.statement for one in posted.receipted] == [one.id for one in made[:3]]
        assert posted.refused is not None
        assert posted.refused.name == "not-allowed"
        assert [world.caseworker.post(one).status_code for one in made[4:]] == [201] * 3
        with pytest.raises(RefusedError):
            signer.act_all([*invitations(case, 1), foreign], case.case)


def test_a_vault_that_speaks_elsewhere_meanwhile_is_signed_anew(world: World, case: CaseOfHers) -> None:
    """Its numbers are taken between two batches, and the rest follows what was said there."""
    phone = case.phone()
    items = [case.sealed(phone).body.item for _ in range(3)]
    with signer_of(world, case.vault) as signer:
        amend: list[Act] = [("item.amend", bodies.ItemAmend(items[1], items[0]))]
        first = signer.act_all([*amend, ("item.amend", bodies.ItemAmend(items[2], items[1]))], case.case)
        late = signer._sign_some([("item.amend", bodies.ItemAmend(items[2], items[0]))], case.case)
        assert post_batch(case.vault, late).status_code == 201
        again = signer.act_all([("item.amend", bodies.ItemAmend(items[1], items[0]))], case.case)
        assert first[-1].receipt.index < again[0].receipt.index
