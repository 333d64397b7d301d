"""Renewing time stamps by itself, or by `getuige log renew-tokens`: what is due, and having it done."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from evidence.custody.errors import CustodyError, TimestampError
from evidence.custody.succession.lineage import MAX_LOGS
from evidence.errors import EvidenceError
from server.layout import Layout
from server.timestamps import renewals
from server.timestamps.renewals import RENEW_WITHIN, Due, Renewals
from server.timestamps.stamp_folder import StampFolder, StoredTokens
from server.timestamps.tsa import TsaPanel

FIRST_LOOK_S: Final = 60.0
"""A server that has just started has more urgent things to do."""

LOOK_EVERY_S: Final = 6 * 3600.0
"""Certificates expire by the day; each look reads every token that was not renewed yet."""

EVERYTHING: Final = timedelta(days=36500)
"""For a renewal of all tokens, because an algorithm weakens or an authority is no longer believed."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Renewed:
    """What was due, and the number of the renewal (None: nothing was)."""

    due: Due
    number: int | None


def stored(layout: Layout) -> StoredTokens:
    """Return the tokens of all logs in a data folder, and their renewals, as they are now."""
    folders = (layout.timestamps_of(number) for number in range(1, MAX_LOGS + 1))
    return StoredTokens(tuple(StampFolder(one) for one in folders if one.is_dir()), Renewals(layout.renewals))


def look(
    layout: Layout, panel: TsaPanel, within: timedelta = RENEW_WITHIN, known: dict[bytes, datetime] | None = None
) -> Due:
    """Say which tokens expire within a time and were not renewed.

    Raises:
        TimestampError: no root is at hand, so nobody can say when a token expires.
    """
    if panel.trusted is None:
        raise TimestampError("the roots of the time stamp authorities are not in the trust folder")
    return renewals.due(stored(layout), panel.trusted, datetime.now(UTC), within, known)


def renew(
    layout: Layout, panel: TsaPanel, within: timedelta = RENEW_WITHIN, known: dict[bytes, datetime] | None = None
) -> Renewed:
    """Renew what is due; see `look`.

    Raises:
        TimestampError: no authority gave a token that outlives the ones to be renewed.
    """
    due = look(layout, panel, within, known)
    if not due.entries or panel.trusted is None:
        return Renewed(due, None)
    return Renewed(due, renewals.renew(layout.renewals, due, panel, panel.trusted))


class Renewer:
    """A thread that renews what is due; it knows the policy with which the server was started."""

    def __init__(self, layout: Layout, panel: TsaPanel, *, first_s: float = FIRST_LOOK_S) -> None:
        self._layout = layout
        self._panel = panel
        self._first_s = first_s
        self._known: dict[bytes, datetime] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="token-renewal", daemon=True)

    def start(self) -> None:
        """Start the thread; without roots at hand there is nothing that it could do."""
        if self._panel.trusted is not None:
            self._thread.start()

    def close(self) -> None:
        """Stop it. A renewal that is under way ends with its process: nothing of it counts before its token."""
        self._stop.set()

    def _run(self) -> None:
        wait_s = self._first_s
        while not self._stop.wait(wait_s):
            wait_s = LOOK_EVERY_S
            try:
                done = renew(self._layout, self._panel, known=self._known)
            except (CustodyError, EvidenceError, OSError, ValueError) as error:
                _log.error("time stamps were not renewed, trying again", error=type(error).__name__)
                continue
            if done.due.lost:
                _log.warning("time stamps expired before they were renewed", count=done.due.lost)
