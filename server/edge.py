"""The outermost layer of the API (pure ASGI): what holds for every request, whatever its route.

- A request for another host name is refused, so that a page elsewhere cannot reach us by renaming itself.
- A body has a size and a pace; uvicorn itself limits neither.
- Every answer carries the headers that keep a browser from guessing, framing or caching.
- What nobody foresaw becomes a problem document with a number, and a log line with the place; never a stack trace.
"""

import asyncio
import contextlib
import secrets
import time
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evidence.canonical import MAX_DOCUMENT_BYTES
from evidence.logs import place
from server import upload_addresses
from server.metrics import Metrics
from server.problems import ProblemError, general
from server.problems.handlers import response
from server.protocol import TARGET
from server.settings import LOOPBACK, Settings
from server.tracing import Answered, Traces
from server.uploads import tus

MAX_BODY_BYTES: Final = MAX_DOCUMENT_BYTES
"""Of a request that streams no file: the largest document that the domain would read (a grant of a whole case)."""

BODY_IDLE_TIMEOUT_S: Final = 30.0
"""Without a byte of the body for this long, a connection is dead or held open on purpose."""

SMALL_BODY_BYTES: Final = 64 * 1024
SMALL_BODY_S: Final = 1.0
"""A refusal that was known from the headers waits this long for the rest of a small body. A proxy that still sends it
when the answer comes may close both connections in the middle of the answer (Go's `net/http`, and so Caddy)."""

HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cache-control": "no-store",
}
"""Set where a route has not set its own: pages bring a policy that lets them run."""

HTTPS_HEADERS: Final = {"strict-transport-security": "max-age=63072000; includeSubDomains"}

_log = structlog.get_logger(__name__)


class Edge:
    """Wraps the app; see the module."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics, traces: Traces | None = None) -> None:
        self._app = app
        self._hosts = allowed_hosts(settings)
        self._metrics = metrics
        self._traces = traces
        secure = settings.public_url.startswith("https://")
        self._headers = {**HEADERS, **HTTPS_HEADERS} if secure else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_tus = upload_addresses.is_tus(scope["path"])
        if is_tus and tus.is_overridden(scope["method"], Headers(scope=scope)):
            scope["method"] = "PATCH"
        headers = {**self._headers, **tus.EVERY_ANSWER} if is_tus else self._headers
        request = _Request(scope, receive, send, headers)
        try:
            if _host_of(scope) not in self._hosts:
                raise ProblemError(general.HOST)
            await self._app(scope, request.receive, request.send)
        except ClientDisconnect:
            pass  # nobody is left to answer
        except ProblemError as error:
            await request.refuse(error)
        except Exception as error:  # noqa: BLE001 - this is the place for what nobody foresaw
            request.place = place(error)
            await request.refuse(ProblemError(general.INTERNAL, incident=request.id))
        finally:
            self._report(request)

    def _report(self, request: "_Request") -> None:
        seconds = time.perf_counter() - request.begun
        self._metrics.observe(request.method, request.route, request.status, seconds)
        if self._traces is not None:
            self._traces.tell(
                Answered(
                    request.id, request.method, request.route, request.status, request.problem, seconds, time.time()
                )
            )
        facts: dict[str, Any] = {
            "request": request.id,
            "method": request.method,
            "route": request.route,
            "status": request.status,
            "milliseconds": round(seconds * 1000, 2),
        }
        if request.problem is not None:
            facts["problem"] = request.problem
        if request.place is None:
            _log.info("answered", **facts)
        else:
            _log.error("unforeseen", place=request.place, **facts)


class _Request:
    """One request on its way through the edge."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]) -> None:
        self.id = secrets.token_hex(8)
        self.begun = time.perf_counter()
        self.status = 0
        self.place: str | None = None
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = headers
        self._room = None if upload_addresses.is_streamed(scope["method"], scope["path"]) else MAX_BODY_BYTES
        self._more_body = True
        scope.setdefault("state", {})

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self._scope["method"])

    @property
    def route(self) -> str:
        """The template of the route, without the ids in the address."""
        return str(getattr(self._scope.get("route"), "path", "-"))

    @property
    def problem(self) -> str | None:
        """The name of the problem that was answered."""
        name: str | None = self._scope["state"].get("problem")
        return name

    async def receive(self) -> Message:
        """Receive a piece of the body within its time and size."""
        if not self._more_body or self._room is None:
            # Only a disconnect can come, or the body of an upload, which has limits of its own.
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_IDLE_TIMEOUT_S):
                message = await self._receive()
        except TimeoutError as error:
            raise ProblemError(general.TIMEOUT) from error
        self._more_body = message.get("more_body", False)
        self._room -= len(message.get("body", b""))
        if self._room < 0:
            raise ProblemError(general.TOO_LARGE)
        return message

    async def send(self, message: Message) -> None:
        """Send a piece of the answer, with our headers on the first."""
        if message["type"] == "http.response.start":
            await self._take_small_body()
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            headers["x-request-id"] = self.id
        await self._send(message)

    async def _take_small_body(self) -> None:
        """Let a small body that nobody read come in before the answer goes out; an upload is asked for again anyway."""
        declared = Headers(scope=self._scope)
        length = declared.get("content-length", "")
        if self._room is None or not self._more_body or not length.isdigit() or "expect" in declared:
            return
        if not 0 < int(length) <= SMALL_BODY_BYTES:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SMALL_BODY_S):
                while self._more_body:
                    message = await self._receive()
                    self._more_body = message.get("more_body", False)

    async def refuse(self, error: ProblemError) -> None:
        """Answer with a problem, unless an answer has begun: then the connection just ends, visibly incomplete."""
        self._scope["state"]["problem"] = error.kind.name
        if self.status:
            raise ConnectionAbortedError("an answer broke off")
        answer = response(error, Headers(scope=self._scope).get("accept-language", ""))
        await answer(self._scope, self.receive, self.send)


def _host_of(scope: Scope) -> str:
    """Return the one host that a request names; empty when it names none, or two (RFC 9112, 3.2)."""
    named = {value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"}
    target = scope.get("state", {}).get(TARGET, b"/").decode("latin-1")
    if not target.startswith(("/", "*")):
        named.add(urlsplit(target).netloc.lower())
    twice = sum(name == b"host" for name, _ in scope["headers"]) != 1
    return "" if twice or len(named) != 1 else named.pop()


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Return the values of Host that mean this server."""
    public = urlsplit(settings.public_url)
    names = {public.netloc.rsplit("@", 1)[-1].lower(), f"{settings.host}:{settings.port}"}
    if settings.host in LOOPBACK:
        names |= {f"{name}:{settings.port}" for name in ("localhost", "127.0.0.1", "[::1]")}
    return frozenset(names)
