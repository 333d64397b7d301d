"""Whoever seals gives an item to the same readers: her phone, her vault and staff, and a bridge, by one table.

The page is put to the same table in `tests/interop/test_lists_node.py`.
"""

from pathlib import Path

import pytest

from device_bridge.standing_readers import Professional, StandingReaders
from evidence import canonical
from evidence.statements import bodies, reader_lists
from server.clients import standing_list
from server.clients.errors import DistrustError
from server.clients.phone_lists import PhoneLists
from server.clients.pins import Pins
from tests.support import list_cases
from tests.support.incidents import incident
from tests.support.list_cases import CASE, NOW, PEOPLE, TEAM, Case


def test_a_phone_seals_by_the_table(tmp_path: Path) -> None:
    for number, case in enumerate(list_cases.cases("incident")):
        lists = PhoneLists(tmp_path / str(number), CASE, list_cases.VAULT.sign_public, 0)
        lists.folder.mkdir()
        try:
            lists.hear({"lists": case.encoded, "readers": list_cases.shown_keys()})
        except DistrustError:
            assert case.name == "another vault signed it"
        found = lists.recipients(incident(), NOW, None)
        assert list_cases.names_of(list(found.keys)) == case.gets, case.name


@pytest.mark.parametrize("case", [*list_cases.cases("incident")], ids=lambda case: case.name)
def test_her_vault_and_staff_seal_by_the_table(case: Case) -> None:
    pins = Pins(list_cases.ROOT.sign_public, "")
    certificates = pins.certificates([one.envelope.to_json() for one in list_cases.organisation()])
    current = reader_lists.in_force(case.hers, NOW)
    found = standing_list.recipients(current, certificates, incident())
    assert list_cases.names_of(list(found.keys)) == case.gets
    alone = standing_list.recipients(current, certificates, incident(only_mine=True))
    assert alone.keys == ()


@pytest.mark.parametrize("case", [*list_cases.cases("alarm")], ids=lambda case: case.name)
def test_a_bridge_seals_by_the_table(case: Case) -> None:
    known = {
        PEOPLE[body.label].kid: Professional(body, retired=body.label == "left")
        for body in (one.body for one in list_cases.organisation())
        if isinstance(body, bodies.KeyPublish)
    }
    standing = StandingReaders()
    for one in case.lists:
        if one.body in case.hers and isinstance(one.body, bodies.ListSet):
            standing.take(CASE, one.body)
    found, _ = standing.of(CASE, TEAM, known, NOW)
    assert list_cases.names_of([canonical.unb64(one) for one in found]) == case.gets
