"""Kill -9 at any point of a rotation: run it again and it finishes, or has changed nothing; no event is lost.

Some nine points, evenly spread; all of them in the long version (`make faults`).
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evidence import ids
from evidence.bundle.checking import trust
from evidence.custody.log import growth, tlogproof
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.founding import found
from server.layout import Layout
from server.log.line_of_logs import LogFolders
from server.rotation import rotating
from server.settings import Settings
from tests.faults.rotation_crash_child import ROOT_KEY
from tests.support.sizes import sizes

ROOT = Path(__file__).parents[2]
EVENTS = 12
TIMEOUT_S = 600


@pytest.fixture(name="template")
def make_template(tmp_path: Path) -> Path:
    """A founded data folder with a few events; the log has never run."""
    settings = Settings(data=tmp_path / "template")
    found(settings, ROOT_KEY, "Filomena")
    engine = open_engine(settings.database_url)
    journal = SqlJournal(engine)
    journal.start()
    for _ in range(EVENTS - journal.size()):
        body = bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team")
        journal.append(statements.sign(ROOT_KEY, "team.open", body).envelope.to_bytes()).result()
    journal.close()
    engine.dispose()
    return settings.data


@pytest.mark.timeout(2 * TIMEOUT_S)
@pytest.mark.parametrize("most_points", sizes(9, 10_000))
def test_a_kill_at_any_point_leaves_one_rotation_or_none(template: Path, tmp_path: Path, most_points: int) -> None:
    (tmp_path / "runs").mkdir()
    arguments = [str(template), str(tmp_path / "runs"), str(most_points)]
    child = subprocess.run(
        [sys.executable, "-m", "tests.faults.rotation_crash_child", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    points = re.findall(r"^killed at (\d+ .*)$", child.stdout, re.MULTILINE)
    assert len(points) >= 6
    found_states = {check_and_finish(tmp_path / "runs" / point.split()[0], point) for point in points}
    assert found_states >= {"nothing happened", "to be finished"}


def check_and_finish(folder: Path, point: str) -> str:
    """Run the rotation again after a kill; return how the kill had left it."""
    settings = Settings(data=folder)
    before = rotating.plan(settings)
    state = "nothing happened" if len(before.line.eras) == 1 else "to be finished"
    if state == "to be finished" and not before.unfinished:
        state = "finished"
    else:
        rotating.rotate(settings, ROOT_KEY)
    engine = open_engine(settings.database_url)
    journal = SqlJournal(engine)
    try:
        line = rotating.plan(settings).line
        assert [era.number for era in line.eras] == [1, 2], point
        assert journal.size() == EVENTS + 1, point
        anchors = trust.load(folder / "trust")
        assert anchors.line() == line, point
        folders = LogFolders(Layout(folder))
        for index in range(journal.size()):
            era = line.of_event(index)
            recorded = journal.event(index)
            assert recorded is not None
            proven = tlogproof.verify(folders.proof(era, index), recorded.leaf, line.policy(anchors.policy))
            assert line.admit(proven.checkpoint) == era, point
        for era in line.eras:
            signed = folders.checkpoint(era)
            assert signed is not None
            growth.audit(folders.tiles(era), signed.checkpoint.size, signed.checkpoint.root)
    finally:
        journal.close()
        engine.dispose()
    return state
