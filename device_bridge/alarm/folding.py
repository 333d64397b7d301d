"""The folding of orphans: which of several alarms of one device and sort are one, and what they are together. Pure.

Rules (`device_bridge.alarm.lineage` says what an orphan is):

1. Beside an open alarm that follows another, an open orphan of the same device and sort is that alarm.
2. Of several open orphans the one with the smallest id stays.
3. An open orphan all of whose presses the closing of one alarm covers is that alarm: somebody repeated a recording.
4. What humans did in the orphan, how far it was escalated and what routes said goes along. What is closed stays closed.
5. A closed orphan is the open alarm that one of its presses is in, or the closed one that all of them are in. Its close
   covers its own presses: what else was in the open alarm raises the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from device_bridge.alarm import merging
from device_bridge.alarm.alarm import Alarm, Entry
from device_bridge.alarm.life import noted, seen
from evidence import ids


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


def folded(orphan: Alarm, target: Alarm, more: int, at: ids.Time, covers: tuple[str, ...] = ()) -> tuple[Alarm, Alarm]:
    """Return the orphan, ended, and the alarm that it is, with `more` presses than this bridge counted in it.

    `covers`: the orphan's presses, which its close covers when a bridge that was alone noted none.
    """
    ended = noted(replace(seen(orphan), folded_into=target.alarm), Entry(at, "folded into another alarm", "bridge"))
    if not target.is_open:
        return ended, target
    acts = tuple(
        replace(done, covers=covers) if done.what == "close" and done.covers is None else done for done in orphan.acts
    )
    same = replace(orphan, alarm=target.alarm, orphan=None, generation=target.generation, acts=acts)
    together = merging.merge(target, same)  # 4
    together = replace(together, repeats=target.repeats + more, revision=(together.revision or 0) + more)
    return ended, noted(together, Entry(at, "an alarm was folded into it", "bridge", f"folded {orphan.alarm}"))
