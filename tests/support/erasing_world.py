"""A sweeper of erasures whose clock the test moves, and the search for what must be gone."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence import ids
from evidence.keyfile import load_signing_key
from evidence.statements import bodies
from evidence.statements.rules.erasure import ERASE_DELAY
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import open_engine
from evidence.store.journal import shredding
from evidence.store.journal.journal import SqlJournal
from evidence.store.journal.shredding import Shredder
from server.erasure.destroying import Destroyer
from server.erasure.sweeper import LOCK, Sweeper
from server.layout import Layout
from server.settings import Settings
from server.timeline.rings import Rings
from server.uploads.folder import UploadFolder
from tests.support import published
from tests.support.server_world import CaseOfHers, Person, SealedItem, World

LATER = ERASE_DELAY + timedelta(minutes=1)


@contextmanager
def sweeping(
    settings: Settings, after: timedelta = LATER, reached: Callable[[str], None] = lambda _step: None
) -> Iterator[Sweeper]:
    """Yield a sweeper on a data folder whose clock runs `after` ahead; a server may run beside it."""
    layout = Layout(settings.data)
    engine = open_engine(settings.database_url)

    def clock() -> ids.Time:
        return ids.time_of(datetime.now(UTC) + after)

    journal = SqlJournal(engine, clock)
    journal.start()
    blobs = DirectoryBlobs(layout.blobs)
    destroyer = Destroyer(
        journal,
        load_signing_key(layout.server_key),
        Shredder(engine, blobs),
        UploadFolder(layout.uploads, blobs),
        layout.exports,
        Rings(layout.rings),
        clock,
        reached,
    )
    try:
        yield Sweeper(destroyer, layout.data / LOCK, clock)
    finally:
        journal.close()
        engine.dispose()


def found_in(folder: Path, wanted: list[bytes]) -> set[str]:
    """Return the names of the files that hold one of `wanted`."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in wanted)
    }


@dataclass
class Story:
    """A case with an item that goes, one that stays, and an investigator who was granted both."""

    world: World
    case: CaseOfHers
    phone: Person
    going: SealedItem
    staying: SealedItem
    erasure: ids.ErasureId
    wraps: list[str]
    """Of the item that goes, as its reader got them."""

    @property
    def settings(self) -> Settings:
        return self.world.settings

    def ask_and_agree(self) -> None:
        self.case.vault.act("erase.request", bodies.EraseRequest(self.erasure, (self.going.body.item,)))
        self.world.caseworker.act("erase.approve", bodies.EraseStep(self.erasure), self.case.case)

    def state(self) -> str:
        found = self.case.vault.http.get(f"/api/v1/cases/{self.case.case}/erasures").json()["erasures"]
        return str(found[0]["state"])


def grant(case: CaseOfHers, reader: Person, *items: SealedItem) -> list[str]:
    """She grants items to a reader; return the wraps."""
    given = tuple(published.given(one.key, case.case, one.body.item, reader.identity) for one in items)
    body = bodies.Grant(
        ids.GrantId(ids.new_id()),
        reader.kid,
        reader.identity.opening_kid,
        "aangifte",
        ids.time_of(datetime.now(UTC) + timedelta(days=90)),
        given,
    )
    case.vault.act("grant", body)
    return [one.wrap for one in given]


def told(world: World) -> Story:
    case = world.open_case()
    phone = case.phone()
    going = case.sealed(phone, "Dit moet weg.", b"g" * 9000)
    staying = case.sealed(phone, "Dit blijft.", b"s" * 9000)
    given = grant(case, world.investigator, going)
    grant(case, world.investigator, staying)
    return Story(world, case, phone, going, staying, ids.ErasureId(ids.new_id()), given)


def salts_of(settings: Settings, item: ids.ItemId) -> list[bytes]:
    engine = open_engine(settings.database_url)
    sealed = SqlJournal(engine).seal_of(item)
    engine.dispose()
    assert sealed is not None
    return [sealed.salt, base64.b64encode(sealed.salt), sealed.salt.hex().encode(), *shredding.traces_of(sealed)]


def needles(story: Story, item: SealedItem) -> list[bytes]:
    """Return what opens or proves an item: its ciphertext, the wraps in its head, its salt, its signature."""
    size = len(item.container)
    pieces = [item.container[at : at + 64] for at in range(size - 64, 600, -(size // 9))]
    return [*pieces, *salts_of(story.settings, item.body.item)]


def ready(who: Person, where: str) -> bytes:
    answer = who.http.get(where)
    return answer.content if answer.status_code == 200 else b""
