"""Services that the routes work with, opened once per process and closed in the reverse order."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from fastapi import Request

from evidence import keyfile, keys
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import S3Blobs
from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.database.access import AccessStore
from evidence.store.database.engine import open_engine, time_of
from evidence.store.journal.heads import SqlHeads
from evidence.store.journal.journal import SqlJournal
from server import founding
from server.layout import Layout
from server.log.keeper import LogKeeper
from server.log.opening import LogOpener
from server.rates import ANYONE, SIGNER, STRANGER, Limiter
from server.settings import Settings
from server.system.readiness import Readiness
from server.timestamps import tsa
from server.timestamps.renewing import Renewer
from server.uploads.folder import UploadFolder
from server.uploads.lanes import Lanes

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
    lanes: Lanes
    log: LogKeeper
    readiness: Readiness
    anyone_pace: Limiter
    stranger_pace: Limiter
    signer_pace: Limiter

    def trouble(self) -> dict[str, str]:
        """Return what is not well, by part; empty when all is."""
        found = {"journal": self.journal.trouble, "log": self.log.trouble}
        return {**self.readiness.trouble(), **{part: why for part, why in found.items() if why is not None}}


def services_of(request: Request) -> Services:
    """Return the services of the app that answers `request`."""
    services: Services = request.app.state.services
    return services


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
            Lanes(),
            keeper,
            readiness,
            Limiter(ANYONE),
            Limiter(STRANGER),
            Limiter(SIGNER),
        )


def _log_keeper(settings: Settings, layout: Layout, journal: SqlJournal, opener: LogOpener) -> LogKeeper:
    authority = tsa.choose(settings, layout)
    if authority.development:
        _log.warning("DEVELOPMENT time stamping authority: nobody else believes its tokens")
    return LogKeeper(journal, opener, authority, layout)
