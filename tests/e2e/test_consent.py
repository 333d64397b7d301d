"""Her vault gives items to named readers that the pinned root certified, to nobody else, and takes them back.

THREATS.md: "server swaps a reader's key": a certificate that the pinned root did not sign does not exist for a client.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from server.clients import case_keys, locked, timeline, vault
from server.clients.caseworker import Caseworker
from server.clients.errors import ClientError, DistrustError, FolderError, PhraseError, RefusedError
from server.clients.investigator import Investigator
from server.clients.phone_folder import open_phone
from server.clients.pins import Pins
from server.clients.timeline import Moment
from server.clients.vault import Vault
from tests.support import published
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import World


@pytest.fixture
def her(world: World, tmp_path: Path) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        with open_phone(her.enrol(tmp_path / "phone")) as phone:
            for title in ("Een", "Twee", "Drie"):
                phone.add(incident(title))
            phone.sync()
        yield her


def _investigator(her: PhoneOwner) -> Investigator:
    return Investigator(her.connect(her.world.investigator.identity))


def _title(moment: Moment) -> str:
    return moment.opened.meta.title if moment.opened else ""


def _titles(who: Investigator, her: PhoneOwner) -> list[str]:
    return [moment.opened.meta.title for moment in who.timeline(her.case) if moment.opened]


def test_a_reader_sees_what_was_granted_and_no_longer_after_it_was_taken_back(her: PhoneOwner) -> None:
    reader = _investigator(her)
    with pytest.raises(RefusedError) as before:
        reader.timeline(her.case)
    (grant,) = her.vault.grant(
        her.world.investigator.kid, "aangifte", 7, lambda moment: _title(moment) != "Twee"
    ).grants
    assert len(grant.items) == 2
    assert _titles(reader, her) == ["Een", "Drie"]
    her.vault.revoke(grant.grant)
    with pytest.raises(RefusedError) as after:
        reader.timeline(her.case)
    assert before.value.status == after.value.status == 404


def test_what_is_read_stands_in_her_timeline(her: PhoneOwner) -> None:
    her.vault.grant(her.world.investigator.kid, "aangifte", 7)
    _investigator(her).timeline(her.case)
    readers = [moment.body["reader"] for moment in her.vault.items() if moment.type == "read"]
    assert her.world.investigator.kid in readers


@pytest.mark.parametrize("role", ["dispatcher", "desk", "bridge", "server"])
def test_nothing_is_given_to_a_key_that_is_no_readers(her: PhoneOwner, role: bodies.Role) -> None:
    other = her.world.certify(role, "Iemand anders")
    with pytest.raises(DistrustError):
        her.vault.grant(other.kid, "aangifte", 7)


def test_what_one_statement_cannot_hold_is_given_in_several(her: PhoneOwner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "MAX_GRANTED", 1)
    given = her.vault.grant(her.world.investigator.kid, "aangifte", 7)
    assert len(given.grants) == len(given.items) > 1
    assert {one.item for one in given.items} == {one.item for one in her.vault.items() if one.item is not None}
    reader = _investigator(her)
    opened = {one.item for one in reader.timeline(her.case) if one.opened is not None}
    assert opened == {one.item for one in given.items}


def test_a_certificate_that_another_root_signed_does_not_exist(her: PhoneOwner) -> None:
    false_root, thief = keys.Identity.generate(), keys.Identity.generate()
    body = published.certificate(thief, "investigator", "R. Bos")
    forged = statements.sign(false_root, "key.publish", body).envelope.to_json()
    real = her.vault.signer.api.get("/api/v1/trust")["certificates"]
    known = her.pins.certificates([*real, forged, {"not": "a certificate"}])
    assert her.world.investigator.kid in known
    assert thief.kid not in known
    # The same statement counts for who pinned that other root: the check looks at the signature and at nothing else.
    assert thief.kid in Pins(false_root.sign_public, her.pins.policy_text).certificates([forged])


def test_a_retired_key_is_no_reader(her: PhoneOwner) -> None:
    leaver = her.world.certify("investigator", "Vertrekt")
    her.world.root.act("key.retire", bodies.KeyRetire(leaver.kid))
    with pytest.raises(DistrustError):
        her.vault.grant(leaver.kid, "aangifte", 7)


def test_her_vault_itself_gives_nothing_to_who_is_excluded_retired_or_of_no_role_that_reads(her: PhoneOwner) -> None:
    """Also at a server that would take it: her vault decides by what it read, and names why."""
    moments = her.vault.items()
    world, out = her.world, her.world.certify("investigator", "Een verwant")
    elsewhere = ids.TeamId(ids.new_id())
    world.root.act("team.open", bodies.TeamOpen(elsewhere, "Een andere organisatie"))
    other = world.certify("caseworker", "Van elders", elsewhere)
    assert her.vault.grant(out.kid, "aangifte", 7, moments=moments).items
    assert her.vault.grant(other.kid, "advies", 7).items  # single items, as to anybody who may read; no list
    world.caseworker.act("readers.exclude", bodies.ReadersExclude((out.kid, other.kid)), her.case)
    for who in (out, other):
        with pytest.raises(DistrustError, match="excluded"):
            her.vault.grant(who.kid, "aangifte", 7)
        with pytest.raises(RefusedError):  # with what it read before, the server is who refuses
            her.vault.grant(who.kid, "aangifte", 7, moments=moments)


def test_a_case_stays_open_to_her_when_who_opened_it_leaves(her: PhoneOwner) -> None:
    """What somebody signed stands after their key was retired: her vault goes on reading, and names another reader."""
    world = her.world
    leaver, stays = (world.certify("caseworker", name, world.team) for name in ("Vertrekt", "Blijft"))
    identity = keys.Identity.generate()
    case = Caseworker(her.connect(leaver.identity)).open_case(*vault.public_halves(identity), world.team)
    hers = Vault(her.connect(identity), case)
    hers.set_readers({leaver.kid: None, stays.kid: None})
    world.root.act("key.retire", bodies.KeyRetire(leaver.kid))
    assert [one.type for one in hers.items()] == ["case.open", "list.set"]
    assert case_keys.fetch(hers.signer, case).sign == identity.sign_public
    with pytest.raises(DistrustError):
        hers.set_readers({leaver.kid: None, stays.kid: None})
    assert hers.set_readers({stays.kid: None})[0].number == 2
    assert Caseworker(her.connect(stays.identity)).invite(case, identity.opening_kid).list_number == 2


def test_a_timeline_under_another_root_is_not_believed(her: PhoneOwner) -> None:
    # A client that pinned another root finds nobody who vouches for the caseworker that opened the case.
    other = her.connect(her.identity, Pins(keys.Identity.generate().sign_public, her.pins.policy_text))
    with pytest.raises(DistrustError):
        timeline.read(other, her.case, [her.identity])


def test_there_must_be_something_to_give(her: PhoneOwner) -> None:
    with pytest.raises(ClientError):
        her.vault.grant(her.world.investigator.kid, "aangifte", 7, lambda _moment: False)


def test_her_key_waits_at_the_server_for_her_phrase_and_no_other(her: PhoneOwner, tmp_path: Path) -> None:
    file = tmp_path / "vault.json"
    phrase = keys.generate_phrase()
    handle = f"her-{ids.new_id()[:8]}"
    memory_key = keys.lock(her.identity, handle, phrase)
    file.write_bytes(memory_key.to_bytes())
    locked.leave_at_server(her.vault.signer, locked.read(file))
    assert locked.fetch(her.world.url, handle, phrase) == her.identity
    assert locked.unlock(file, phrase) == her.identity
    for attempt in (f"{phrase}x", ""):
        with pytest.raises((PhraseError, RefusedError)):
            locked.fetch(her.world.url, handle, attempt)
        with pytest.raises(PhraseError):
            locked.unlock(file, attempt)
    with pytest.raises(FolderError):
        locked.create(file, handle, phrase)


def test_a_clock_that_is_off_is_told_the_time_and_asks_once_more(her: PhoneOwner) -> None:
    vault = her.vault
    vault.signer.api.skew = timedelta(hours=3)
    assert vault.items()
    assert abs(vault.signer.api.skew) < timedelta(seconds=5)
