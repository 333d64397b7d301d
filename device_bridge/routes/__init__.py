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


class Route(Protocol):
    """One way to a dispatcher; `send` is called from several threads at once."""

    @property
    def name(self) -> str:
        """Short name in histories and statements, such as `console-feed` or `dc09-1`."""
        ...

    def takes(self, kind: str) -> bool:
        """Whether alarms of this kind go this way."""
        ...

    @property
    def hears_withdrawal(self) -> bool:
        """Whether it is told when an alarm that it was given is closed as no emergency."""
        ...

    def send(self, what: Dispatch) -> Handed:
        """Deliver and return what that means. RouteError when it did not work."""
        ...

    def start(self) -> None:
        """Begin supervision of the way itself, if there is any."""
        ...

    def stop(self) -> None:
        """End it."""
        ...

    def trouble(self) -> str | None:
        """Why the way is not usable now, None if nothing is known against it."""
        ...
