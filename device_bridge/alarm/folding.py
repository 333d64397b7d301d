"""The folding of orphans: which of several alarms of one device and sort are one, and what they are together. Pure.

Rules (`device_bridge.alarm.lineage` says what an orphan is):

1. Beside an open alarm that follows another, an open orphan of the same device and sort is that alarm.
2. Of several open orphans the one with the smallest id stays.
3. An open orphan all of whose presses the closing of one alarm covers is that alarm: somebody repeated a recording.
4. What humans did in the orphan, how far it was escalated and what routes said goes along. What is closed stays closed.
   Whatever is heard of the orphan later does too.
5. A closed orphan is the open alarm that one of its presses is in, or the closed one that all of them are in. Its close
   covers its own presses: what else was in the open alarm raises the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from device_bridge.alarm import merging
from device_bridge.alarm.alarm import Alarm, Entry
from device_bridge.alarm.life import noted, seen
from evidence import ids

_ENDED: Final = "folded into another alarm"


def into(
    orphan: Alarm, others: Sequence[Alarm], covered_by: Callable[[Alarm], ids.AlarmId | None]
) -> ids.AlarmId | None:
    """Return the alarm that an open orphan is, None when it is one of its own.

    `others` are the other open alarms of its device and sort; `covered_by` gives the alarm whose closing covers every
    press of one.
    """
    followed = sorted(one.alarm for one in others if not one.orphan)
    if followed:  # 1
        return followed[0]
    smallest = min((one.alarm for one in others), default=orphan.alarm)
    if smallest < orphan.alarm:  # 2
        return smallest
    return covered_by(orphan)  # 3


def closed_into(
    orphan: Alarm, places: Sequence[ids.AlarmId | None], is_open: Callable[[ids.AlarmId], bool]
) -> ids.AlarmId | None:
    """Return the alarm that a closed orphan is, None when it is one of its own.

    `places` are the alarms in which others have its presses.
    """
    others = {place for place in places if place is not None} - {orphan.alarm}
    if len(others) != 1:
        return None
    (name,) = others
    whole = all(place == name for place in places)
    return name if whole or is_open(name) else None  # 5


def folded(orphan: Alarm, target: Alarm, at: ids.Time, covers: tuple[str, ...] = ()) -> tuple[Alarm, Alarm]:
    """Return the orphan, ended, and the alarm that it is.

    `covers`: the orphan's presses, which its close covers when a bridge that was alone noted none.
    """
    ended = noted(replace(seen(orphan), folded_into=target.alarm), Entry(at, _ENDED, "bridge"))
    if not target.is_open:
        return ended, target
    acts = tuple(
        replace(done, covers=covers) if done.what == "close" and done.covers is None else done for done in orphan.acts
    )
    together = joined(replace(orphan, acts=acts), target)
    return ended, noted(together, Entry(at, "an alarm was folded into it", "bridge", f"folded {orphan.alarm}"))


def standing(name: ids.AlarmId, known: Callable[[ids.AlarmId], Alarm | None]) -> Alarm | None:
    """Return the alarm that a folded one is by now, by `known`; None while that is not known here."""
    passed, alarm = {name}, known(name)
    while alarm is not None and alarm.folded_into is not None:
        if alarm.folded_into in passed:
            return None
        passed.add(alarm.folded_into)
        alarm = known(alarm.folded_into)
    return alarm


def joined(orphan: Alarm, target: Alarm) -> Alarm:
    """Return the alarm that an orphan is, open, with all that is known of the orphan; presses are counted elsewhere."""
    history = tuple(entry for entry in orphan.history if entry.what != _ENDED)
    same = replace(
        orphan,
        alarm=target.alarm,
        orphan=target.orphan,
        generation=target.generation,
        folded_into=None,
        history=history,
    )
    return merging.merge(target, same)  # 4
