"""The whole set of mutants of the statements' rules, and of what a standing answers them: `make faults`."""

import pytest

from evidence.statements.standing import Standing
from tests.support import mutants
from tests.support.refusals.survivors import judged, survivors

QUESTIONS = ("public_key", "role_of", "readable", "is_card")
"""What the rules ask a standing."""


@pytest.mark.faults
def test_every_mutant_of_the_rules_and_of_their_questions_dies() -> None:
    asked = [site for site in mutants.sites() if site.qualname in {f"{Standing.__name__}.{one}" for one in QUESTIONS}]
    assert len(asked) == len(QUESTIONS)
    left = survivors(mutant for site in (*judged(), *asked) for mutant in mutants.mutants_of(site, whole=True))
    assert not left, "\n".join(["these mutants live:", *map(str, left)])
