"""The joining of what others know of alarms, another bridge or the journal, with what is known here.

An alarm is merged (`device_bridge.alarm.merging`); presses that a close does not cover are taken anew; an orphan is
folded into the alarm that it turns out to be (`device_bridge.alarm.folding`).
"""

import time
from dataclasses import replace

from device_bridge.alarm import folding, life, lineage, merging
from device_bridge.alarm.alarm import Alarm, Push, State
from device_bridge.alarm.escalation import Stage
from device_bridge.errors import UnknownAlarmError
from device_bridge.intake.presses import Intake
from device_bridge.spool import outbox, presses, yielding
from device_bridge.spool.connection import Spool
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements


class Joining:
    """Everything happens inside the transaction of the caller, who tells devices of the alarms in `told`."""

    def __init__(self, bridge: keys.BridgeIdentity, intake: Intake) -> None:
        self._bridge = bridge
        self._intake = intake

    def join(self, spool: Writing, theirs: Alarm, told: list[Alarm]) -> list[ids.AlarmId]:
        """Merge what another bridge knows of an alarm with what is known here."""
        try:
            mine: Alarm | None = spool.alarm(theirs.alarm)
        except UnknownAlarmError:
            mine = None
        merged = _counted_here(mine, theirs)
        if mine is None:
            merged = replace(merged, repeats=repeats(spool, merged))
        if merged == mine:
            return []
        spool.save_alarm(merged)
        self._settle_routes(spool, mine, merged)
        changed = [merged.alarm]
        if mine is not None and mine.is_open and not merged.is_open:
            changed += self._take_anew(spool, merged, merging.covered(merged))
        if merged.folded_into is not None:
            return changed + self._bring_along(spool, merged.alarm, told)
        if mine is None or _words(mine) != _words(merged):
            told.append(merged)
        return changed

    def _settle_routes(self, spool: Writing, mine: Alarm | None, merged: Alarm) -> None:
        """What another bridge sent is not sent from here; what it could not send is."""
        before = () if mine is None else mine.routes
        for report in merged.routes:
            if report in before:
                continue
            if report.withdrawn:
                yielding.withdrawn(spool, merged.alarm, report.route)
            if report.outcome == "delivered":
                yielding.delivered(spool, merged.alarm, report.route)
                outbox.drop_alternates(spool, merged.alarm, report.route)
            else:
                yielding.failed(spool, merged.alarm, report.route)
        if merged.accepted_by is not None:
            if merged.closed is not None and merged.closed.reason in life.NO_EMERGENCY:
                self._intake.withdraw(spool, merged, time.time_ns() // 1_000_000, first=False)
            (outbox.rest if merged.state == "accepted" else outbox.drop_later)(spool, merged.alarm)
            yielding.drop(spool, merged.alarm, later_only=merged.is_open)
            return
        outbox.wake(spool, merged.alarm)
        begun = 0 if mine is None else mine.stage
        for stage in (Stage.SECOND, Stage.LAST):
            if begun < stage <= merged.stage and outbox.release_stage(spool, merged.alarm, stage):
                yielding.give_way(spool, merged.alarm, time.time_ns() // 1_000_000 + yielding.HANDOVER_MS)

    def _take_anew(self, spool: Writing, closed: Alarm, covers: frozenset[str] | None) -> list[ids.AlarmId]:
        """Let presses that whoever closed the alarm cannot have seen raise the next one: a close swallows none."""
        if covers is None:
            return []
        changed: list[ids.AlarmId] = []
        moved = 0
        for row in presses.of_alarm(spool, closed.alarm):
            if lineage.cover(row.pressed.identity) in covers:
                continue
            step = self._intake.take_anew(spool, row)
            if step is None:
                continue
            moved += 1
            spool.count("relayed.anew")
            if step.belongs is not None:
                changed.append(step.belongs)
        if moved:
            fewer = replace(
                closed, repeats=max(0, closed.repeats - moved), revision=max(0, (closed.revision or 0) - moved)
            )
            spool.save_alarm(fewer)
        return changed

    def fold_orphans(self, spool: Writing, told: list[Alarm]) -> list[ids.AlarmId]:
        """Fold every orphan that is known to be another alarm, also a closed one; return the alarms that changed.

        Presses of an alarm that another bridge, or the journal, says to be folded follow it.
        """
        changed = self._all_along(spool, told)
        for orphan in spool.orphans():
            name = self._is(spool, orphan)
            if name is None or presses.is_any_taken(spool, orphan.alarm):
                continue
            try:
                target = spool.alarm(name)
            except UnknownAlarmError:
                continue  # it comes with the next news
            changed += [orphan.alarm, target.alarm, *self._fold(spool, orphan, target, told)]
        return changed

    def _is(self, spool: Writing, orphan: Alarm) -> ids.AlarmId | None:
        if not orphan.is_open:
            own = presses.of_alarm(spool, orphan.alarm)
            places = [presses.elsewhere(spool, row.pressed.identity) for row in own]
            return folding.closed_into(orphan, places, lambda name: _is_open(spool, name))
        sort = life.sort_of(orphan.kind)
        others = [
            one
            for one in spool.open_alarms(orphan.device)
            if one.alarm != orphan.alarm and life.sort_of(one.kind) == sort
        ]

        def covered_by(one: Alarm) -> ids.AlarmId | None:
            found = {presses.elsewhere(spool, row.pressed.identity) for row in presses.of_alarm(spool, one.alarm)}
            return found.pop() if len(found) == 1 else None

        return folding.into(orphan, others, covered_by)

    def follow(self, spool: Spool) -> tuple[list[Alarm], list[ids.AlarmId]]:
        """Let what waited until its press was evidence follow its alarm; return whose devices to tell, and changes."""
        reading, told, changed = spool.read(), list[Alarm](), list[ids.AlarmId]()
        names = presses.left_behind(reading)
        if any(_standing(reading, name) is not None and not presses.is_any_taken(reading, name) for name in names):
            with spool.write() as writing:
                changed = self._all_along(writing, told)
        return told, changed

    def _all_along(self, spool: Writing, told: list[Alarm]) -> list[ids.AlarmId]:
        changed: list[ids.AlarmId] = []
        for name in presses.left_behind(spool):
            changed += self._bring_along(spool, name, told)
        return changed

    def _bring_along(self, spool: Writing, name: ids.AlarmId, told: list[Alarm]) -> list[ids.AlarmId]:
        """Let the alarm that a folded one is have its presses, and what anybody did in it since; return what changed.

        Whoever folded it has said so to the journal.
        """
        target = _standing(spool, name)
        if target is None or presses.is_any_taken(spool, name):
            return []  # the one comes with the next news, the other is done in a moment
        folded = spool.alarm(name)
        changed = [] if target.is_open else self._take_anew(spool, folded, merging.covered(target))
        presses.fold(spool, name, target.alarm, sends=target.is_open)
        if target.is_open:
            changed += self._keep_together(spool, target, folding.joined(folded, target), told)
        return [*changed, target.alarm]

    def _keep_together(self, spool: Writing, target: Alarm, together: Alarm, told: list[Alarm]) -> list[ids.AlarmId]:
        """Store what two alarms are together; return alarms of presses of which whoever closed cannot have known."""
        count = repeats(spool, together)
        more = max(0, count - target.repeats)
        together = replace(together, repeats=count, revision=(together.revision or 0) + more or None)
        if together == target:
            return []
        closes = target.is_open and not together.is_open
        if closes:
            self._settle_routes(spool, target, together)
        spool.save_alarm(together)
        told.append(together)
        return self._take_anew(spool, together, merging.covered(together)) if closes else []

    def _fold(self, spool: Writing, orphan: Alarm, target: Alarm, told: list[Alarm]) -> list[ids.AlarmId]:
        """Fold, and return the alarms that presses raised of which whoever closed the orphan cannot have known."""
        rows = presses.of_alarm(spool, orphan.alarm)
        covers = tuple(sorted(lineage.cover(row.pressed.identity) for row in rows))
        ended, together = folding.folded(orphan, target, ids.now(), covers)
        presses.fold(spool, orphan.alarm, target.alarm, sends=target.is_open)
        spool.save_alarm(ended)
        changed = self._keep_together(spool, target, together, told) if target.is_open else []
        said = statements.sign(
            self._bridge, "alarm.fold", bodies.AlarmFold(orphan.alarm, target.alarm), case=orphan.case
        )
        spool.queue_statement(said.id, orphan.alarm, said.envelope.to_bytes())
        spool.count("alarms.folded")
        return changed


def _standing(reading: Reading, name: ids.AlarmId) -> Alarm | None:
    def known(one: ids.AlarmId) -> Alarm | None:
        try:
            return reading.alarm(one)
        except UnknownAlarmError:
            return None  # it comes with the next news

    return folding.standing(name, known)


def repeats(spool: Writing, alarm: Alarm) -> int:
    """Count the presses of an alarm that are here: another bridge's count may hold some that an orphan brings too."""
    rows = (row.pressed for row in presses.of_alarm(spool, alarm.alarm))
    own = [Push(one.boot, one.counter) for one in rows if one.kind not in ("cancel", "check-in")]
    return life.repeats(alarm, own) if own else alarm.repeats


def _is_open(spool: Writing, name: ids.AlarmId) -> bool:
    try:
        return spool.alarm(name).is_open
    except UnknownAlarmError:
        return False  # it comes with the next news


def _counted_here(mine: Alarm | None, theirs: Alarm) -> Alarm:
    """Merge. What another bridge's clock began (an acceptance, a round) is counted by ours, from when it was heard.

    A bridge whose clock is years off would otherwise take each alarm from whoever accepted it at once, or never begin
    another round.
    """
    if mine is None:
        merged, fresh = replace(theirs, counting_ms=None), True
    else:
        merged = merging.merge(mine, theirs)
        fresh = merging.waits_for(merged) != merging.waits_for(mine)
    if fresh and (merged.accepted_by is not None or merged.stage == Stage.LAST):
        return replace(merged, counting_ms=time.time_ns() // 1_000_000)
    return merged


def _words(alarm: Alarm) -> tuple[State, bool]:
    """What a change of means that its device is told something."""
    state: State = alarm.state if alarm.accepted_by is not None or not alarm.is_open else "raised"
    return state, alarm.stage == Stage.LAST and alarm.accepted_by is None
