"""The bridge's copy of keys: only what the pinned root leads to is believed, and it survives crashes."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from device_bridge.errors import ActError, UnknownDeviceError
from device_bridge.registry import Registry, RegistryError
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from tests.support.bridge_world import AlarmOrganisation


@pytest.fixture
def organisation(tmp_path: Path) -> AlarmOrganisation:
    return AlarmOrganisation.found(tmp_path)


def registry(organisation: AlarmOrganisation) -> Registry:
    made = Registry(organisation.folder / "registry.jsonl", organisation.root.sign_public)
    made.load()
    return made


def add(to: Registry, made: Iterable[Statement]) -> tuple[ids.DeviceId, ...]:
    envelopes = [one.envelope for one in made]
    return to.add(to.next_index + len(envelopes), envelopes)


def new_device() -> tuple[ids.DeviceId, keys.Identity]:
    return ids.DeviceId(ids.new_id()), keys.Identity.generate()


def test_devices_desks_and_dispatchers_are_known_and_survive_a_restart(organisation: AlarmOrganisation) -> None:
    device, who = new_device()
    add(registry(organisation), [*organisation.founding(), organisation.enrol(device, who.sign_public)])
    again = registry(organisation)
    assert again.device(device).sign == who.sign_public
    assert again.next_index == 9
    assert again.readers_of_alarm(organisation.case) == (
        organisation.case_keys.xwing_public,
        organisation.desk.xwing_public,
    )
    assert again.dispatcher(organisation.dispatcher.kid)[0].label == "Dispatcher Bakker"
    assert again.refused == 0


def test_a_revoked_device_and_a_retired_dispatcher_are_out(organisation: AlarmOrganisation) -> None:
    device, who = new_device()
    known = registry(organisation)
    add(known, [*organisation.founding(), organisation.enrol(device, who.sign_public)])
    retired = statements.sign(organisation.root, "key.retire", bodies.KeyRetire(organisation.dispatcher.kid))
    assert add(known, [organisation.revoke(device), retired]) == (device,)
    for one in (known, registry(organisation)):
        with pytest.raises(UnknownDeviceError, match="revoked"):
            one.device(device)
        with pytest.raises(ActError):
            one.dispatcher(organisation.dispatcher.kid)


def test_statements_that_the_root_does_not_lead_to_are_left_out(organisation: AlarmOrganisation) -> None:
    stranger = AlarmOrganisation.found(organisation.folder / "stranger")
    device, who = new_device()
    known = registry(organisation)
    add(known, organisation.founding())
    body = bodies.AlarmDeviceEnrol(device, ids.PublicKey(who.sign_public.hex()), "20s", "x")
    forged = [
        stranger.founding()[0],  # another root's log
        stranger.publish(stranger.dispatcher, "dispatcher", "Nobody"),
        statements.sign(stranger.caseworker, "alarm_device.enrol", body, case=organisation.case),
        statements.sign(organisation.dispatcher, "alarm_device.enrol", body, case=organisation.case),
        statements.sign(organisation.caseworker, "alarm_device.enrol", body, case=stranger.case),
    ]
    add(known, forged)
    assert known.refused == len(forged)
    with pytest.raises(UnknownDeviceError):
        known.device(device)
    with pytest.raises(ActError):
        known.dispatcher(stranger.dispatcher.kid)


def test_a_changed_file_is_refused_and_a_cut_one_is_completed(organisation: AlarmOrganisation) -> None:
    device, who = new_device()
    known = registry(organisation)
    add(known, organisation.founding())
    add(known, [organisation.enrol(device, who.sign_public)])
    path = organisation.folder / "registry.jsonl"
    whole = path.read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole), 41):
        path.write_bytes(whole[:length])
        cut = registry(organisation)
        assert cut.next_index == 8, "the cut line is read from the journal again"
    add(registry(organisation), [organisation.enrol(device, who.sign_public)])
    assert registry(organisation).device(device).case == organisation.case
    path.write_bytes(whole.replace(who.sign_public.hex().encode(), keys.Identity.generate().sign_public.hex().encode()))
    signature = whole.index(b'"sig":"') + 10
    path.write_bytes(whole[:signature] + (b"A" if whole[signature] != ord("A") else b"B") + whole[signature + 1 :])
    with pytest.raises(RegistryError):
        registry(organisation)
