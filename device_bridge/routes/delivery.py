"""Delivery of alarms on all their routes at once: a slow or dead route never holds up another, or a press."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from device_bridge.alarm.alarm import Outcome, RouteReport
from device_bridge.errors import RouteError, SpoolError, UnknownAlarmError
from device_bridge.loops import Loop
from device_bridge.route_codes import RouteCode
from device_bridge.routes import Route, reports
from device_bridge.routes.dispatch import Dispatch, of_press
from device_bridge.spool import outbox, presses
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.wire import cose
from device_bridge.wire.message import DeviceMessage
from device_bridge.wire.reading import read_press
from evidence import ids, keys
from evidence.errors import EvidenceError

PARALLEL: Final = 8
"""Alarms that one route carries at the same time."""

KEPT_FREE: Final = 2
"""Of these, for alarms that were never tried: those of a silent receiver are tried again in what is left."""

LATE_S: Final = 0.25
"""What is to be sent again is sent this much late at most; new alarms are told of at once."""

LOOK_S: Final = 2.0
"""How often it is looked whether the clock was set, or a word was lost."""

MAX_DETAIL: Final = 200

log = structlog.get_logger()


class Delivery:
    """One loop and one small pool for each route, working off the outbox in the spool."""

    def __init__(
        self,
        spool: Spool,
        bridge: keys.BridgeIdentity,
        board: Board,
        routes: Sequence[Route],
        accounts: Callable[[ids.DeviceId], Mapping[str, str]],
    ) -> None:
        self._accounts = accounts
        self._spool = spool
        self._bridge = bridge
        self._board = board
        self._routes = routes
        self._lanes = {route.name: _Lane(route.name) for route in routes}
        self._loops = {route.name: Loop(f"route {route.name}", partial(self._turn, route)) for route in routes}
        self._leave = board.listen(lambda _changed: self._wake_all())

    @property
    def loops(self) -> Sequence[Loop]:
        """One for each route."""
        return tuple(self._loops.values())

    def start(self) -> None:
        """Start sending; what a former process had begun is begun again."""
        with self._spool.write() as spool:
            outbox.release_leases(spool)
        for route in self._routes:
            route.watch.start()
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """End; what was not sent stays in the outbox."""
        self._leave()
        for loop in self.loops:
            loop.stop()
        for lane in self._lanes.values():
            lane.pool.shutdown()
        for route in self._routes:
            route.watch.stop()

    def _wake_all(self) -> None:
        for loop in self.loops:
            loop.wake()

    def _turn(self, route: Route) -> float:
        """Send what is due, each on a thread of its own: a receiver that is silent on one alarm holds up no other."""
        lane = self._lanes[route.name]
        for delivery in self._take(route, lane):
            lane.begin(delivery.attempts > 0)
            lane.pool.submit(self._deliver, route, delivery).add_done_callback(
                partial(self._delivered, route.name, delivery.attempts > 0)
            )
        next_ms = self._spool.read().next_delivery_ms(route.name)
        if next_ms is None or lane.free == 0:
            return LOOK_S
        return min(LOOK_S, max(LATE_S, (next_ms - time.time_ns() // 1_000_000) / 1000))

    def _delivered(self, route: str, again: bool, done: Future[None]) -> None:  # noqa: FBT001 - private
        self._lanes[route].end(again)
        error = done.exception()
        if error is not None:  # the lease runs out, and it is tried anew
            log.error("outcome-not-stored", route=route, error=type(error).__name__)
        self._loops[route].wake()

    def _take(self, route: Route, lane: "_Lane") -> list[outbox.Delivery]:
        now_ms = time.time_ns() // 1_000_000
        if lane.free == 0 or not outbox.due(self._spool.read(), route.name, now_ms):
            return []
        with self._spool.write() as spool:
            return outbox.take(spool, route.name, now_ms, lane.free, lane.free_again)

    def _deliver(self, route: Route, delivery: outbox.Delivery) -> None:
        permanent = False
        try:
            what = self._as_it_stands(self._dispatch(delivery), delivery)
            handed = route.send(what)
            given, withdrawn = (handed.name,) if handed.name else None, True if what.withdrawn_at else None
            report = _report(route, "delivered", handed.words, handed.code)
            report = replace(report, given=given, withdrawn=withdrawn)
        except RouteError as error:
            report, permanent = _report(route, "failed", str(error), error.code, error.about), error.permanent
        except EvidenceError:
            report, permanent = _report(route, "failed", "what was to be sent cannot be opened", "not-opened"), True
        except Exception as error:  # noqa: BLE001 - a bug in one route is a failed route, visible in the history
            about = type(error).__name__
            report = _report(route, "failed", f"{about} in the route", "route-fault", about)
        try:
            self._record(delivery, report, permanent)
        except SpoolError as error:
            log.error("outcome-not-stored", route=route.name, error=str(error))  # noqa: TRY400 - the lease runs out

    def _dispatch(self, delivery: outbox.Delivery) -> Dispatch:
        """Return what is to be sent; from the press itself, while that was not written down yet."""
        if delivery.press is None:
            return Dispatch.open(delivery.sealed, self._bridge)
        reading = self._spool.read()
        row, alarm = presses.row(reading, delivery.press), reading.alarm(delivery.alarm)
        if row is None or row.remaining is None:
            return Dispatch(alarm.alarm, alarm.device, alarm.kind, alarm.raised_at, None)
        return of_press(row.pressed, alarm, row.remaining, self._said(row), self._bridge)

    def _said(self, row: presses.Row) -> DeviceMessage | None:
        """Return what her device said, if it can be opened: no route waits for a place."""
        if row.raw is None:
            return None
        try:
            payload = cose.parse(self._bridge.open_box(row.raw)).payload
        except EvidenceError:
            return None
        return read_press(payload, row.pressed.device)

    def _as_it_stands(self, what: Dispatch, delivery: outbox.Delivery) -> Dispatch:
        """Add what is known now: accounts, what the route's receiver has from any bridge, and the round."""
        what = replace(what, accounts=self._accounts(what.device))
        try:
            alarm = self._spool.read().alarm(delivery.alarm)
        except UnknownAlarmError:
            return what  # it cannot be read, but it can be sent
        given = next((one.given or () for one in alarm.routes if one.route == delivery.route), ())
        return replace(what, given=given, round=alarm.rounds)

    def _record(self, delivery: outbox.Delivery, outcome: RouteReport, permanent: bool) -> None:  # noqa: FBT001 - private
        with self._spool.write() as spool:
            try:
                changed = reports.record(spool, self._bridge, delivery.alarm, outcome)
            except UnknownAlarmError:
                changed = None  # it cannot be read: that it was sent is remembered all the same
            if outcome.outcome == "delivered":
                outbox.drop_alternates(spool, delivery.alarm, outcome.route)
            else:
                outbox.release_alternate(spool, delivery.alarm, outcome.route)
            if outcome.outcome == "delivered" or permanent:
                outbox.finish(spool, delivery, delivered=outcome.outcome == "delivered")
            else:
                outbox.retry_later(spool, delivery, time.time_ns() // 1_000_000)
            spool.count(f"route.{outcome.route}.{outcome.outcome}")
        if changed is not None:
            self._board.announce([delivery.alarm])


class _Lane:
    """What one route carries now: how many, and how many of these were tried before."""

    def __init__(self, route: str) -> None:
        self.pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix=route)
        self._carried = 0
        self._again = 0
        self._lock = threading.Lock()

    @property
    def free(self) -> int:
        """How many more it can carry."""
        return PARALLEL - self._carried

    @property
    def free_again(self) -> int:
        """How many more that were tried before."""
        return PARALLEL - KEPT_FREE - self._again

    def begin(self, again: bool) -> None:  # noqa: FBT001 - private
        with self._lock:
            self._carried += 1
            self._again += again

    def end(self, again: bool) -> None:  # noqa: FBT001 - private
        with self._lock:
            self._carried -= 1
            self._again -= again


def _report(route: Route, outcome: Outcome, words: str, code: RouteCode, about: str | None = None) -> RouteReport:
    return RouteReport(
        route.name, outcome, words[:MAX_DETAIL], ids.now(), code, None if about is None else about[:MAX_DETAIL]
    )
