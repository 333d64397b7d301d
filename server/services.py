"""Services of one process, opened once and closed in the reverse order, and given out as each domain needs them.

Only the assembly (`server.app`) knows all of them; no domain imports this module.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from evidence import ids, keyfile, keys
from evidence.bundle.checking import trust
from evidence.errors import EvidenceError
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import S3Blobs
from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.database.access import AccessStore
from evidence.store.database.engine import open_engine, time_of
from evidence.store.journal.heads import SqlHeads
from evidence.store.journal.journal import SqlJournal
from server import founding
from server.alarms.feed import BridgeFeed
from server.alarms.parts import Cards
from server.api import PublicAddress
from server.auth.parts import Gate
from server.auth.rates import ANYONE, SIGNER, STRANGER, Limiter
from server.erasure.parts import Erasable, ErasureRecords
from server.exports.builder import Builder
from server.exports.parts import ExportSources
from server.items.parts import ItemStore
from server.items.reads import Reads
from server.keeping.background import Storage
from server.layout import Layout
from server.log.keeper import LogKeeper
from server.log.opening import LogOpener
from server.log.parts import PublicLog
from server.parts import Parts
from server.settings import Settings
from server.statements.parts import Intake
from server.statements.receipts import Receipts
from server.statements.signs import Signs
from server.system.parts import OwnState
from server.system.readiness import Readiness
from server.timeline.parts import TimelineSources
from server.timeline.readers import without_reader
from server.timeline.rings import Rings
from server.timestamps import tsa
from server.timestamps.renewing import Renewer
from server.uploads.folder import UploadFolder
from server.uploads.lanes import Lanes
from server.uploads.service import Uploads
from server.uploads.store import UploadStore

MIB: Final = 1024 * 1024

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Services:
    """All that lives as long as the process."""

    settings: Settings
    layout: Layout
    identity: keys.SigningKey
    challenge_key: bytes
    journal: SqlJournal
    blobs: TieredBlobs
    copies: SqlCopies
    s3: S3Blobs | None
    access: AccessStore
    uploads: UploadFolder
    log: LogKeeper
    readiness: Readiness

    def trouble(self) -> dict[str, str]:
        """Return what is not well, by part; empty when all is."""
        found = {"journal": self.journal.trouble, "log": self.log.trouble}
        return {**self.readiness.trouble(), **{part: why for part, why in found.items() if why is not None}}

    def cases_without_reader(self) -> float:
        """Return of how many cases nobody gets all that is added; NaN while the journal does not answer."""
        now = ids.now()
        try:
            return self.journal.ask(lambda standing: without_reader(standing, now))
        except EvidenceError:
            return math.nan

    @property
    def storage(self) -> Storage:
        """What `keeping` works with."""
        return Storage(self.settings, self.layout, self.journal, self.blobs, self.copies, self.s3)

    @property
    def erasable(self) -> Erasable:
        """What erasures destroy."""
        url = self.settings.database_url
        return Erasable(url, self.layout, self.journal, self.identity, self.blobs, self.uploads)

    @property
    def upload_store(self) -> UploadStore:
        """What uploads are taken in with."""
        reserve_bytes = self.settings.upload_reserve_mib * MIB
        return UploadStore(self.journal, self.uploads, self.blobs.local, self.copies, Lanes(), reserve_bytes)

    @property
    def exports(self) -> ExportSources:
        """What bundles are made from."""
        return ExportSources(self.journal, self.blobs, self.uploads, self.layout.exports, self.log)

    def parts(self, uploads: Uploads, builder: Builder, feed: BridgeFeed) -> Parts:
        """Return what the routes of all domains are given."""
        journal, blobs, log, layout = self.journal, self.blobs, self.log, self.layout
        paces = (Limiter(ANYONE), Limiter(STRANGER), Limiter(SIGNER))
        receipts = Receipts(self.identity, log)
        items, signs, exports = ItemStore(journal, blobs, self.uploads), Signs(layout.signs), self.exports
        rings = Rings(layout.rings)
        return Parts(
            journal,
            PublicAddress(self.settings.public_url),
            Gate(journal, self.access, self.challenge_key, self.settings.public_url, *paces),
            receipts,
            Intake(journal, receipts, log, signs, blobs, self.uploads, exports, rings),
            items,
            rings,
            Reads(journal, self.identity),
            TimelineSources(items, log, signs),
            exports,
            builder,
            ErasureRecords(journal, log, self.identity),
            PublicLog(journal, log, layout),
            OwnState(journal, layout.trust / trust.POLICY, self.trouble),
            Cards(journal, blobs),
            uploads,
            feed,
        )


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Open the data folder and start the threads; FoundingError when it was never founded."""
    layout = Layout(settings.data)
    identity = keyfile.load_signing_key(layout.server_key)
    with ExitStack() as stack:
        engine = open_engine(settings.database_url)
        stack.callback(engine.dispose)
        journal = SqlJournal(engine)
        journal.start()
        stack.callback(journal.close)
        if not journal.ask(lambda standing: founding.is_published(standing, identity)):
            raise founding.FoundingError("the root has not certified this server's key: found the data folder first")
        opener = LogOpener(settings, layout, SqlHeads(engine), journal)
        stack.callback(opener.close)
        keeper = _log_keeper(settings, layout, journal, opener)
        keeper.check()
        keeper.start()
        stack.callback(keeper.close)
        readiness = Readiness(settings.data, partial(time_of, engine), journal, keeper.proven_through)
        readiness.start()
        stack.callback(readiness.close)
        renewer = Renewer(layout, keeper.authority)
        renewer.start()
        stack.callback(renewer.close)
        place = settings.s3_place()
        s3 = None if place is None else S3Blobs(place)
        copies = SqlCopies(engine)
        blobs = TieredBlobs(DirectoryBlobs(layout.blobs), copies, s3)
        uploads = UploadFolder(layout.uploads, blobs)
        uploads.prepare()
        journal.ask(Rings(layout.rings).clean)
        yield Services(
            settings,
            layout,
            identity,
            keyfile.load_or_create_secret(layout.challenge_key),
            journal,
            blobs,
            copies,
            s3,
            AccessStore(engine),
            uploads,
            keeper,
            readiness,
        )


def _log_keeper(settings: Settings, layout: Layout, journal: SqlJournal, opener: LogOpener) -> LogKeeper:
    authority = tsa.choose(settings, layout)
    if authority.development:
        _log.warning("DEVELOPMENT time stamping authority: nobody else believes its tokens")
    return LogKeeper(journal, opener, authority, layout)
