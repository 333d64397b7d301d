"""Every refusal of the statements' rules is heard, and no rule can be taken out or moved without a case that says so.

The table stands in `tests/support/refusals`; what it has to hold is read from the syntax tree of `evidence.statements`.
"""

import ast
import re

import pytest

from tests.support import mutants
from tests.support.refusals import world
from tests.support.refusals.survivors import judged, survivors


@pytest.mark.parametrize("name", world.names())
def test_each_case_meets_its_refusal_and_no_other(name: str) -> None:
    trials = world.tried(name)
    assert trials
    assert {trial.name: trial.outcome() for trial in trials} == {trial.name: trial.refusal for trial in trials}


def test_every_refusal_in_the_code_has_a_case() -> None:
    heard = world.refusals()
    sites = [(site, call) for site in mutants.sites() for call in mutants.refusals(site) if site.qualname != "refuse"]
    assert len(sites) > 50
    unheard = [
        f"{site.module}.{site.qualname}, line {call.lineno}: {ast.unparse(call)}"
        for site, call in sites
        if not any(_reason(call) == reason and _text(call).fullmatch(text) for reason, text in heard)
    ]
    assert not unheard, "\n".join(unheard)


def test_every_case_is_a_refusal_in_the_code() -> None:
    calls = [call for site in mutants.sites() for call in mutants.refusals(site) if site.qualname != "refuse"]
    said = [(_reason(call), _text(call)) for call in calls]
    gone = [
        (reason, text)
        for reason, text in sorted(world.refusals())
        if reason != "signature" and not any(reason == word and pattern.fullmatch(text) for word, pattern in said)
    ]
    assert not gone


def test_mutants_of_the_rules_die() -> None:
    sites = judged()
    made = [mutant for site in sites for mutant in mutants.mutants_of(site)]
    assert len(made) > 200
    left = survivors(made)
    assert not left, "\n".join(["these mutants are allowed what the rules refuse, or the reverse:", *map(str, left)])


def _reason(call: ast.Call) -> str:
    reason = call.args[0]
    assert isinstance(reason, ast.Constant), ast.unparse(call)
    return str(reason.value)


def _text(call: ast.Call) -> re.Pattern[str]:
    """Return what the text of a refusal looks like; what is computed may be anything."""
    match call.args[1]:
        case ast.Constant(value=str(text)):
            return re.compile(re.escape(text))
        case ast.JoinedStr(values=values):
            return re.compile(
                "".join(re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".+" for one in values)
            )
        case _:
            return re.compile(".+")
