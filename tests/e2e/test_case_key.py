"""The key that everything in a case is sealed to: nobody but the caseworker at intake names it, and a phone checks it.

A server that shows another key is found out by whoever seals, before anything is sealed.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from evidence import canonical, ids, keys
from evidence.statements import statement as statements
from evidence.statements.event import Event
from evidence.statements.facts import vault_pin
from server.clients import case_keys, phone_folder
from server.clients.case_keys import VaultKeys
from server.clients.caseworker import Caseworker
from server.clients.errors import ClientError, DistrustError
from server.clients.invitation import Invitation
from server.clients.phone_folder import open_phone
from server.clients.pins import Pins
from server.clients.signing import Signer
from tests.support import published
from tests.support.phone_owner import new_case
from tests.support.server_world import World


def test_a_phone_takes_no_other_case_key_than_its_invitation_names(world: World, tmp_path: Path) -> None:
    with new_case(world) as her:
        assert Invitation.parse(her.invitation.text()) == her.invitation
        assert len(her.invitation.text()) < 410
        with open_phone(her.enrol(tmp_path / "honest")) as phone:
            assert phone.case_key == her.identity.xwing_public
            told = phone.signer.api.get(f"{case_keys.CASE_KEYS}/{her.case}")
        assert set(told) == {"xwing", "vault", "events", "lists", "readers"}
        assert told["events"] == [], "who leads her case is nothing for whoever holds her phone"
        worker = Caseworker(her.connect(world.caseworker.identity))
        other = vault_pin(her.identity.sign_public, keys.Identity.generate().xwing_public)
        swapped = replace(worker.invite(her.case, her.identity.opening_kid), vault_sha256=other)
        with pytest.raises(DistrustError, match="not the one of the invitation"):
            phone_folder.enrol(tmp_path / "swapped", swapped)
        with pytest.raises(ClientError, match="Enrol it again"), open_phone(tmp_path / "swapped"):
            pass


def test_a_caseworker_invites_nobody_to_a_case_with_another_key_than_she_showed(world: World) -> None:
    with new_case(world) as her:
        worker = Caseworker(her.connect(world.caseworker.identity))
        with pytest.raises(DistrustError, match="Nobody was invited"):
            worker.invite(her.case, keys.Identity.generate().opening_kid)


def test_a_key_that_somebody_slips_in_is_used_by_nobody(world: World) -> None:
    signer = Signer.connect(world.url, world.caseworker.identity, Pins.from_folder(world.settings.data / "trust"))
    known, case, other = signer.authors(), ids.CaseId(ids.new_id()), ids.CaseId(ids.new_id())
    signer.api.close()
    hers, stranger, worker = keys.Identity.generate(), keys.Identity.generate(), world.caseworker.identity

    def opened(by: keys.Identity, key: keys.Identity, of: ids.CaseId) -> Event:
        body = published.case_of(key, world.team, world.caseworker.kid)
        return Event(1000, ids.now(), statements.sign(by, "case.open", body, case=of))

    for said in (
        [],
        [opened(stranger, hers, case)],
        [opened(world.investigator.identity, hers, case)],
        [opened(worker, hers, other)],
        [opened(worker, hers, case), opened(worker, stranger, case)],
        [opened(worker, hers, case), opened(worker, stranger, other)],
    ):
        with pytest.raises(DistrustError):
            case_keys.believed(known, said, case)
    assert case_keys.believed(known, [opened(worker, hers, case)], case).xwing == hers.xwing_public


@pytest.mark.parametrize("unfit", [canonical.unb64(one) for one in published.unfit()])
def test_a_phone_joins_no_case_that_nothing_can_be_sealed_to(unfit: bytes) -> None:
    """The journal refuses such a key; a phone does not rely on that, because what it sealed would be lost."""
    with pytest.raises(DistrustError, match="Nothing can be sealed"):
        case_keys.pinned(VaultKeys(bytes(32), unfit), vault_pin(bytes(32), unfit))
