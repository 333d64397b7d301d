"""The feed of a bridge, spoken by a program of the tests over real HTTP: what it says is set by the test."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from evidence import ids
from tests.support.waiting import patience, until

ALARM = "9b" * 16
TOKEN = "een-geheim-van-de-brug"


class Bridge:
    """Speaks the feed's protocol; what it says is set by the test."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.changes: list[tuple[str, dict[str, Any]]] = []
        self.acts: list[bytes] = []
        self.seen: list[str | None] = []
        self.leases: list[str] = []
        self.answer: tuple[int, dict[str, Any]] = (200, {"alarm": ALARM, "state": "claimed"})
        self.silent = False
        self.rows: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.standing: list[dict[str, Any]] = []
        self.watching: list[list[str]] = []

    async def stream(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"reason": "token"}, 401)
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[bytes]:
        health = {"ok": True, "troubles": []}
        first = {"alarm": ALARM, "state": "raised", "raised_at": "2026-11-21T22:00:00.000Z", "card": None}
        yield self._line("snapshot", {"alarms": [first], "health": health})
        told = 0
        while True:
            while told < len(self.changes):
                yield self._line(*self.changes[told])
                told += 1
            if not self.silent:
                yield self._line("heartbeat", {"at": ids.now()})
            await asyncio.sleep(0.05)

    @staticmethod
    def _line(name: str, data: dict[str, Any]) -> bytes:
        return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()

    async def act(self, request: Request) -> Response:
        self.acts.append(await request.body())
        self.seen.append(request.headers.get("if-match"))
        status, document = self.answer
        return JSONResponse(document, status)

    async def devices(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"reason": "token"}, 401)
        return JSONResponse({"devices": self.standing})

    async def days(self, request: Request) -> Response:
        self.asked.append(dict(request.query_params))
        return JSONResponse({"devices": self.rows})

    async def lease(self, request: Request) -> Response:
        self.leases.append((await request.json())["kid"])
        status, document = self.answer
        return Response(status_code=204) if status == 200 else JSONResponse(document, status)

    async def watchers(self, request: Request) -> Response:
        self.watching.append((await request.json())["on_shift"])
        return Response(status_code=204)

    @contextmanager
    def running(self) -> Iterator[None]:
        app = Starlette(
            routes=[
                Route("/feed", self.stream),
                Route("/devices", self.devices),
                Route("/days", self.days),
                Route("/alarms/{alarm}/acts", self.act, methods=["POST"]),
                Route("/alarms/{alarm}/lease", self.lease, methods=["POST"]),
                Route("/watchers", self.watchers, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(app, port=self.port, log_config=None, timeout_graceful_shutdown=0)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started, "the bridge starts")
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(patience(10))
