"""The API server put together: `create_app(settings)` returns the ASGI app that uvicorn runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Final

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from evidence.bundle.checking import trust
from server import openapi, tracing
from server.alarms import routes as alarms
from server.alarms.feed import BridgeFeed
from server.auth import routes as auth
from server.auth.dependencies import passer_by
from server.auth.door import Shortcut
from server.devices import routes as devices
from server.edge import Edge
from server.enrolment import routes as enrolment
from server.erasure import routes as erasures
from server.erasure import sweeper
from server.exports import routes as exports
from server.exports.builder import Builder
from server.items import routes as items
from server.keeping.background import Background
from server.keeping.figures import StorageFigures
from server.log import routes as log
from server.metrics import Metrics
from server.problems import handlers
from server.services import open_services
from server.settings import Settings
from server.shifts import routes as shifts
from server.statements import routes as statements
from server.system import routes as system
from server.system.readiness import ReadinessFigures
from server.timeline import routes as timeline
from server.uploads import routes as upload_routes
from server.uploads.service import Uploads
from server.web import pages

DOMAINS: Final = (
    *(system, auth, enrolment, upload_routes, statements, timeline, items, log),
    *(alarms, devices, shifts, exports, erasures),
)
"""One module of routes per domain, in the order of the documentation."""


def create_app(settings: Settings, metrics: Metrics | None = None) -> FastAPI:
    """Return the app. The data folder is opened when the app starts, not before.

    Raises StandInError when production is asked for with development stand-ins, SettingsError when traces are wanted
    without the extra.
    """
    settings.refuse_stand_ins()
    metrics = metrics or Metrics()
    traces = tracing.choose(settings)

    @contextlib.asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        with open_services(settings) as services, sweeper.opened(services.erasable) as erasing:
            uploads, feed = Uploads(services.upload_store), BridgeFeed(settings)
            builder = Builder(services.exports, services.layout.trust / trust.POLICY)
            app.state.parts = services.parts(uploads, builder, feed)
            services.log.authority.tell = metrics.stamped
            background = Background(services.storage, StorageFigures(metrics.registry))
            ReadinessFigures(metrics.registry).follow(
                services.readiness, services.trouble, lambda: len(services.log.silent), services.cases_without_reader
            )
            background.start()
            tasks = [
                asyncio.create_task(uploads.sweep_forever()),
                asyncio.create_task(feed.follow()),
                asyncio.create_task(erasing.sweep_forever()),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await feed.close()
                await asyncio.to_thread(builder.close)
                await asyncio.to_thread(background.close)
                if traces is not None:
                    await asyncio.to_thread(traces.close)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(opened(app))
            except Exception as error:
                app.state.failure = error  # uvicorn itself would only say that there was one
                raise
            yield

    app = FastAPI(
        title="Getuige",
        version=version("getuige"),
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry=tracing.FRAMEWORKS,
        middleware=[
            Middleware(Edge, settings=settings, metrics=metrics, traces=traces),
            Middleware(Shortcut, routes=statements.written.routes),
        ],
    )
    app.state.draining = False
    app.state.failure = None
    handlers.install(app)
    for domain in DOMAINS:
        app.include_router(domain.router)
    openapi.install(app)
    app.include_router(pages.router, dependencies=[Depends(passer_by)])
    return app
