"""The dispatcher on the command line: sees presses live, opens the card with the desk's key, acts by name.

Each act is a statement signed by this person. Silencing is not claiming, claiming is not accepting, and nothing closes
without a reason.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from evidence import canonical, ids, keys, schema
from evidence.envelope import container, opening, wraps
from evidence.envelope.meta import Alarm, Card
from evidence.errors import EvidenceError
from evidence.statements import bodies, catalogue
from evidence.statements import statement as statements
from server.clients.errors import ClientError, DistrustError
from server.clients.signing import Signer

T = TypeVar("T")

SILENCE_S: Final = 6.0
"""Without a heartbeat (every 2 s) for this long, what is on the screen is not live any more."""

ACTS: Final = catalogue.where(body=bodies.AlarmAct)
"""What a dispatcher does to an alarm before closing it, in the order of a night."""


@dataclass(frozen=True)
class FeedEvent:
    """One event of the console's stream: `alarm`, `health` or `heartbeat`."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Dispatcher:
    """A dispatcher at one server; `desks` are the shared desk keys that were given to this person."""

    signer: Signer = field(repr=False)
    desks: tuple[keys.OpeningKey, ...] = field(default=(), repr=False)

    def shifts(self) -> list[dict[str, Any]]:
        """Return who watched when, newest first.

        Raises:
            ClientError: refused or not reachable.
        """
        rows: list[dict[str, Any]] = self.signer.api.get("/api/v1/shifts")["shifts"]
        return rows

    def with_desks(self) -> "Dispatcher":
        """Return this dispatcher with the desk keys that the root sealed to them.

        An alarm goes to every desk, so one key that does not open keeps nobody from the others.

        Raises:
            ClientError: refused, not reachable, or none of several shares is for this person.
        """
        who = self.signer.api.get("/api/v1/session")
        mine = self.signer.reader
        desks = []
        failed: EvidenceError | None = None
        for share in who["shares"]:
            try:
                desks.append(keys.OpeningKey(wraps.unwrap(share["wrap"], wraps.NO_ID, wraps.NO_ID, mine)))
            except EvidenceError as error:
                failed = error
        if failed is not None and not desks:
            raise DistrustError(f"The desk key that was given to you does not open: {failed}.") from failed
        return Dispatcher(self.signer, tuple(desks))

    def alarms(self) -> dict[str, Any]:
        """Return {"alarms": […], "health": {…}} as it is now.

        Raises:
            ClientError: refused or not reachable.
        """
        answer: dict[str, Any] = self.signer.api.get("/api/v1/alarms")
        return answer

    def stream(self) -> Iterator[FeedEvent]:
        """Yield the events of the console's stream until it ends.

        Raises:
            ClientError: refused, not reachable, or silent for longer than heartbeats allow.
        """
        with self.signer.api.streaming("/api/v1/alarms/stream", headers={"accept": "text/event-stream"}) as answer:
            name, data = "message", ""
            heard = time.monotonic()
            for line in answer.iter_lines():
                if time.monotonic() - heard > SILENCE_S:
                    raise ClientError("The list of alarms is NOT LIVE: nothing was heard. Use the telephone.")
                heard = time.monotonic()
                key, _, value = line.partition(":")
                if key == "event":
                    name = value.strip()
                elif key == "data":
                    data += value.removeprefix(" ")
                elif not line and data:
                    yield FeedEvent(name, canonical.decode(data.encode()))
                    name, data = "message", ""

    def act(self, alarm: ids.AlarmId, case: ids.CaseId, act: str) -> str:
        """Say one of `ACTS` by name: claim, accept, take over, dispatch, on scene, look. Returns the new state.

        Raises:
            ClientError: refused (someone else has it, for instance) or not reachable.
        """
        return self._post(alarm, case, act, bodies.AlarmAct(alarm))

    def close(self, alarm: ids.AlarmId, case: ids.CaseId, reason: bodies.CloseReason) -> str:
        """Close an alarm with its reason. Returns the alarm's new state.

        Raises:
            ClientError: refused or not reachable.
        """
        return self._post(alarm, case, "alarm.close", bodies.AlarmClose(alarm, reason))

    def open_alarm(self, alarm: dict[str, Any]) -> Alarm:
        """Return what the press said (position, age, device), opened with the desk's key.

        Raises:
            DistrustError: it does not open, or is not what the bridge sealed.
        """
        if alarm["item"] is None:
            raise DistrustError("The press of this alarm is not here, or was sealed to nobody.")
        return self._open(alarm["item"], Alarm)

    def open_card(self, alarm: ids.AlarmId) -> Card:
        """Return the card of an alarm: who, where, how to enter. The server logs this reading first.

        Raises:
            ClientError: refused, not reachable, or it does not open.
        """
        return self._open(self.signer.api.get(f"/api/v1/alarms/{alarm}/card"), Card)

    def _open(self, sealed: dict[str, Any], kind: type[T]) -> T:
        """Check who sealed it, open it with whichever desk key fits, and demand that it is what was asked for."""
        try:
            prefix = container.parse_prefix(canonical.unb64(sealed["head"]))
            author = self.signer.certificates().get(prefix.head.by)
            if author is None:
                raise DistrustError(f"It was sealed by key {prefix.head.by}, which nobody certified.")
            container.verify_head(prefix, author.sign)
            desks = {desk.opening_kid: desk for desk in (*self.desks, self.signer.reader)}
            granted = (schema.decode(container.Wrap, one) for one in sealed.get("wraps", ()))
            for one in (*granted, *prefix.head.wraps):
                if one.to in desks:
                    key = wraps.unwrap(one.wrap, prefix.head.case, prefix.head.item, desks[one.to])
                    meta = opening.open_meta(prefix, key)
                    if isinstance(meta, kind):
                        return meta
                    raise DistrustError(f"The server gave an item of kind {meta.kind} in its place.")
        except EvidenceError as error:
            raise DistrustError(f"What was sealed to the desk does not open: {error}.") from error
        raise DistrustError("This was not sealed to a desk of yours.")

    def _post(self, alarm: ids.AlarmId, case: ids.CaseId, kind: str, body: bodies.Body) -> str:
        """Sign an act and hand it to the bridge through the server; the bridge commits before it answers."""
        statement = statements.sign(self.signer.identity, kind, body, case=case)
        answer = self.signer.api.write("POST", f"/api/v1/alarms/{alarm}/acts", statement.envelope.to_bytes())
        return str(answer["state"])
