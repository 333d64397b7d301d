"""Proves on PostgreSQL what `tests/property/test_reading_by_case.py` proves on SQLite, in a shorter history."""

from contextlib import ExitStack

from tests.support.postgres_world import Opening
from tests.support.twin import Twin

STEPS = 15


def test_two_processes_that_read_by_case_say_what_the_whole_journal_says(url: str, opened: Opening) -> None:
    with ExitStack() as stack:
        Twin(lambda: opened(url), stack, seed=1).go_on(STEPS)
