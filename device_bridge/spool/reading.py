"""Questions to a spool: what is committed, on a connection of the calling thread."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.sealing import StoredItem
from device_bridge.errors import SpoolError, UnknownAlarmError, UnreadableAlarmError
from device_bridge.wire.message import PressId
from evidence import ids
from evidence.errors import EvidenceError


@dataclass(frozen=True)
class WaitingStatement:
    """A signed statement on its way to the journal, and the item whose container goes before it."""

    n: int
    statement: ids.Sha256
    item: ids.ItemId | None
    dsse: bytes


class Reading:
    """Questions to the spool."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.sql = connection

    def newest_press(self, device: ids.DeviceId) -> PressId | None:
        """Return the highest press id that this device ever sent."""
        row = self.sql.execute("SELECT boot, counter FROM newest_press WHERE device = ?", (device,)).fetchone()
        return None if row is None else PressId(*row)

    def alarm(self, alarm: ids.AlarmId) -> Alarm:
        """Return an alarm; UnknownAlarmError if there is none of that id, or (UnreadableAlarmError) none to be read."""
        row = self.sql.execute("SELECT document FROM alarm WHERE alarm = ?", (alarm,)).fetchone()
        if row is None:
            raise UnknownAlarmError("there is no such alarm")
        return _alarm(row[0])

    def open_alarms(self, device: ids.DeviceId) -> list[Alarm]:
        """Return every open alarm of a device, the oldest first."""
        rows = self.sql.execute("SELECT document FROM alarm WHERE device = ? AND is_open ORDER BY n", (device,))
        return _readable(rows)

    def orphans(self) -> list[Alarm]:
        """Return alarms that were named without knowing what came before, and were not folded (`alarm.lineage`)."""
        return _readable(self.sql.execute("SELECT document FROM alarm WHERE orphan ORDER BY n").fetchall())

    def all_open_alarms(self) -> list[Alarm]:
        """Return every open alarm of every device, the oldest first."""
        return _readable(self.sql.execute("SELECT document FROM alarm WHERE is_open ORDER BY n"))

    def alarms_due(self, now_ms: int, limit: int) -> list[ids.AlarmId]:
        """Return alarms for which something happens now because no human did anything, the longest due first."""
        query = "SELECT alarm FROM deadline WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
        return [ids.AlarmId(row[0]) for row in self.sql.execute(query, (now_ms, limit))]

    def next_deadline_ms(self) -> int | None:
        """Return the moment of whatever happens next because no human did anything (Unix milliseconds), if any."""
        return self._first_ms(
            "SELECT min(due_ms) FROM (SELECT min(due_ms) AS due_ms FROM deadline"
            " UNION ALL SELECT min(due_ms) FROM held WHERE state = 'held' AND stage = 0"
            " UNION ALL SELECT min(due_ms) FROM outbox WHERE state = 'yielded')"
        )

    def next_delivery_ms(self, route: str) -> int | None:
        """Return the moment at which something is to be sent on a route, or sent again (Unix milliseconds), if any."""
        return self._first_ms("SELECT min(due_ms) FROM outbox WHERE state = 'waiting' AND route = ?", route)

    def _first_ms(self, query: str, *about: str) -> int | None:
        found = self.sql.execute(query, about).fetchone()[0]
        return None if found is None else int(found)

    def newest_alarms(self, closed_limit: int) -> list[Alarm]:
        """Return all open alarms and the newest `closed_limit` closed ones, newest first; none that was folded."""
        rows = self.sql.execute(
            "SELECT document FROM alarm WHERE is_open OR n IN"
            " (SELECT n FROM alarm WHERE NOT is_open ORDER BY n DESC LIMIT ?) ORDER BY n DESC",
            (closed_limit,),
        )
        return [one for one in _readable(rows) if one.folded_into is None]

    def alarms_of(self, device: ids.DeviceId, limit: int) -> list[Alarm]:
        """Return the newest alarms of a device, open or not, the newest first."""
        rows = self.sql.execute("SELECT document FROM alarm WHERE device = ? ORDER BY n DESC LIMIT ?", (device, limit))
        return _readable(rows)

    def newest_item(self, alarm: ids.AlarmId) -> StoredItem | None:
        """Return the sealed item of what came last of an alarm: the freshest position is in there. None once let go.

        A press keeps the place of its statement when it comes, so that one sealed after a position does not hide it.
        """
        row = self.sql.execute(
            "SELECT item, sha256, container, boot, counter FROM item WHERE n = ("
            "SELECT item.n FROM item LEFT JOIN statement ON statement.item = item.item"
            " WHERE item.alarm = ? AND NOT item.dropped ORDER BY statement.n DESC LIMIT 1)",
            (alarm,),
        ).fetchone()
        return None if row is None else StoredItem(row[0], row[1], row[2], PressId(row[3], row[4]))

    def container(self, item: ids.ItemId) -> bytes:
        """Return the sealed container of an item that this spool stored."""
        row = self.sql.execute("SELECT container FROM item WHERE item = ?", (item,)).fetchone()
        if row is None:
            raise SpoolError("the spool has lost a container")
        return bytes(row[0])

    def waiting_statements(self, limit: int) -> list[WaitingStatement]:
        """Return statements that the journal does not have yet, in the order of what they are about.

        What is said of an alarm waits for what is still to be said of a press in it.
        """
        rows = self.sql.execute(
            "SELECT n, id, item, dsse FROM statement WHERE state = 'waiting' AND NOT EXISTS"
            " (SELECT 1 FROM statement AS making WHERE making.alarm = statement.alarm AND making.state = 'making')"
            " ORDER BY n LIMIT ?",
            (limit,),
        )
        return [WaitingStatement(*row) for row in rows]

    def test_window_open(self, device: ids.DeviceId, at_ms: int) -> bool:
        """Whether a test of this device was announced and is still awaited."""
        row = self.sql.execute("SELECT until_ms FROM test_window WHERE device = ?", (device,)).fetchone()
        return row is not None and at_ms < int(row[0])

    def counters(self) -> dict[str, int]:
        """Return everything that is counted, by name."""
        return dict(self.sql.execute("SELECT name, n FROM counter"))

    def blind(self) -> bool:
        """Whether alarms may have been here that are not, and nobody could be asked yet."""
        return self.sql.execute("SELECT 1 FROM blind LIMIT 1").fetchone() is not None

    def authentic_quarantined(self) -> int:
        """Return how many messages lie in quarantine although their device signed them."""
        return int(self.sql.execute("SELECT count(*) FROM quarantine WHERE authentic").fetchone()[0])

    def early_statements(self) -> bool:
        """Whether a statement came to the journal before what it is about."""
        return self.sql.execute("SELECT 1 FROM statement WHERE state = 'early' LIMIT 1").fetchone() is not None

    def waiting_statements_count(self) -> int:
        """Return how many statements the journal does not have yet."""
        query = (  # each of these has an index of its own
            "SELECT (SELECT count(*) FROM statement WHERE state = 'waiting')"
            " + (SELECT count(*) FROM statement WHERE state = 'early')"
            " + (SELECT count(*) FROM statement WHERE state = 'making')"
        )
        return int(self.sql.execute(query).fetchone()[0])

    def waiting_since_ms(self) -> int | None:
        """Return when the oldest statement was queued that is made and not in the journal (Unix milliseconds)."""
        first = "SELECT queued_ms FROM statement WHERE state = '{}' ORDER BY n LIMIT 1"
        found = (self.sql.execute(first.format(state)).fetchone() for state in ("waiting", "early"))
        return min((int(row[0]) for row in found if row is not None), default=None)

    def waiting_deliveries_count(self) -> int:
        """Return how many deliveries on routes have no final outcome yet."""
        return int(self.sql.execute("SELECT count(*) FROM outbox WHERE state = 'waiting'").fetchone()[0])


def _alarm(document: bytes) -> Alarm:
    try:
        return Alarm.from_json(json.loads(document))
    except (EvidenceError, ValueError) as error:
        raise UnreadableAlarmError("this alarm cannot be read") from error


def _readable(rows: Iterable[tuple[bytes]]) -> list[Alarm]:
    """Return the alarms that can be read: one that cannot must hide no other."""
    found = []
    for row in rows:
        with suppress(UnreadableAlarmError):
            found.append(_alarm(row[0]))
    return found
