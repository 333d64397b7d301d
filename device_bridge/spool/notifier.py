"""The notifier of those who want to know that an alarm changed: feed and routes, after the commit, never before."""

import threading
from collections.abc import Callable, Iterable

import structlog

from evidence import ids

Listener = Callable[[frozenset[ids.AlarmId]], None]

log = structlog.get_logger()


class Board:
    """Tells every listener which alarms changed; a listener that fails is logged and stays."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener, which must return at once; call what is returned to leave."""
        with self._lock:
            self._listeners = [*self._listeners, listener]

        def leave() -> None:
            with self._lock:
                self._listeners = [other for other in self._listeners if other is not listener]

        return leave

    def announce(self, alarms: Iterable[ids.AlarmId]) -> None:
        """Say that these alarms changed."""
        changed = frozenset(alarms)
        if not changed:
            return
        for listener in self._listeners:
            try:
                listener(changed)
            except Exception as error:  # noqa: BLE001 - one listener must not keep the others from hearing
                log.error("listener-failed", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
