"""Proves that a journal whose writer is killed at any step holds all that it acknowledged, once and in order."""

import os
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from evidence import keys
from evidence.statements import event
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from tests.support import starter
from tests.support.bridge_world import AlarmOrganisation
from tests.support.sizes import sizes

CHILD = Path(__file__).with_name("journal_crash_child.py").read_text()
GROUP = int(CHILD.partition("BATCH = ")[2].partition("\n")[0])
"""Steps are tried in turn; a short run takes every eighth, beginning anywhere."""


def run(folder: Path, statements: Path, last: int, how: str) -> "subprocess.CompletedProcess[str]":
    folder.mkdir(exist_ok=True)
    return starter.run(folder, statements, last, how, code=CHILD)


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("statements")
    path = folder / "statements"
    founding = AlarmOrganisation.found(folder).founding()
    path.write_text("\n".join(b64encode(one.envelope.to_bytes()).decode() for one in founding))
    return path


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same kind of statements; the database refuses the last of each group."""
    folder = tmp_path_factory.mktemp("poisoned")
    path = folder / "statements"
    made = AlarmOrganisation.found(folder)
    lines = [b64encode(one.envelope.to_bytes()).decode() for one in made.founding()]
    for at in range(GROUP - 1, len(lines) * GROUP // (GROUP - 1), GROUP):
        poison = made.publish(keys.SigningKey.generate(), "server", f"Refused {at}")
        lines.insert(at, "!" + b64encode(poison.envelope.to_bytes()).decode())
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("how", ["alone", "together", "loop"])
@pytest.mark.parametrize("every", sizes(8, 1))
def test_each_step_of_the_writer_can_be_its_last(statements: Path, tmp_path: Path, every: int, how: str) -> None:
    each_step(statements, tmp_path, every, how)


@pytest.mark.parametrize("how", ["together", "loop"])
@pytest.mark.parametrize("every", sizes(40, 1))
def test_each_step_of_a_search_for_poison_can_be_the_last(poisoned: Path, tmp_path: Path, every: int, how: str) -> None:
    """What the database refuses is found by writing each statement of its batch alone: others are stored, each once."""
    steps = each_step(poisoned, tmp_path, every, how)
    good = sum(not line.startswith("!") for line in poisoned.read_text().splitlines())
    assert steps.count("after COMMIT") >= good, "each of them has a commit of its own"


def each_step(statements: Path, tmp_path: Path, every: int, how: str) -> list[str]:
    """Kill at one step after the other, and run again; return the names of all steps."""
    whole = run(tmp_path / "whole", statements, 0, how)
    assert whole.returncode == 0, whole.stderr
    steps = whole.stdout.splitlines()
    assert {"before INSERT", "after INSERT", "before COMMIT", "after COMMIT", "after an answer"} <= set(steps)
    lines = statements.read_text().splitlines()
    count = sum(not line.startswith("!") for line in lines)
    alone = how == "alone" or count < len(lines)
    first = 1 + os.getpid() % every
    for last in range(first, len(steps) + 1, every):
        folder = tmp_path / f"step-{last}"
        died = run(folder, statements, last, how)
        assert died.returncode == -9, f"step {last}: {died.stderr}"
        held = check(folder, f"killed at step {last} ({steps[last - 1]})")
        assert alone or held % GROUP == 0 or held == count, "of what was handed over together all, or nothing"
        again = run(folder, statements, 0, how)
        assert again.returncode == 0, again.stderr
        assert check(folder, f"after step {last} and a second run") == count, "the same statements, each once"
    return steps


def check(folder: Path, when: str) -> int:
    """Compare the journal with what was acknowledged; return how many events it holds."""
    engine = open_engine(f"sqlite:///{folder / 'getuige.db'}")
    try:
        stored = SqlJournal(engine).read(limit=1000)
    finally:
        engine.dispose()
    assert [one.index for one in stored] == list(range(len(stored))), when
    names = [event.parse(one.event).statement.id for one in stored]
    assert len(set(names)) == len(names), when
    salts = {one.index: one.salt.hex() for one in stored}
    acknowledged = folder / "acknowledged"
    for line in acknowledged.read_text().splitlines() if acknowledged.exists() else []:
        index, salt = line.split()
        assert salts[int(index)] == salt, when
    return len(stored)
