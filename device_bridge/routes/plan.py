"""The plan of turns: all primary routes at once, then alternates, second centres, the person on call."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from device_bridge.alarm.escalation import Stage, Turn, due_ms
from device_bridge.alarm.life import is_urgent
from device_bridge.errors import SettingsError
from device_bridge.routes import Route
from evidence.statements.bodies import AlarmKind


@dataclass(frozen=True)
class Plan:
    """Every route of a bridge by its turn; `alternates` maps a primary route's name to its alternate receiver."""

    first: tuple[Route, ...]
    alternates: Mapping[str, Route] = field(default_factory=dict)
    second: tuple[Route, ...] = ()
    last: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two routes of one name: neither history nor outbox could tell them apart."""
        names = [route.name for route in self.routes]
        if len(names) != len(set(names)):
            raise SettingsError(f"two routes have the same name: {', '.join(sorted(names))}")

    @property
    def routes(self) -> tuple[Route, ...]:
        """All of them."""
        return (*self.first, *self.alternates.values(), *self.second, *self.last)

    def at_once(self, kind: AlarmKind) -> list[str]:
        """Return the routes that an alarm of this kind is sent on as soon as it is stored."""
        return [route.name for route in self.first if route.takes(kind)]

    def hearing_withdrawal(self, kind: AlarmKind) -> list[str]:
        """Return the routes that are told when an alarm of this kind, which they were given, is withdrawn."""
        return [route.name for route in self.routes if route.hears_withdrawal and route.takes(kind)]

    def later(self, kind: AlarmKind, raised_ms: int, pressed_ms: int) -> list[Turn]:
        """Return what waits: alternates from `pressed_ms` (sent then), the other stages from when it was raised."""
        turns = [
            Turn(route.name, Stage.ALTERNATE, due_ms(pressed_ms, Stage.ALTERNATE), primary)
            for primary, route in self.alternates.items()
            if route.takes(kind)
        ]
        if not is_urgent(kind):
            return turns
        for stage, routes in ((Stage.SECOND, self.second), (Stage.LAST, self.last)):
            turns += [Turn(route.name, stage, due_ms(raised_ms, stage)) for route in routes if route.takes(kind)]
        return turns
