"""Verdicts name the owner of a key in the language of whoever reads them, and a phone by the id that the page shows."""

from typing import get_args

import pytest

from evidence import ids
from evidence.bundle.checking import names
from evidence.bundle.checking.names import Owner, Tally
from evidence.bundle.checking.report import Findings
from evidence.statements.bodies import Role

DEVICE = "0ed6404e" + "5f" * 12


@pytest.mark.parametrize("role", get_args(Role))
def test_every_role_that_the_root_certifies_has_a_dutch_word(role: str) -> None:
    assert role in names.ROLES
    dutch = Owner(role, "Marit").text("nl")
    assert dutch.startswith("Marit (")
    assert role == "server" or role not in dutch


def test_a_phone_is_named_by_its_device_as_on_the_page() -> None:
    assert Owner("phone", id=DEVICE).text("nl") == "telefoon 0ed6404e"
    assert str(Owner("phone", id=DEVICE)) == "phone 0ed6404e"
    assert Owner.unknown(ids.KeyId("2b2c46ed" + "0" * 24)).text("nl") == "sleutel 2b2c46ed"


def test_a_verdict_says_roles_in_its_language_and_that_fetching_is_not_opening() -> None:
    findings = Findings()
    seen = {Owner("phone", id=DEVICE): 1, Owner("caseworker", "Marit"): 21}
    findings.note("reads", reads=Tally.of(seen))
    (claim,) = findings.report("bundle").claims

    assert "Opgehaald" in claim.text("nl")
    assert "Marit (casemanager) (21×), telefoon 0ed6404e (1×)" in claim.text("nl")
    assert "Fetched" in claim.text("en")
    assert claim.values == {"reads": "Marit (caseworker) (21×), phone 0ed6404e (1×)"}
