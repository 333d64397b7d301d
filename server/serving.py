"""Running the API: uvicorn on one port, metrics on another, an orderly end on SIGTERM."""

import gc
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from types import FrameType
from typing import Final

import structlog
import uvicorn

from evidence import keyfile, logs
from server import log_keys
from server.app import create_app
from server.errors import ServerError
from server.layout import Layout
from server.listening import ListenError, listen
from server.metrics import Metrics
from server.protocol import Protocol
from server.settings import Settings

GRACE_S: Final = 3
"""How long open requests may go on after the stop: an upload keeps what it has, and goes on later."""

SWITCH_S: Final = 0.001
"""How long a thread may keep Python's lock while the event loop waits for it. With the usual 5 ms a statement waits for
the log keeper instead of for the disk: 245 a second became 354 on two busy cores."""

BACKLOG: Final = 2048
KEEP_ALIVE_S: Final = 30


def configuration(settings: Settings, metrics: Metrics) -> uvicorn.Config:
    """Return how uvicorn is run; it writes no log of its own."""
    return uvicorn.Config(
        create_app(settings, metrics),
        host=settings.host,
        port=settings.port,
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        # uvicorn believes 127.0.0.1 unasked: anyone on this machine could then speak for any address.
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
    )


class DrainingServer(uvicorn.Server):
    """uvicorn that, when told to stop, first says "not ready" for a while and goes on answering.

    A proxy that asks /health/ready sends the next requests elsewhere before the port closes, so that a restart of one
    of several servers refuses nobody. A second signal ends at once.
    """

    def __init__(self, config: uvicorn.Config, drain_s: float) -> None:
        super().__init__(config)
        self._drain_s = drain_s
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain at the first signal; end at the second, or when the time is over."""
        if self._draining or not self._drain_s:
            super().handle_exit(sig, frame)
            return
        self._draining = True
        self.config.app.state.draining = True  # type: ignore[union-attr]
        timer = threading.Timer(self._drain_s, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


@contextmanager
def _listener(settings: Settings, metrics: Metrics) -> Iterator[None]:
    if settings.metrics_port is None:
        yield
        return
    try:
        server = metrics.listen(settings.metrics_port)
    except OSError as error:
        where = f"127.0.0.1, port {settings.metrics_port}"
        raise ListenError(f"cannot listen on {where}: {error.strerror}. Change GETUIGE_METRICS_PORT") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises:
        UnfoundedError, KeyFileError: the data folder was never founded, or its key is damaged.
        ListenError: a port cannot be listened on.
        StoreError, StrangeLogError, …: whatever the app could not open; nothing was served.
    """
    sys.setswitchinterval(SWITCH_S)
    layout = Layout.founded(settings.data)
    keyfile.load_signing_key(layout.server_key)  # before uvicorn, whose failures have no words
    logs.configure(log_keys.ALLOWED)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what it says of a start, `failure` says in words
    log = structlog.get_logger("server")
    metrics = Metrics()
    gc.freeze()  # what was imported stays for good: looked through again and again it makes a large case slower to read
    with listen(settings.host, settings.port, "GETUIGE_PORT") as bound, _listener(settings, metrics):
        log.info(
            "serving",
            mode=settings.mode,
            host=settings.host,
            port=settings.port,
            version=version("getuige"),
            pid=os.getpid(),
        )
        server = DrainingServer(configuration(settings, metrics), settings.drain_s)
        try:
            server.run(sockets=[bound])
        except SystemExit:
            failure = server.config.app.state.failure  # type: ignore[union-attr]
            raise (failure or ServerError("the server did not start")) from None
    log.info("stopped", pid=os.getpid())
