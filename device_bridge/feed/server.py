"""The bridge's own small HTTP server on the loopback interface: alarms as a stream, acts, the fallback for presses.

The API server reads it with a bearer token and shows it to consoles. `/press` needs no token, because a press is
signed by its device; it is the way in when no broker answers.
"""

import asyncio
import hmac
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route as Path

from device_bridge.errors import (
    ActError,
    AlarmError,
    MessageError,
    SettingsError,
    SpoolError,
    StaleError,
    TooLargeError,
    UnknownAlarmError,
)
from device_bridge.feed.health import View
from device_bridge.feed.quiet import QuietServer
from device_bridge.feed.strangers import Strangers
from device_bridge.feed.watchers import Watching
from device_bridge.figures import metrics
from device_bridge.figures.spools import read_days
from device_bridge.figures.stages import StageMetrics
from device_bridge.intake.acts import ActDesk
from device_bridge.lane.arrivals import received_now
from device_bridge.lane.keeping import Keeper
from device_bridge.peers.publisher import NewsDesk
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.wire import cose
from evidence import canonical, ids
from evidence.errors import EvidenceError, FormatError

HEARTBEAT_S: Final = 2.0
"""A console that hears nothing for longer shows that it is not up to date."""

MAX_ACT_BYTES: Final = 64 * 1024
"""Far more than a signed act, or what a server says of its consoles."""

MAX_BODY_S: Final = 5.0
ANSWER_S: Final = 5.0
"""How long the fallback waits for the spool before the device is told to try again."""

MAX_TEST_WINDOW_MIN: Final = 60
"""A window that is forgotten must not swallow a real alarm for long; inside it a real press still is one."""

MAX_REVISION_DIGITS: Final = 9
MAX_NUMBER_DIGITS: Final = 18
"""What SQLite numbers rows with."""

_ID_BYTES: Final = 16
PROBLEM: Final = "application/problem+json"

Handler = Callable[[Request], Awaitable[Response]]

_STATUS: Final[tuple[tuple[type[EvidenceError], int, str], ...]] = (
    (UnknownAlarmError, HTTPStatus.NOT_FOUND, "unknown-alarm"),
    (StaleError, HTTPStatus.CONFLICT, "stale"),
    (AlarmError, HTTPStatus.CONFLICT, "state"),
    (ActError, HTTPStatus.FORBIDDEN, "not-a-dispatcher"),
    (MessageError, HTTPStatus.UNPROCESSABLE_ENTITY, "message"),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"),
    (SpoolError, HTTPStatus.SERVICE_UNAVAILABLE, "not-stored"),
    (FormatError, HTTPStatus.UNPROCESSABLE_ENTITY, "format"),
)


