"""Proves what comes of a row that somebody changed in the database, leaf and all: nothing of it reaches a court.

The server reads its own rows of a case without asking again for the form of what it took in itself. Whoever may write
there can have it believe a form that no client can send. Exports, the timeline and the verification of a journal read
in full and say so; a form that is right, about something that nobody signed, is found by whoever verifies the bundle.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.custody.log.leaf import leaf_entry
from evidence.store.database.engine import open_engine
from evidence.store.journal import verifying
from tests.support.exporting import ask, grant, statement
from tests.support.server_world import CaseOfHers, Person, World, running, settings_in
from tests.support.timeline_page import timeline
from tests.support.waiting import until

Said = dict[str, Any]


@dataclass
class Changed:
    """A server that began with a changed row; `index` is of the event, the first of two items that were granted."""

    world: World
    case: CaseOfHers
    reader: Person
    index: int


def rewrite(database: Path, item: str, change: Callable[[Said], object]) -> int:
    """Change what an event says, and make its leaf anew; return its index."""
    with sqlite3.connect(database) as open_database:
        index, data, salt = open_database.execute(
            "SELECT idx, event, salt FROM events WHERE item = ?", (item,)
        ).fetchone()
        event = json.loads(data)
        said = json.loads(canonical.unb64(event["dsse"]["payload"]))
        change(said["body"])
        event["dsse"]["payload"] = canonical.b64(canonical.encode(said))
        data = canonical.encode(event)
        open_database.execute(
            "UPDATE events SET event = ?, leaf = ? WHERE idx = ?", (data, leaf_entry(salt, data), index)
        )
    return int(index)


def begun_again(folder: Path, change: Callable[[Said], object], test: Callable[[Changed], None]) -> None:
    """Let a case have two granted items, stop the server, change a row, and begin again."""
    settings, root = settings_in(folder), keys.Identity.generate()
    with running(settings, root):
        world = World(settings, Person(settings.public_url, identity=root))
        case, reader = world.open_case(), world.certify("investigator", "R. Bos")
        phone = case.phone()
        items = [case.sealed(phone), case.sealed(phone, "En nog een keer.")]
        grant(case, reader, *items)
    index = rewrite(folder / "getuige.db", items[0].body.item, change)
    with running(settings, root):
        test(Changed(world, case, reader, index))


def as_text(said: Said) -> None:
    said["container"]["size"] = str(said["container"]["size"])


def another(said: Said) -> None:
    said["meta"]["commitment"] = "ab" * 32


def test_a_form_that_no_client_can_send_is_in_no_bundle_and_no_timeline(tmp_path: Path) -> None:
    def look(found: Changed) -> None:
        assert not ask(found.reader, found.case).is_success
        told = timeline(found.case.vault, found.case.case)["events"]
        assert [row["index"] for row in told if row["trouble"] is not None] == [found.index]

    begun_again(tmp_path, as_text, look)


def test_what_nobody_signed_verifies_in_no_bundle(tmp_path: Path) -> None:
    def look(found: Changed) -> None:
        answer = ask(found.reader, found.case)
        assert answer.status_code == 201, answer.text
        prepared = answer.json()
        found.reader.act("export", statement(prepared), found.case.case)
        where = f"/api/v1/exports/{prepared['export']}"
        until(lambda: found.reader.http.get(where).json()["state"] == "ready", "the bundle is built")
        bundle = tmp_path / "bundle.zip"
        bundle.write_bytes(found.reader.http.get(f"{where}/bundle.zip").content)
        report = verify(bundle, trust.load(found.world.settings.data / "trust"))
        assert report.exit_code != 0

    begun_again(tmp_path, another, look)


@pytest.mark.parametrize("change", [as_text, another])
def test_a_journal_with_such_a_row_is_not_put_back(tmp_path: Path, change: Callable[[Said], object]) -> None:
    def look(found: Changed) -> None:
        engine = open_engine(found.world.settings.database_url)
        faults = verifying.verify(engine, ()).faults
        engine.dispose()
        assert any(fault.startswith(f"event {found.index}: ") for fault in faults)

    begun_again(tmp_path, change, look)
