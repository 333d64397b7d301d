"""The recall of alarms from the journal, by a bridge whose spool lacks them: what happened goes on having happened.

A spool that is new, or was put back, cannot name the next alarm of a device (`device_bridge.alarm.lineage`), and does
not know a recorded press. Other bridges tell it; when there is none, the journal does, case by case. A bridge that is
alone asks so too about each device that was pressed since its start: nobody else would say that its spool is old.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from device_bridge.alarm import life, lineage, merging
from device_bridge.alarm.alarm import Alarm, Closing, Done, Entry, Person, Push, State
from device_bridge.alarm.escalation import unix_ms
from device_bridge.alarm.press import Pressed, Said
from device_bridge.errors import ActError, UnknownAlarmError
from device_bridge.journal.stores import Stores
from device_bridge.peers.joining import Joining, repeats
from device_bridge.registry import Device, Registry
from device_bridge.spool import presses
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.spool.writing import Writing
from evidence import ids
from evidence.errors import EvidenceError
from evidence.statements import bodies
from evidence.statements import event as events
from evidence.statements.statement import Statement
from evidence.store.ports import Journal

WAIT_S: Final = 0.2
"""How long a start waits for the journal when its spool may lack alarms; then presses are taken all the same."""

READ_BATCH: Final = 500

log = structlog.get_logger()

Naming = Callable[[ids.KeyId], Person]


@dataclass
class Story:
    """One alarm as the journal tells it."""

    raised: bodies.AlarmRaise
    presses: list[Pressed]
    acts: list[Done] = field(default_factory=list)
    closed: Closing | None = None
    folded_into: ids.AlarmId | None = None


class Recall:
    """Its `turn` is called by the forwarder, whose journal it asks. `known` is set once that answered."""

    def __init__(
        self, spool: Spool, registry: Registry, joining: Joining, board: Board, tell: Callable[[Alarm], None]
    ) -> None:
        self.known = threading.Event()
        self._spool = spool
        self._registry = registry
        self._joining = joining
        self._board = board
        self._tell = tell
        self._asked: set[ids.DeviceId] = set()

    def turn(self, stores: Stores) -> None:
        """Ask the journal about every device of which something may be missing here."""
        reading = self._spool.read()
        blind = reading.blind()
        devices = self._registry.devices() if blind else self._pressed_alone()
        for device in devices:
            if device.device not in self._asked:
                self._recall(device, stories(stores.journal, device, self._person))
                self._asked.add(device.device)
        if blind:
            with self._spool.write() as spool:
                spool.know()
        self.known.set()

    def follow(self) -> None:
        """Move presses of alarms that were folded elsewhere, once they were made evidence here."""
        told, changed = self._joining.follow(self._spool)
        for alarm in told:
            self._tell(alarm)
        self._board.announce(changed)

    def _pressed_alone(self) -> list[Device]:
        """Return devices with an open alarm, if there is no other bridge that would know of older ones."""
        if self._spool.shared:
            return []
        pressed = {one.device for one in self._spool.read().all_open_alarms()} - self._asked
        return [one for one in self._registry.devices() if one.device in pressed] if pressed else []

    def _recall(self, device: Device, told_by_journal: Iterable[Story]) -> None:
        told: list[Alarm] = []
        changed: list[ids.AlarmId] = []
        with self._spool.write() as spool:
            numbers = Counter[str]()
            for story in told_by_journal:
                sort = life.sort_of(story.raised.kind)
                numbers[sort] += 1
                changed += self._take(spool, alarm_of(story, device, numbers[sort]), story, told)
            changed += self._joining.fold_orphans(spool, told)
        for alarm in told:
            self._tell(alarm)
        self._board.announce(changed)

    def _take(self, spool: Writing, theirs: Alarm, story: Story, told: list[Alarm]) -> list[ids.AlarmId]:
        missed = []
        for press in story.presses:
            seen = presses.seen(spool, press.identity)
            if seen is None:
                presses.remember(spool, press, theirs.alarm)
                missed.append(press)
            elif seen.alarm not in (None, theirs.alarm):
                presses.note_elsewhere(spool, press.identity, theirs.alarm)
        try:
            mine: Alarm | None = spool.alarm(theirs.alarm)
        except UnknownAlarmError:
            mine = None
        if mine is not None and (theirs.is_open or not mine.is_open):
            return _joined(spool, mine, missed) if mine.is_open else []
        log.warning("alarm-recalled", closed=not theirs.is_open)
        return self._joining.join(spool, theirs, told)

    def _person(self, kid: ids.KeyId) -> Person:
        try:
            return self._registry.dispatcher(kid)[0]
        except ActError:
            return Person(kid, kid)  # left the service since


def _joined(spool: Writing, mine: Alarm, missed: Iterable[Pressed]) -> list[ids.AlarmId]:
    """Let presses that only the journal had join the alarm that is open here: nobody else will bring them now.

    Another bridge may have told of the alarm with them in it.
    """
    told, joined = {line.id for line in mine.history}, mine
    for press in missed:
        if press.kind != "cancel" and life.entry_of(Push(press.boot, press.counter)) not in told:
            joined = life.repeat(joined, press, press.flags)
    joined = replace(joined, repeats=repeats(spool, joined))
    if joined == mine:
        return []
    spool.save_alarm(joined)
    return [mine.alarm]


def stories(journal: Journal, device: Device, person: Naming) -> list[Story]:
    """Return every alarm of a device that the journal knows, in order. What cannot be read is left out."""
    found: dict[ids.AlarmId, Story] = {}
    after = -1
    while recorded := journal.read(after=after, limit=READ_BATCH, case=device.case):
        after = recorded[-1].index
        for one in recorded:
            try:
                statement = events.parse(one.event).statement
            except EvidenceError:
                continue
            _tell(found, statement, device, person)
    return list(found.values())


def _tell(found: dict[ids.AlarmId, Story], statement: Statement, device: Device, person: Naming) -> None:
    body = statement.body
    if isinstance(body, bodies.AlarmRaise) and body.device == device.device:
        found.setdefault(body.alarm, Story(body, [_pressed(body, device.device, body.broker)]))
        return
    story = found.get(body.named("alarm"))
    if story is None:
        return
    match body:
        case bodies.AlarmRepeat():
            story.presses.append(_pressed(body, device.device, story.raised.broker))
        case bodies.AlarmFold():
            story.folded_into = body.into
        case bodies.AlarmAct() | bodies.AlarmClose():
            _act(story, statement, person(statement.by), body.reason if isinstance(body, bodies.AlarmClose) else None)


def _act(story: Story, statement: Statement, by: Person, reason: bodies.CloseReason | None) -> None:
    covers = None if reason is None else tuple(sorted(lineage.cover(one.identity) for one in story.presses))
    what, at = life.ACTS[statement.type], statement.at
    story.acts.append(Done(statement.id, what, by, at, unix_ms(at), reason, covers))
    if reason is not None and story.closed is None:
        story.closed = Closing(reason, by, at)


def _pressed(body: bodies.AlarmRaise | bodies.AlarmRepeat, device: ids.DeviceId, broker: str) -> Pressed:
    flags = body.flags or ()
    kind: Said = "press"
    if isinstance(body, bodies.AlarmRaise):
        kind = "check-in" if body.kind == "overdue" else body.kind
    elif any(flag in flags for flag, _ in life.CANCEL_FLAGS.values()):
        kind = "cancel"
    return Pressed(
        identity=body.identity,
        cose_sha256=body.cose_sha256,
        device=device,
        boot=body.press.boot,
        counter=body.press.counter,
        kind=kind,
        flags=flags,
        received_ms=unix_ms(body.received_at),
        received_at=body.received_at,
        broker=broker,
    )


def alarm_of(story: Story, device: Device, number: int) -> Alarm:
    """Return the alarm of a story, the `number`th of its device and sort."""
    raised, flags = story.raised, sorted({flag for press in story.presses for flag in press.flags})
    alarm = life.raise_alarm(
        raised.alarm,
        story.presses[0],
        case=device.case,
        kind="duress" if "duress" in flags else raised.kind,
        flags=tuple(flags),
        card=device.card,
        generation=number,
    )
    accepted = merging.holder(story.acts)
    lines = tuple(Entry(done.at, life.said_of(done.what), done.by.label, done.statement) for done in story.acts)
    led = [life.LEADS_TO[done.what] for done in story.acts if done.what in life.LEADS_TO]
    state: State = led[-1] if accepted and led else "raised"
    return replace(
        alarm,
        repeats=sum(press.kind != "cancel" for press in story.presses[1:]),
        acts=tuple(story.acts),
        accepted_by=accepted,
        closed=story.closed,
        state="closed" if story.closed else state,
        folded_into=story.folded_into,
        history=(*alarm.history, *lines),
    )