class Feed:
    """The HTTP application; `listeners` is how many consoles' servers are connected to the stream."""

    def __init__(
        self, view: View, acts: ActDesk, lane: Keeper, board: Board, spool: Spool, token: str, news: NewsDesk
    ) -> None:
        self.listeners = 0
        self._strangers = Strangers()
        self._news_desk = news
        self._view = view
        self._acts = acts
        self._lane = lane
        self._board = board
        self._spool = spool
        self._stages = StageMetrics(spool.path)
        self._token = token.encode()
        self.app = Starlette(
            routes=[
                Path("/feed", self._private(self._stream)),
                Path("/alarms", self._private(self._alarms)),
                Path("/alarms/{alarm}/acts", self._private(self._act), methods=["POST"]),
                Path("/alarms/{alarm}/lease", self._private(self._lease), methods=["POST"]),
                Path("/devices/{device}/test-window", self._private(self._test_window), methods=["POST"]),
                Path("/devices", self._private(self._devices)),
                Path("/devices/{device}", self._private(self._device)),
                Path("/days", self._private(self._days)),
                Path("/metrics", self._private(self._metrics)),
                Path("/watchers", self._private(self._watchers), methods=["POST"]),
                Path("/health", self._private(self._health)),
                Path("/news", self._private(self._news)),
                Path("/press", self._answered(self._press), methods=["POST"]),
            ],
        )

    def _private(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, b"Bearer " + self._token):
                return _problem(HTTPStatus.UNAUTHORIZED, "token", "this feed asks for its bearer token")
            return await handler(request)

        return self._answered(guarded)

    def _answered(self, handler: Handler) -> Handler:
        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except EvidenceError as error:
                for kind, status, reason in _STATUS:
                    if isinstance(error, kind):
                        return _problem(status, reason, str(error))
                return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", str(error))
            except (ClientDisconnect, TimeoutError):
                return _problem(HTTPStatus.REQUEST_TIMEOUT, "body", "the body did not arrive in time")

        return answered

    async def _alarms(self, _request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._snapshot))

    async def _health(self, _request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._view.health))

    async def _watchers(self, request: Request) -> Response:
        """Hear from a server how many consoles are open there, and who watches on a shift."""
        if self._view.watchers.note(Watching.parse(await _body(request, MAX_ACT_BYTES))):
            self._board.announce([])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _devices(self, _request: Request) -> Response:
        return JSONResponse({"devices": await run_in_threadpool(self._view.devices)})

    async def _days(self, request: Request) -> Response:
        """Answer for the alarms raised from `since` until before `until`: a row for each device."""
        since, until = (_ms_of(request.query_params.get(name, "")) for name in ("since", "until"))
        rows = await run_in_threadpool(read_days, [self._spool.path], since, until)
        return JSONResponse({"devices": [asdict(row) for row in rows]})

    async def _news(self, request: Request) -> Response:
        """Tell another bridge what was stored here after the number that it asks for."""
        after = request.query_params.get("after", "")
        if not (after.isascii() and after.isdecimal()) or len(after) > MAX_NUMBER_DIGITS:
            raise FormatError("after must be a number")
        page = await self._news_desk.answer(int(after), request.query_params.get("of", ""))
        return Response(page, media_type="application/json")

    async def _device(self, request: Request) -> Response:
        device = ids.DeviceId(ids.hex_text(request.path_params["device"], _ID_BYTES))
        return JSONResponse(await run_in_threadpool(self._view.device, device))

    async def _metrics(self, _request: Request) -> Response:
        health = await run_in_threadpool(self._view.health)
        stages = await run_in_threadpool(self._stages.families)
        return Response(metrics.page(health, self._lane.status, stages), media_type=metrics.CONTENT_TYPE)

    async def _act(self, request: Request) -> Response:
        alarm = ids.AlarmId(ids.hex_text(request.path_params["alarm"], _ID_BYTES))
        expected = _revision(request.headers.get("if-match"))
        body = await _body(request, MAX_ACT_BYTES)
        try:
            await run_in_threadpool(self._acts.carry_out, alarm, body, expected)
        except AlarmError as error:
            return await self._conflict(alarm, error)
        return JSONResponse(await run_in_threadpool(self._view.alarm, alarm))

    async def _lease(self, request: Request) -> Response:
        """Let a claim live on. It is no statement: the server, which holds the dispatcher's session, says who asks."""
        alarm = ids.AlarmId(ids.hex_text(request.path_params["alarm"], _ID_BYTES))
        who = _kid(await _body(request, MAX_ACT_BYTES))
        try:
            await run_in_threadpool(self._acts.renew, alarm, who)
        except AlarmError as error:
            return await self._conflict(alarm, error)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _conflict(self, alarm: ids.AlarmId, error: AlarmError) -> Response:
        """Answer 409 with the alarm as it is now, so that the screen that was behind can catch up."""
        present = await run_in_threadpool(self._view.alarm, alarm)
        reason = "stale" if isinstance(error, StaleError) else "state"
        return _problem(HTTPStatus.CONFLICT, reason, str(error), alarm=present)

    async def _test_window(self, request: Request) -> Response:
        device = ids.DeviceId(ids.hex_text(request.path_params["device"], _ID_BYTES))
        minutes = _minutes(await _body(request, MAX_ACT_BYTES))
        until_ms = received_now("feed").at_ms + minutes * 60_000
        await run_in_threadpool(self._open_window, device, until_ms)
        return JSONResponse({"device": device, "until_ms": until_ms})

    def _open_window(self, device: ids.DeviceId, until_ms: int) -> None:
        with self._spool.write() as spool:
            spool.open_test_window(device, until_ms)

    async def _press(self, request: Request) -> Response:
        """Take the bytes that a device could not bring to a broker; the answer is the signed *stored*."""
        topic = request.query_params.get("topic", "")
        payload = await _body(request, cose.MAX_MESSAGE_BYTES)
        address = "" if request.client is None else request.client.host
        if self._strangers.is_one(address) and not await run_in_threadpool(self._view.is_devices_own, payload, topic):
            self._strangers.refused(address)
            return _problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", "too much from here was no press of a device")
        future = self._lane.submit(topic, payload)
        try:
            taken = await asyncio.wait_for(asyncio.wrap_future(future), ANSWER_S)
        except TimeoutError:
            taken = None
        if taken is None:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "not-stored", "the press is not stored yet; send it again")
        if taken.problem is not None or taken.answer is None:
            self._strangers.refused(address)
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "message", taken.problem or "not taken")
        return Response(taken.answer.payload, media_type="application/cose")

    def _snapshot(self) -> dict[str, Any]:
        return {"alarms": self._view.alarms(), "health": self._view.health()}

    async def _stream(self, request: Request) -> Response:
        return StreamingResponse(
            self._events(request), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _events(self, request: Request) -> AsyncIterator[bytes]:
        """Snapshot first, then every change; a heartbeat tells that the silence is real."""
        loop = asyncio.get_running_loop()
        changed: set[ids.AlarmId] = set()
        wake = asyncio.Event()

        def note(alarms: frozenset[ids.AlarmId]) -> None:
            changed.update(alarms)
            wake.set()

        def hear(alarms: frozenset[ids.AlarmId]) -> None:
            loop.call_soon_threadsafe(note, alarms)

        leave = self._board.listen(hear)
        self.listeners += 1
        try:
            snapshot = await run_in_threadpool(self._snapshot)
            health = snapshot["health"]
            yield _event("snapshot", snapshot)
            due = loop.time() + HEARTBEAT_S
            while not await request.is_disconnected():
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), max(0.0, due - loop.time()))
                wake.clear()
                names = list(changed)
                changed.clear()
                for name in names:
                    with suppress(UnknownAlarmError):
                        yield _event("alarm", await run_in_threadpool(self._view.alarm, name))
                newest = await run_in_threadpool(self._view.health)
                if newest != health:
                    health = newest
                    yield _event("health", health)
                if loop.time() >= due:
                    due = loop.time() + HEARTBEAT_S
                    yield _event("heartbeat", {"at": ids.now()})
        finally:
            self.listeners -= 1
            leave()


