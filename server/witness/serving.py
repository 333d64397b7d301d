"""Running a witness: uvicorn with limits, until SIGTERM or Ctrl-C."""

import os
from importlib.metadata import version
from typing import Final

import structlog
import uvicorn

from evidence import logs
from evidence.custody.witnessing.witness import Witness
from server import log_keys
from server.listening import listen
from server.witness.app import create_app
from server.witness.folder import WitnessFolder

MAX_OPEN_REQUESTS: Final = 128
"""A witness serves a few logs; more at once is not a log. What is above gets 503."""

KEEP_ALIVE_S: Final = 75
"""tlog-witness asks for kept connections; a busy log comes back within a second."""

GRACE_S: Final = 3
"""A request takes milliseconds; longer is a client that will ask again."""


def configuration(witness: Witness, folder: WitnessFolder, host: str, port: int) -> uvicorn.Config:
    """Return how uvicorn is run; it writes no log of its own."""
    return uvicorn.Config(
        create_app(witness, folder),
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_OPEN_REQUESTS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def serve(witness: Witness, folder: WitnessFolder, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    logs.configure(log_keys.ALLOWED)
    log = structlog.get_logger("server.witness")
    log.info("serving", witness=witness.name, host=host, port=port, version=version("getuige"), pid=os.getpid())
    with listen(host, port, "--port, or GETUIGE_WITNESS_PORT") as bound:
        uvicorn.Server(configuration(witness, folder, host, port)).run(sockets=[bound])
    log.info("stopped", pid=os.getpid())
