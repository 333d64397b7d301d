"""Proves that a journal which reads a case when somebody asks gives the answers of one that read everything.

Histories of all types of statements, good and bad, over several cases and through two writers on one database that keep
next to nothing in memory: every verdict, and every answer about every name, key and case, is that of the whole fold.
"""

import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from evidence.statements.catalogue import READ_WITH_CASE
from evidence.store.database.engine import open_engine
from evidence.store.journal import verifying
from tests.support.sizes import fewer, sizes
from tests.support.twin import (
    UNREAL_END,
    Twin,
)

STEPS: Final = 40
ENOUGH: Final = 7
"""In so many histories each type happens."""


def lived(seed: int, steps: int) -> Counter[str]:
    """Let a town live on SQLite, and return what was accepted, by type."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = f"sqlite:///{Path(folder) / 'journal.db'}"
        twin = Twin(lambda: open_engine(url), stack, seed)
        twin.go_on(steps)
        engine = open_engine(url)
        stack.callback(engine.dispose)
        faults = [fault for fault in verifying.verify(engine, ()).faults if UNREAL_END not in fault]
        assert not faults, faults
        return twin.accepted


@pytest.mark.parametrize("histories", sizes(fewer(ENOUGH), 20))
def test_what_is_read_by_case_is_what_the_whole_journal_says(histories: int) -> None:
    """Names and keys are new in each run, so that the same seed is another history every time."""
    accepted: Counter[str] = Counter()
    for seed in range(histories):
        accepted += lived(seed, STEPS)
    if histories >= ENOUGH:
        assert accepted.keys() >= READ_WITH_CASE, "a type that is read with its case never happened"
