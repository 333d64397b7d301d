"""Items and wraps as a bundle's events tell of them: sealed or only begun, and the wrap that a reader was given.

The events are not verified here: what opens under a key was sealed under it, and `evidence.bundle.checking.verify`
says whose hand was in it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence import ids, keys
from evidence.bundle.format import bag, layout
from evidence.statements import bodies
from evidence.statements import event as events


@dataclass(frozen=True)
class Given:
    """An item of a bundle: the event that sealed it, or else the one that announced it."""

    event: events.Event
    body: bodies.ItemSeal | bodies.ItemOpen
    wrap: bodies.GrantedItem | None
    """From a grant to this reader; None when there is only the head's."""


def items_of(told: Iterable[events.Event], reader: ids.KeyId) -> list[Given]:
    """Return the items in the order of their events; `told` are the events of a bundle."""
    found: dict[ids.ItemId, tuple[events.Event, bodies.ItemSeal | bodies.ItemOpen]] = {}
    granted: dict[ids.ItemId, bodies.GrantedItem] = {}
    for event in told:
        body = event.statement.body
        match body:
            case bodies.ItemSeal() | bodies.ItemOpen():
                found.pop(body.item, None)
                found[body.item] = (event, body)
            case bodies.Grant() if body.reader == reader:
                for one in body.items:
                    granted[one.item] = one
            case _:
                pass
    return [Given(*one, granted.get(item)) for item, one in found.items()]


def signers_of(told: Iterable[events.Event]) -> dict[ids.KeyId, str]:
    """Return whose each signing key is, as certificates and enrolments among the events of a bundle say."""
    owners: dict[ids.KeyId, str] = {}
    for event in told:
        body = event.statement.body
        if isinstance(body, bodies.KeyPublish):
            owners[keys.signing_kid(bytes.fromhex(body.sign))] = f"{body.label} ({body.role})"
        elif isinstance(body, bodies.DeviceEnrol):
            owners[keys.signing_kid(bytes.fromhex(body.sign))] = f"telefoon/phone {body.device[:8]}"
    return owners


def events_of(source: bag.Bag) -> Iterator[events.Event]:
    """Yield the bundle's events in the order of the journal."""
    for name in sorted(name for name in source.names() if name.startswith(layout.EVENTS)):
        yield events.parse(bag.read_small(source, name))
