"""The replication log between bridges: presses as they came, acts as they were signed, alarms as they are now.

News is written in the transaction of the thing itself and numbered, so that whoever asks "what came after number n"
misses nothing, and hears of a press before it hears of the alarm that the press is in. A page is signed with the key
that all bridges of an installation share; presses, which hold a position, are sealed to it. So anybody may carry it.
"""

import json
import time
from dataclasses import dataclass
from typing import Final, Literal

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.press import Pressed
from device_bridge.errors import PeerError
from device_bridge.spool import presses
from device_bridge.spool.connection import Spool
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import canonical, ids, keys, schema
from evidence.errors import EvidenceError, FormatError
from evidence.statements import dsse

PAGE_TYPE: Final = "application/vnd.getuige.bridge-news.v1+json"
PAGE_ROWS: Final = 50
PAGE_BYTES: Final = 512 * 1024
"""Of bodies in one page; a larger one goes alone. A signed document may be four megabytes (`evidence.canonical`)."""

OLD_MS: Final = 5_000
"""News that waited for longer is heard by somebody who was away."""

KEPT_MS: Final = 7 * 24 * 3600 * 1000
MAX_ROWS: Final = 50_000
"""Presses and acts are kept for a bridge that was away for a week, or fifty thousand of them; alarms for ever."""

Kind = Literal["press", "act", "window", "alarm"]


@dataclass(frozen=True)
class Item:
    """One piece of news; `key` names the thing, `body` (base64) is empty for an alarm that is gone."""

    n: int
    kind: Kind
    key: str
    body: ids.Base64


@dataclass(frozen=True)
class Page:
    """Some news of the spool `spool`, after number `after`, in order; `knows`: there is no alarm that it may lack."""

    v: Literal[1]
    bridge: str
    spool: str
    after: int
    at: ids.Time
    knows: bool
    items: tuple[Item, ...]


@dataclass(frozen=True)
class RelayedPress:
    """A press as another bridge took it; `raw` is its message, sealed to the bridges, until the journal has it.

    `alarm` is where it put the press at first.
    """

    pressed: Pressed
    raw: ids.Base64 | None = None
    alarm: ids.AlarmId | None = None


@dataclass(frozen=True)
class RelayedAct:
    """A dispatcher's signed act and the alarm that it is about."""

    alarm: ids.AlarmId
    dsse: ids.Base64


def act_body(alarm: ids.AlarmId, signed_act: bytes) -> bytes:
    """Return a dispatcher's act as the body of a piece of news; only its own signature counts."""
    return canonical.encode(schema.encode(RelayedAct(alarm, ids.Base64(canonical.b64(signed_act)))))


def begin(spool: Spool) -> str:
    """Return the id of this spool, made at its first start; note every alarm that no news was written of yet."""
    with spool.write() as writing:
        row = writing.sql.execute("SELECT id FROM spool_id").fetchone()
        if row is None:
            row = (ids.new_id(),)
            writing.sql.execute("INSERT INTO spool_id VALUES (?)", row)
        writing.sql.execute(
            "INSERT OR IGNORE INTO news (kind, key, body, at_ms) SELECT 'alarm', alarm, x'', 0 FROM alarm ORDER BY n"
        )
        return str(row[0])


def page(reading: Reading, bridge: str, spool: str, after: int) -> Page:
    """Return the news after number `after`."""
    rows = reading.sql.execute(
        "SELECT n, kind, key, body, at_ms FROM news WHERE n > ? ORDER BY n LIMIT ?", (after, PAGE_ROWS)
    ).fetchall()
    items: list[Item] = []
    size, before_ms = 0, time.time_ns() // 1_000_000 - OLD_MS
    for n, kind, key, body, at_ms in rows:
        item = Item(n, kind, key, _body(reading, kind, key, body))
        found = _with_alarm(reading, item, old=at_ms < before_ms) if kind == "press" else [item]
        size += sum(len(one.body) for one in found)
        if items and size > PAGE_BYTES:
            break
        items += found
    return Page(1, bridge, spool, after, ids.now(), not reading.blind(), tuple(items))


def _with_alarm(reading: Reading, item: Item, *, old: bool) -> list[Item]:
    """Return a press with its alarm as it is now, if it is old or that is closed: what is over is no news.

    A closed alarm comes first, so that its press raises nothing; an open one after it, with what was sent already. What
    dispatchers signed comes before either: whoever knows an alarm as closed has the close, also when this spool is lost
    before the journal has it.
    """
    row = reading.sql.execute(
        "SELECT alarm.alarm, is_open FROM press JOIN alarm ON alarm.alarm = press.alarm WHERE identity = ?",
        (item.key,),
    ).fetchone()
    if row is None or (row[1] and not old):
        return [item]
    alarm = Item(item.n, "alarm", row[0], _body(reading, "alarm", row[0], b""))
    acts = [Item(item.n, "act", key, ids.Base64(canonical.b64(body))) for key, body in _unsaid(reading, row[0])]
    return [*acts, item, alarm] if row[1] else [*acts, alarm, item]


