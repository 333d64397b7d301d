"""The route to our own consoles: an alarm counts as handed over when someone listens to the feed.

That says that the API server has it, not that a person looks at it: the console's *claim* and *accept* say that.
"""

from collections.abc import Callable
from typing import Final

from device_bridge.errors import RouteError
from device_bridge.routes import Handed
from device_bridge.routes.dispatch import Dispatch

NAME: Final = "console-feed"


class _Listeners:
    """Whether anybody listens is known at any moment."""

    def __init__(self, listeners: Callable[[], int]) -> None:
        self._listeners = listeners

    @property
    def trouble(self) -> str | None:
        """Say when nobody listens."""
        return None if self._listeners() else "no server listens to the feed"

    def start(self) -> None:
        """The feed runs by itself."""

    def stop(self) -> None:
        """The feed ends by itself."""


class ConsoleRoute:
    """Succeeds while the feed has listeners; the feed itself shows every alarm to whoever listens."""

    name = NAME
    hears_withdrawal = False
    """The feed shows every change by itself."""

    def __init__(self, listeners: Callable[[], int]) -> None:
        self._listeners = listeners
        self.watch = _Listeners(listeners)

    def takes(self, kind: str) -> bool:
        """Every alarm is shown."""
        return bool(kind)

    def send(self, _what: Dispatch) -> Handed:
        """Return who listens; RouteError when nobody does."""
        if self._listeners() == 0:
            raise RouteError("no server listens to the feed", code="feed-nobody")
        return Handed("handed to the console server; a claim will say that a person looks at it", "feed-taken")
