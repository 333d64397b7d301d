"""Takes a press and a repeat, is killed at every statement that the spool's SQLite executes, and does it again.

Called by `test_press_killed.py` with a folder. Forks once for each statement: the child counts them by SQLite's own
trace, so that the code under test knows nothing of it, and kills itself with SIGKILL at the chosen one. Then the device
sends the same bytes again, and everything must be there once. Prints how often it was killed.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from device_bridge.alarm import lineage
from device_bridge.intake.completion import Completion
from device_bridge.intake.presses import Intake
from device_bridge.intake.taking import Taking
from device_bridge.lane.arrivals import Arrival, Taken, received_now
from device_bridge.lane.loop import PressLane
from device_bridge.lane.verifier import Verifier
from device_bridge.registry import Registry
from device_bridge.routes.console import ConsoleRoute
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.plan import Plan
from device_bridge.spool import presses, replication
from device_bridge.spool.connection import Spool
from device_bridge.spool.inbox import Inbox
from device_bridge.spool.notifier import Board
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import ids, keys
from evidence.statements import statement as statements
from tests.support.bridge_world import AlarmOrganisation

STRANGE = ("up/00/nobody/a", b"no press")
HERE = Location(51.9244, 4.4777, 12, 3, "gps")


class Bridge:
    """What a press passes, on the spool in `folder`, with everybody's keys."""

    def __init__(self, folder: Path, registry: Registry, identity: keys.BridgeIdentity) -> None:
        self.identity = identity
        self.spool = Spool(folder / "spool.db", shared=True)
        replication.begin(self.spool)
        self.intake = Intake(self.spool, registry, identity, Plan(first=(ConsoleRoute(lambda: 0),)))
        self.completion = Completion(self.spool, registry, identity, Board())
        self.inbox = Inbox(folder / "lane.db")
        self.lane = PressLane(self.inbox.add, Verifier(registry, identity))
        self.taking = Taking(folder / "lane.db", self.intake, Board())

    def die_at(self, step: int) -> None:
        """Be killed at statement number `step` of the connections that write, the lane's and the spool's."""
        seen = [0]

        def count(_sql: str) -> None:
            seen[0] += 1
            if seen[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)

        for connection in (self.inbox._sql, self.spool._connection):
            connection.set_trace_callback(count)

    def run(self, arrivals: Sequence[Arrival], told: Path) -> None:
        """Take presses one by one, note each that its device is told of, and do what is left to do."""
        for number, arrival in enumerate(arrivals):

            def tell(taken: Taken, number: int = number) -> None:
                if taken.problem is None:
                    assert taken.answer is not None
                    (told / str(number)).touch()

            assert self.lane.submit(arrival, tell)
            while self.lane.due_s is not None:
                assert self.lane.work()
            self.taking.take()
            self.inbox.forget(self.taking.place()[1])
        while self.completion.complete():
            pass

    def forward(self) -> list[str]:
        """Say that the journal took everything; return what it was given, in order."""
        said = []
        while waiting := self.spool.read().waiting_statements(100):
            with self.spool.write() as spool:
                for one in waiting:
                    spool.mark_statement(one.n, "sent", "")
                    if one.item is not None:
                        presses.let_go(spool, one.item)
            said += [statements.parse(one.dsse).type for one in waiting]
        return said


def check(bridge: Bridge, folder: Path, pressed: Sequence[bytes]) -> None:
    """After the kill and the repeat, everything is there once."""
    reading = bridge.spool.read()
    (alarm,) = reading.all_open_alarms()
    rows = presses.of_alarm(reading, alarm.alarm)
    assert alarm.repeats == 1
    assert len(rows) == len(pressed)
    assert not presses.taken(reading, 0, 9)
    raw = [bridge.identity.open_box(row.raw) for row in rows if row.raw is not None]
    assert raw == list(pressed), "the message is kept until the journal has its item"
    items = [lineage.item_id(bridge.identity, row.pressed.identity) for row in rows]
    assert [row.item for row in rows] == items
    assert all(reading.container(item) for item in items)
    (sealed,) = reading.sql.execute("SELECT sealed FROM outbox").fetchall()
    assert Dispatch.open(sealed[0], bridge.identity).location == HERE
    assert bridge.forward() == ["item.seal", "alarm.raise", "item.seal", "alarm.repeat"]
    assert [row.raw for row in presses.of_alarm(reading, alarm.alarm)] == [None, None], "and not longer"
    assert reading.waiting_statements_count() == 0
    assert reading.counters()["taken.press"] == len(pressed)
    assert reading.counters()["quarantined"] == 1, "a stranger's bytes lie there once, however often they came"
    assert [row[0] for row in reading.sql.execute("SELECT topic FROM quarantine")] == [STRANGE[0]]
    stored = b"".join(path.read_bytes() for path in folder.glob("spool.db"))
    assert not [one for one in pressed if one in stored]


def main(folder: Path) -> None:
    """Kill at every step, until a run comes to its end."""
    made = AlarmOrganisation.found(folder)
    device, who = ids.DeviceId(ids.new_id()), keys.Identity.generate()
    registry = Registry(folder / "registry.jsonl", made.root.sign_public)
    founding = [*made.founding(), made.enrol(device, who.sign_public)]
    registry.add(len(founding), [one.envelope for one in founding])
    topic = str(UpTopic(device, Lane.ALARM))
    said = [DeviceMessage(device, PressId(1, n), 0, None, 0, Kind.PRESS, 50, "t", HERE) for n in (1, 2)]
    pressed = [message.seal(one, who, topic) for one in said]

    def arrivals(broker: str) -> list[Arrival]:
        came = [(topic, pressed[0]), STRANGE, (topic, pressed[1])]
        return [Arrival(*one, received_now(broker)) for one in came]

    step = 0
    while True:
        step += 1
        own = folder / str(step)
        own.mkdir()
        child = os.fork()
        if child == 0:
            bridge = Bridge(own, registry, made.bridge)
            bridge.die_at(step)
            bridge.run(arrivals("a"), own)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, "the child failed by itself"
        bridge = Bridge(own, registry, made.bridge)
        told = sum(path.name.isdigit() for path in own.iterdir())
        bridge.taking.take()
        rows = bridge.spool.read().sql.execute("SELECT count(*) FROM press").fetchone()[0]
        assert rows >= told, "what the device was told is stored"
        bridge.run(arrivals("b"), own)
        check(bridge, own, pressed)
        bridge.taking.stop()
        bridge.inbox.close()
        bridge.spool.close()
        if status == 0:
            break
    sys.stdout.write(f"{step - 1}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
