"""The server as a process of its own (`getuige serve`), as in earnest."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

from evidence import ids, keys
from evidence.statements.statement import Statement
from server.settings import Settings
from tests.support import published
from tests.support.server_world import CaseOfHers, Person
from tests.support.starter import Process, start
from tests.support.waiting import patience, until


@contextmanager
def serving(settings: Settings, **more: str) -> Iterator[Process]:
    """Run `getuige serve` until it answers; killed at the end if it still runs.

    `more`: variables for the process.
    """
    output = settings.data.with_suffix(".log")
    with output.open("ab") as log:
        environment = {**os.environ, **variables(settings), **more}
        process = start("serve", output=log, environment=environment, new_session=True)
    try:
        until(lambda: process.poll() is not None or alive(settings), "the server answers")
        assert process.poll() is None, output.read_text()
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def variables(settings: Settings) -> dict[str, str]:
    """Return the environment in which a process reads these settings."""
    chosen = settings.model_dump(exclude_unset=True)
    chosen["database_url"] = settings.database_url  # follows from the folder; a copy for another port keeps it
    return {
        f"GETUIGE_{name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in chosen.items()
        if value is not None
    }


def alive(settings: Settings) -> bool:
    try:
        return httpx.get(f"http://localhost:{settings.port}/health/live", timeout=patience(1)).status_code == 200
    except httpx.TransportError:
        return False


def invitation(who: Person, case: CaseOfHers) -> Statement:
    """Return some small statement that the journal accepts."""
    body = published.invitation(case.vault.identity, keys.SigningKey.generate(), ids.Time("2030-01-01T00:00:00.000Z"))
    return who.sign("device.invite", body, case.case)


def slowly(piece: bytes) -> Iterator[bytes]:
    for begin in range(0, len(piece), 64 * 1024):
        yield piece[begin : begin + 64 * 1024]