class FeedServer:
    """Runs the feed on a thread of its own."""

    def __init__(self, feed: Feed, host: str, port: int) -> None:
        config = uvicorn.Config(
            feed.app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            date_header=False,  # it would be of the moment when the server began
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = QuietServer(config)
        self._bound: list[socket.socket] = []
        self._thread = threading.Thread(target=self._server.run, args=(self._bound,), name="feed", daemon=True)
        self._address = (host, port)

    @property
    def port(self) -> int:
        """The port that it listens on (chosen by the system when it was asked for 0)."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def start(self) -> None:
        """Listen; SettingsError when the port is taken, or the machine has no such address."""
        host, port = self._address
        try:
            self._bound.append(socket.create_server((host, port)))
        except OSError as error:
            words = f"the feed cannot listen on {host}, port {port}: {error.strerror}"
            raise SettingsError(f"{words}. Change GETUIGE_BRIDGE_FEED_PORT") from error
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.01)
        if not self._server.started:
            raise SettingsError(f"the feed on {host}, port {port} did not start")

    def stop(self) -> None:
        """Stop listening; open streams are closed after a second."""
        self._server.end()
        self._thread.join()


async def _body(request: Request, limit: int) -> bytes:
    """Return the body; TooLargeError when it is larger than `limit`, TimeoutError when it is too slow."""
    body = bytearray()
    async with asyncio.timeout(MAX_BODY_S):
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise TooLargeError(f"the body is larger than {limit} bytes")
    return bytes(body)


def _minutes(body: bytes) -> int:
    try:
        minutes = canonical.decode(body)["minutes"]
    except (FormatError, KeyError, TypeError) as error:
        raise FormatError('expected {"minutes": number}') from error
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MAX_TEST_WINDOW_MIN:
        raise FormatError(f"a test window lasts 1 to {MAX_TEST_WINDOW_MIN} minutes")
    return minutes


def _kid(body: bytes) -> ids.KeyId:
    try:
        return ids.KeyId(ids.hex_text(canonical.decode(body)["kid"], _ID_BYTES))
    except (FormatError, KeyError, TypeError) as error:
        raise FormatError('expected {"kid": key id}') from error


def _revision(if_match: str | None) -> int | None:
    """Return the revision that an If-Match header names (RFC 9110, 13.1.1); None when there is none."""
    if if_match is None or if_match == "*":
        return None
    number = if_match.removeprefix('"').removesuffix('"')
    if if_match != f'"{number}"' or not (number.isascii() and number.isdecimal()) or len(number) > MAX_REVISION_DIGITS:
        raise FormatError('If-Match must be the revision of the alarm, such as "3"')
    return int(number)


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _ms_of(text: str) -> int:
    return round(ids.moment_of(text).timestamp() * 1000)


def _problem(status: int, reason: str, detail: str, **more: object) -> Response:
    """Return RFC 9457 problem details."""
    title = HTTPStatus(status).phrase
    members = {"type": f"urn:getuige:problem:bridge-{reason}", "title": title, "status": int(status)}
    return JSONResponse({**members, "reason": reason, "detail": detail, **more}, status_code=status, media_type=PROBLEM)
