"""Proves that an erasure reaches S3: nothing brings the item back, its lock runs out, and what is left is said."""

from datetime import timedelta
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from evidence import ids
from evidence.statements import bodies, event
from evidence.store.blobs.copy_rows import State
from evidence.store.blobs.s3 import Place, S3Blobs
from server.keeping.background import Background
from server.keeping.figures import StorageFigures
from server.keeping.local_copies import LocalCopies, Policy
from server.services import Services, open_services
from tests.support.erasing_world import found_in, needles, sweeping, told
from tests.support.s3_world import S3Server
from tests.support.server_world import running_world, settings_in
from tests.support.waiting import until

FAR = timedelta(days=400)


def test_an_erased_item_stays_gone_and_what_s3_keeps_is_said(server: S3Server, place: Place, tmp_path: Path) -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    settings = settings_in(tmp_path / "data", **server.settings(place, tmp_path))
    with running_world(settings) as world:
        story = told(world)
        story.ask_and_agree()
        going, staying = needles(story, story.going), needles(story, story.staying)
        with open_services(settings) as services:
            until(lambda: services.copies.totals().stored == 2, "copies arrive")
    gone, kept = story.going.body.container.sha256, story.staying.body.container.sha256
    with open_services(settings) as services:
        keeping = keeping_of(services)
        services.copies.note_local(gone, ids.Time("2026-01-01T00:00:00.000Z"))
        assert keeping.drop_due(Policy(after=timedelta(days=1)), lambda: 0.0, lambda: False) == 1
        before = services.copies.any_state(gone)
    with sweeping(settings) as sweeper:
        assert sweeper.sweep() == 1
    assert not found_in(settings.data, going)  # the beginning that had stayed here is gone as well
    assert found_in(settings.data, staying)
    with open_services(settings) as services:
        copy = services.copies.any_state(gone)
        assert before is not None
        assert copy is not None
        assert (copy.state, copy.version_id, copy.locked_until) == (
            State.RELEASED,
            before.version_id,
            before.locked_until,
        )
        body = next(
            one
            for recorded in services.journal.read(limit=1000, case=story.case.case)
            if isinstance(one := event.parse(recorded.event).statement.body, bodies.EraseFinish)
        )
        assert [(one.where, one.until) for one in body.remains if one.where == "object-lock"] == [
            ("object-lock", copy.locked_until)
        ]
        background = Background(services.storage, StorageFigures(CollectorRegistry()))
        background.scrub_once()
        keeping = keeping_of(services)
        assert keeping.renew_locks(lambda _copy, now: ids.time_of(ids.moment_of(now) + FAR), lambda: False) == 0
        assert keeping.delete_released() == 0  # it is locked, and stays so for its thirty days
        assert list(services.blobs.local.names()) == [kept]
        assert [name for name, _ in server.versions(place)] == sorted([gone, kept])
        assert services.copies.released_due(ids.now(), 10) == []
        later = ids.time_of(ids.moment_of(ids.now()) + timedelta(days=31))
        assert [one.sha256 for one in services.copies.released_due(later, 10)] == [gone]
        found = S3Blobs(place).look(gone, copy.version_id)
        assert found is not None
        assert found.locked_until == copy.locked_until


def keeping_of(services: Services) -> LocalCopies:
    assert services.s3 is not None
    return LocalCopies(services.blobs.local, services.copies, services.s3, StorageFigures(CollectorRegistry()))
