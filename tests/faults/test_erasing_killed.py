"""Proves that an erasure survives kill -9 at every step: each process after it takes it up, and the last one ends it.

Nothing of the item is left in any file then, what stays is whole, and the journal verifies and says so once.
"""

import signal
from pathlib import Path

from evidence.statements import event
from evidence.store.database.engine import open_engine
from evidence.store.journal import verifying
from evidence.store.journal.journal import SqlJournal
from server.erasure.destroying import STEPS
from tests.support import starter
from tests.support.erasing_world import found_in, needles, told
from tests.support.server_world import running_world, settings_in

CHILD = Path(__file__).with_name("erasing_crash_child.py").read_text()


def test_killed_at_every_step_it_ends_all_the_same(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        going, staying = needles(story, story.going), needles(story, story.staying)
    for step in STEPS:
        done = starter.run(settings.data, step, code=CHILD)
        assert done.returncode == -signal.SIGKILL, (step, done.stderr)
    done = starter.run(settings.data, code=CHILD)
    assert done.returncode == 0, done.stderr
    assert not found_in(settings.data, going)
    assert len(found_in(settings.data, staying)) >= 2
    engine = open_engine(settings.database_url)
    assert verifying.verify(engine, ()).faults == []
    said = [event.parse(one.event).statement.type for one in SqlJournal(engine).read(limit=1000, case=story.case.case)]
    engine.dispose()
    assert said[-2:] == ["erase.execute", "erase.finish"]
    assert said.count("erase.execute") == said.count("erase.finish") == 1