def _unsaid(reading: Reading, alarm: str) -> list[tuple[str, bytes]]:
    """Return the acts in an alarm that are news, and that the journal does not have; in the order of their signing."""
    return reading.sql.execute(
        "SELECT news.key, news.body FROM statement JOIN news ON news.kind = 'act' AND news.key = statement.id"
        " WHERE statement.alarm = ? AND statement.state IN ('waiting', 'early') ORDER BY statement.n",
        (alarm,),
    ).fetchall()


def is_any(reading: Reading, after: int) -> bool:
    """Whether there is news after number `after`."""
    return reading.sql.execute("SELECT 1 FROM news WHERE n > ? LIMIT 1", (after,)).fetchone() is not None


def signed(what: Page, bridge: keys.BridgeIdentity) -> bytes:
    """Return the page as it is sent: a DSSE envelope."""
    return dsse.sign(PAGE_TYPE, canonical.encode(schema.encode(what)), bridge).to_bytes()


def opened(data: bytes, bridge: keys.BridgeIdentity, after: int) -> Page:
    """Read a page that another bridge of this installation signed; PeerError when it is anything else."""
    try:
        envelope = dsse.parse(data, PAGE_TYPE)
        if bridge.kid not in dsse.verify(envelope, {bridge.kid: bridge.sign_public}):
            raise PeerError("the other bridge's news is signed by a stranger")
        found = schema.decode(Page, canonical.decode_exact(envelope.body))
    except EvidenceError as error:
        raise PeerError("the other bridge's news is not signed with the bridges' key") from error
    if found.after != after:
        raise PeerError("the other bridge answered an older question")
    return found


def alarm_of(item: Item) -> Alarm | None:
    """Read the alarm in a piece of news; None when it is gone. FormatError for anything else."""
    document = canonical.unb64(item.body)
    if not document:
        return None
    try:
        return Alarm.from_json(json.loads(document))
    except ValueError as error:
        raise FormatError("an alarm from another bridge cannot be read") from error


def heard(reading: Reading, url: str, spool: str) -> int:
    """Return up to which number the bridge at `url` was heard; from the start when its spool is another now."""
    row = reading.sql.execute("SELECT heard FROM peer WHERE url = ? AND spool = ?", (url, spool)).fetchone()
    return 0 if row is None else int(row[0])


def last_heard(reading: Reading, url: str) -> int:
    """Return up to which number the bridge at `url` was heard, whatever its spool was."""
    row = reading.sql.execute("SELECT heard FROM peer WHERE url = ?", (url,)).fetchone()
    return 0 if row is None else int(row[0])


def note_heard(spool: Writing, url: str, of: str, n: int) -> None:
    """Remember how far the bridge at `url` was heard, in the transaction of what was heard."""
    spool.sql.execute("INSERT OR REPLACE INTO peer VALUES (?, ?, ?)", (url, of, n))


def press_of(item: Item) -> RelayedPress:
    """Read the press in a piece of news; FormatError for anything else."""
    return schema.decode(RelayedPress, canonical.decode_exact(canonical.unb64(item.body)))


def prune(spool: Writing) -> None:
    """Forget presses and acts that are old, or too many."""
    too_old = time.time_ns() // 1_000_000 - KEPT_MS
    spool.sql.execute(
        "DELETE FROM news WHERE kind <> 'alarm' AND (at_ms < ? OR n <= (SELECT max(n) FROM news) - ?)",
        (too_old, MAX_ROWS),
    )


def _body(reading: Reading, kind: str, key: str, body: bytes) -> ids.Base64:
    match kind:
        case "alarm":
            row = reading.sql.execute("SELECT document FROM alarm WHERE alarm = ?", (key,)).fetchone()
            return ids.Base64("" if row is None else canonical.b64(row[0]))
        case "press":
            found = presses.row(reading, ids.Sha256(key))
            if found is None:
                return ids.Base64("")
            raw = None if found.raw is None else ids.Base64(canonical.b64(found.raw))
            first = (found.remaining and found.remaining.moved_from) or found.alarm
            return ids.Base64(canonical.b64(canonical.encode(schema.encode(RelayedPress(found.pressed, raw, first)))))
    return ids.Base64(canonical.b64(body))
