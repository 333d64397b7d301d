"""Ways to a dispatcher. Each route tells honestly what its *delivered* means, and fails visibly."""

from dataclasses import dataclass
from typing import Protocol

from device_bridge.route_codes import RouteCode
from device_bridge.routes.dispatch import Dispatch


@dataclass(frozen=True)
class Handed:
    """What it means that a route took the alarm: in English words, and as a code for pages.

    `name` is how the other side knows the message that it was given, when later messages must name it.
    """

    words: str
    code: RouteCode
    name: str | None = None


class Watch(Protocol):
    """Supervision of a way itself, apart from what is sent on it: a poll, or nothing that runs."""

    @property
    def trouble(self) -> str | None:
        """Why the way is not usable now, None if nothing is known against it."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


class Unpolled:
    """A way that nothing tries between alarms: what the last one met is all that is known of it."""

    def __init__(self) -> None:
        self.trouble: str | None = None

    def start(self) -> None:
        """Nothing runs."""

    def stop(self) -> None:
        """Nothing to end."""


class Route(Protocol):
    """One way to a dispatcher; `send` is called from several threads at once."""

    @property
    def name(self) -> str:
        """Short name in histories and statements, such as `console-feed` or `dc09-1`."""
        ...

    @property
    def hears_withdrawal(self) -> bool:
        """Whether it is told when an alarm that it was given is closed as no emergency."""
        ...

    @property
    def watch(self) -> Watch:
        """Supervision of the way."""
        ...

    def takes(self, kind: str) -> bool:
        """Whether alarms of this kind go this way."""
        ...

    def send(self, what: Dispatch) -> Handed:
        """Deliver and return what that means. RouteError when it did not work."""
        ...
