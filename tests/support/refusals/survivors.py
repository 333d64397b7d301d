"""Which mutants of the rules the table of refusals lets live."""

import ast
from collections.abc import Iterable
from contextlib import suppress
from types import CodeType, FunctionType

from evidence.statements import reader_lists, rescues, retention
from tests.support import mutants
from tests.support.mutants import Mutant, Site
from tests.support.refusals.world import Trial, told


def judged() -> list[Site]:
    """Return the functions that decide: all of the modules that refuse, what bars an erasure, and what a list does."""
    sites = mutants.sites()
    deciding = {site.module for site in sites if mutants.refusals(site)}
    barring = {retention.is_held.__code__, retention.bars_erasure.__code__}
    barring |= {one.__code__ for one in vars(reader_lists).values() if isinstance(one, FunctionType)}
    barring |= {rescues.current.__code__, rescues.holders.__code__, rescues.name_of.__code__}
    barring.remove(reader_lists.ends_within.__code__)  # it warns and refuses nothing
    return [site for site in sites if site.module in deciding or site.live().__code__ in barring]


def survivors(made: Iterable[Mutant]) -> list[Mutant]:
    """Return the mutants under which every trial of the table comes out as it should."""
    trials = told()
    ran: dict[CodeType, list[Trial]] = {}
    for trial in trials:
        for code in mutants.runs(trial.outcome):
            ran.setdefault(code, []).append(trial)
    left = []
    for mutant in made:
        reasons = {ast.literal_eval(call.args[0]) for call in mutants.refusals(mutant.site)}
        near = ran.get(mutant.site.live().__code__, [])
        near = sorted(near, key=lambda trial: trial.refusal is None or trial.refusal[0] not in reasons)
        with mutant.alive():
            if all(_holds(trial) for trial in near):
                left.append(mutant)
    return left


def _holds(trial: Trial) -> bool:
    found: object = ()
    with suppress(Exception):  # a mutant that breaks is found out as well
        found = trial.outcome()
    return bool(found == trial.refusal)
