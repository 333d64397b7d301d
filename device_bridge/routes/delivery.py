"""Delivery of alarms on all their routes at once: a slow or dead route never holds up another, or a press."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import structlog

from device_bridge.alarm.alarm import Outcome, RouteReport
from device_bridge.errors import RouteError, SpoolError
from device_bridge.route_codes import RouteCode
from device_bridge.routes import Route, reports
from device_bridge.routes.dispatch import Dispatch
from device_bridge.spool import outbox
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from evidence import ids, keys
from evidence.errors import EvidenceError

PARALLEL: Final = 8
"""Alarms that one route carries at the same time."""

LOOK_S: Final = 0.25
"""How often retries that came due are looked for; new alarms are told of at once."""

MAX_DETAIL: Final = 200

log = structlog.get_logger()


class Delivery:
    """One thread and one small pool for each route, working off the outbox in the spool."""

    def __init__(self, spool: Spool, bridge: keys.BridgeIdentity, board: Board, routes: Sequence[Route]) -> None:
        self._spool = spool
        self._bridge = bridge
        self._board = board
        self._routes = routes
        self._wake = {route.name: threading.Event() for route in routes}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(route,), name=f"route {route.name}", daemon=True)
            for route in routes
        ]
        self._leave = board.listen(lambda _changed: self._wake_all())

    def start(self) -> None:
        """Start sending; what a former process had begun is begun again."""
        with self._spool.write() as spool:
            outbox.release_leases(spool)
        for route in self._routes:
            route.watch.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; what was not sent stays in the outbox."""
        self._leave()
        self._stop.set()
        self._wake_all()
        for thread in self._threads:
            thread.join()
        for route in self._routes:
            route.watch.stop()

    def _wake_all(self) -> None:
        for event in self._wake.values():
            event.set()

    def _run(self, route: Route) -> None:
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix=route.name) as pool:
            while not self._stop.is_set():
                try:
                    deliveries = self._take(route)
                except SpoolError as error:
                    log.error("outbox-not-read", route=route.name, error=str(error))  # noqa: TRY400 - says enough
                    deliveries = []
                list(pool.map(lambda delivery: self._deliver(route, delivery), deliveries))
                if not deliveries:
                    self._wake[route.name].wait(LOOK_S)
                    self._wake[route.name].clear()

    def _take(self, route: Route) -> list[outbox.Delivery]:
        now_ms = time.time_ns() // 1_000_000
        if not outbox.due(self._spool.read(), route.name, now_ms):
            return []
        with self._spool.write() as spool:
            return outbox.take(spool, route.name, now_ms, PARALLEL)

    def _deliver(self, route: Route, delivery: outbox.Delivery) -> None:
        permanent = False
        try:
            what = Dispatch.open(delivery.sealed, self._bridge)
            what = replace(what, given=self._given(delivery))
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

    def _given(self, delivery: outbox.Delivery) -> tuple[str, ...]:
        """Return the names of what the route's receiver has of this alarm, from any bridge."""
        reports = self._spool.read().alarm(delivery.alarm).routes
        return next((one.given or () for one in reports if one.route == delivery.route), ())

    def _record(self, delivery: outbox.Delivery, outcome: RouteReport, permanent: bool) -> None:  # noqa: FBT001 - private
        with self._spool.write() as spool:
            changed = reports.record(spool, self._bridge, delivery.alarm, outcome)
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


def _report(route: Route, outcome: Outcome, words: str, code: RouteCode, about: str | None = None) -> RouteReport:
    return RouteReport(
        route.name, outcome, words[:MAX_DETAIL], ids.now(), code, None if about is None else about[:MAX_DETAIL]
    )
