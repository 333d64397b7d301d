"""Proves that backups follow an erasure: what was erased since goes from them, and nothing brings it back.

A restore skips it, also where an older copy still lies there; an older backup forgets, unless the proof reminds it.
"""

import shutil
import time
from pathlib import Path

from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import open_engine
from evidence.store.journal import verifying
from evidence.store.journal.journal import SqlJournal
from server.keeping.backup import make
from server.keeping.restore import restore
from server.settings import Settings
from tests.support.erasing_world import Story, found_in, needles, ready, sweeping, told
from tests.support.server_world import Person, running_world, settings_in
from tests.support.waiting import until


def test_a_backup_loses_what_was_erased_since_and_a_restore_brings_nothing_of_it_back(tmp_path: Path) -> None:
    settings, folder = settings_in(tmp_path / "data"), tmp_path / "backup"
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        going, staying = needles(story, story.going), needles(story, story.staying)
        until((settings.data / "log" / "checkpoint").exists, "a head is published")
        make(settings, folder, with_secrets=True)
        shutil.copytree(folder, tmp_path / "older")
    assert len(found_in(folder, going)) >= 2
    with sweeping(settings) as sweeper:
        assert sweeper.sweep() == 1
    with running_world(settings, world.root.identity):
        until(lambda: _logged(settings), "the log has taken in the erasure")
        where = f"/api/v1/cases/{story.case.case}/erasures/{story.erasure}/proof"
        (tmp_path / "proofs").mkdir()
        (tmp_path / "proofs" / "erasure.json").write_bytes(ready(story.case.vault, where))
    make(settings, folder, with_secrets=True)
    assert not found_in(folder, going)
    assert len(found_in(folder, staying)) >= 2
    restored = settings_in(tmp_path / "restored")
    older = story.going.body.container.sha256
    DirectoryBlobs(folder / "blobs").put(story.going.container)  # an older copy that somebody put back
    done = restore(restored, folder)
    assert done.missing == ()
    assert DirectoryBlobs(restored.data / "blobs").size(older) is None
    assert not found_in(restored.data, going)
    with running_world(restored, world.root.identity) as again:
        vault = Person(again.url, story.case.case, identity=story.case.vault.identity)
        assert vault.http.get(f"/api/v1/items/{story.going.body.item}/container").status_code == 410
        stays = vault.http.get(f"/api/v1/items/{story.staying.body.item}/container")
        assert stays.content == story.staying.container

    an_older_backup_forgets_and_is_reminded(story, tmp_path, going)


def an_older_backup_forgets_and_is_reminded(story: Story, tmp_path: Path, going: list[bytes]) -> None:
    """A restore from before the erasure brings the item back, unless the proof is beside it: then nobody gets it."""
    where = f"/api/v1/items/{story.going.body.item}/container"
    root = story.world.root.identity
    for erasures, status in ((None, 200), (tmp_path / "proofs", 410)):
        older = settings_in(tmp_path / f"older-{status}")
        restore(older, tmp_path / "older", erasures=erasures)
        with running_world(older, root) as again:
            vault = Person(again.url, story.case.case, identity=story.case.vault.identity)
            assert vault.http.get(where).status_code == status
            listed = f"/api/v1/cases/{story.case.case}/erasures"
            while status == 410 and vault.http.get(listed).json()["erasures"][0]["state"] != "finished":
                time.sleep(0.05)  # the test's own time limit ends it
    reminded = tmp_path / "older-410"
    assert not found_in(reminded, going)
    engine = open_engine(f"sqlite:///{reminded / 'getuige.db'}")
    judged = verifying.verify(engine, ())
    engine.dispose()
    assert judged.faults == []
    assert judged.standing.erased == {story.going.body.item}


def _logged(settings: Settings) -> bool:
    """Whether the published head covers the whole journal."""
    engine = open_engine(settings.database_url)
    size = SqlJournal(engine).size()
    engine.dispose()
    return int((settings.data / "log" / "checkpoint").read_text().splitlines()[1]) == size
