"""The place of a press: the alarm in which it counts, which may be another than the one that it was sealed in.

A press that several alarms have counts in the one raised last, and never in one that another of them says it was moved
from; an alarm that a bridge without memory named by itself is the one that it was folded into
(docs/formats/statement.md).
"""

from collections.abc import Callable, Iterable

from evidence import ids
from evidence.envelope.parts import Alarm
from evidence.statements import bodies
from evidence.statements import event as events

_Pressed = bodies.AlarmRaise | bodies.AlarmRepeat
Place = Callable[[Alarm], ids.AlarmId]


def places_of(told: Iterable[events.Event]) -> Place:
    """Return what says where a press, or a position, counts; `told` are events in the order of the journal."""
    said = [one.statement.body for one in told]
    folded = {body.alarm: body.into for body in said if isinstance(body, bodies.AlarmFold)}
    pressed = [body for body in said if isinstance(body, _Pressed)]
    raised = {body.alarm: n for n, body in enumerate(pressed) if isinstance(body, bodies.AlarmRaise)}
    left = {(body.identity, _is_now(body.moved_from, folded)) for body in pressed if body.moved_from is not None}
    places: dict[ids.Sha256, ids.AlarmId] = {}
    named: dict[tuple[ids.AlarmId, bodies.Press], ids.Sha256] = {}
    for body in pressed:
        name = _is_now(body.alarm, folded)
        named[body.alarm, body.press] = body.identity
        if body.moved_from is not None:
            named.setdefault((body.moved_from, body.press), body.identity)
        known = places.get(body.identity)
        if (body.identity, name) not in left and (known is None or raised.get(name, -1) > raised.get(known, -1)):
            places[body.identity] = name

    def place(sealed: Alarm) -> ids.AlarmId:
        identity = named.get((sealed.alarm, bodies.Press(sealed.boot, sealed.counter)))
        known = None if identity is None else places.get(identity)
        return known or _is_now(sealed.alarm, folded)

    return place


def _is_now(name: ids.AlarmId, folded: dict[ids.AlarmId, ids.AlarmId]) -> ids.AlarmId:
    passed = {name}
    while (into := folded.get(name)) is not None and into not in passed:
        passed.add(into)
        name = into
    return name
