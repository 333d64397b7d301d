"""The API's contract over a `World`, for tests that freeze it or make it ill; a real HTTP server on a free port.

It serves our own pages (`server.web.pages`), checks every signature that a client makes, and can be told to fall
silent, to report trouble, or to send a press.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any, Self

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from device_bridge.figures import days
from evidence import canonical, ids, keys, schema
from evidence.envelope import container, pages, rings
from evidence.statements import bodies, statement
from evidence.statements.rules.erasure import ERASE_DELAY, ERASE_LAPSE
from server.items.routes import parse_range
from server.shifts.service import shown
from server.web.pages import router
from tests.support.page_world import LABELS, ORIGIN, World
from tests.support.waiting import until

HEARTBEAT_S = 2.0
STATES = {"claim": "claimed", "accept": "accepted", "dispatch": "dispatched", "on_scene": "on_scene", "close": "closed"}
ROLES = {"marit": "caseworker", "daan": "dispatcher"}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class StandIn:
    """The server and its switches; `url` is where it listens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.frozen = False
        self.health: dict[str, Any] = {
            "bridge": "1", "ok": True, "brokers": [{"name": "a", "connected": True}, {"name": "b", "connected": True}],
            "journal": {"trouble": None}, "routes": [],
        }  # fmt: skip
        self.leases: list[tuple[str, str]] = []
        self.awake: list[str] = []
        """Whose console said that it is awake, in order."""
        self.deaf = False
        self.rings: dict[str, bytes] = {}
        """Rings of opened keys, by who left them."""
        self.device: dict[str, Any] = {
            "device": world.device, "case": world.case, "profile": "3min", "covenant": "AWARE 12", "state": "ready",
            "reasons": [], "heard_at": ids.now(), "tested_at": None, "battery": 80,
            "lending": {"to": "client", "basis": "AWARE-convenant 12", "lent_at": "2026-05-01T10:00:00.000Z",
                        "review": "2026-10-28T10:00:00.000Z", "overdue": True, "returned_at": None, "condition": None},
        }  # fmt: skip
        self.statements: list[statement.Statement] = []
        self.erased: list[dict[str, Any]] = []
        self.signs: list[dict[str, str]] = []
        self.readers: dict[str, Any] | None = None
        self.alarms: dict[str, dict[str, Any]] = {}
        self.acts: list[statement.Statement] = []
        self.reports: list[tuple[str, str]] = []
        self._unsealed: dict[str, dict[str, Any]] = {}
        self.reads: list[tuple[str, str]] = []
        self.sent: dict[str, int] = {}
        self._locked = {handle: world.locked(handle) for handle in world.people}
        self._challenges: dict[bytes, str] = {}
        self._sessions: dict[str, str] = {}
        self._listeners: set[asyncio.Queue[tuple[str, Any]]] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self._app(), log_level="warning", timeout_graceful_shutdown=0)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self._server.started, "the stand-in starts")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def press(self, *, sealed: bool = True, **options: Any) -> str:  # noqa: ANN401 - handed on to World.press
        """A real press arrives; consoles are told, also while it is not sealed yet (`seal`)."""
        alarm: dict[str, Any] = self.world.press(**options)
        alarm["item"] = self._handed(alarm["item"])
        if not sealed:
            self._unsealed[alarm["alarm"]] = alarm["item"]
            alarm["item"] = None
        self.alarms[alarm["alarm"]] = alarm
        self.tell("alarm", alarm)
        return str(alarm["alarm"])

    def seal(self, alarm: str) -> None:
        """What was stored first is sealed now: the alarm gets its item."""
        self.alarms[alarm]["item"] = self._unsealed.pop(alarm)
        self.tell("alarm", dict(self.alarms[alarm]))

    def move(self, alarm: str, lat: str, lon: str, **options: Any) -> str:  # noqa: ANN401 - handed on to World.position
        """A real, sealed position arrives: the alarm carries it instead of the item before; nothing else changes."""
        item = self.world.position(alarm, lat, lon, **options)
        self.alarms[alarm]["item"] = self._handed(item)
        self.tell("alarm", dict(self.alarms[alarm]))
        return item

    def _handed(self, item: str) -> dict[str, Any]:
        blob = self.world.containers[item]
        held = [schema.encode(wrap) for wrap in container.parse_prefix(blob).head.wraps]
        return {"item": item, "head": b64(blob), "wraps": held}

    def tell(self, name: str, data: Any) -> None:  # noqa: ANN401 - any JSON
        """Send an event to every listening console."""
        for listener in list(self._listeners):
            assert self._loop is not None
            self._loop.call_soon_threadsafe(listener.put_nowait, (name, data))

    # ---------------------------------------------------------------------------------------------------- the API
    def _app(self) -> FastAPI:
        app = FastAPI()
        app.include_router(router)
        for method, path, handler in (
            ("GET", "/trust", self._trust),
            ("POST", "/sign-in/challenge", self._challenge),
            ("POST", "/sign-in/locked-key", self._locked_key),
            ("POST", "/sign-in/session", self._session),
            ("GET", "/session", self._who_am_i),
            ("DELETE", "/session", self._sign_out),
            ("GET", "/authority", self._authority),
            ("GET", "/cases", self._cases),
            ("GET", "/cases/{case}/timeline", self._timeline),
            ("GET", "/cases/{case}/ring", self._ring),
            ("PUT", "/cases/{case}/ring", self._keep_ring),
            ("GET", "/cases/{case}/erasures", self._erasures),
            ("GET", "/items/{item}/container", self._container),
            ("GET", "/receipts/{index}/proof", self._proof),
            ("GET", "/alarms", self._alarms),
            ("GET", "/alarms/stream", self._stream),
            ("GET", "/alarms/report", self._report),
            ("GET", "/shifts", self._shifts),
            ("GET", "/devices", self._devices),
            ("GET", "/devices/{device}", self._device),
            ("POST", "/statements", self._statement),
            ("POST", "/alarms/watching", self._watching),
            ("POST", "/alarms/{alarm}/acts", self._act),
            ("POST", "/alarms/{alarm}/lease", self._lease),
            ("GET", "/alarms/{alarm}/card", self._card),
        ):
            app.add_api_route(f"/api/v1{path}", handler, methods=[method], response_model=None)
        return app

    def _who(self, request: Request) -> str:
        handle = self._sessions.get(request.cookies.get("getuige_session", ""))
        if handle is None:
            raise HTTPException(401)
        return handle

    async def _trust(self) -> dict[str, Any]:
        root = self.world.root.sign_public.hex()
        return {"origin": ORIGIN, "log_vkey": self.world.log.vkey, "root": {"sign": root, "label": "test"}}

    async def _challenge(self, request: Request) -> dict[str, Any]:
        handle = (await request.json())["handle"]
        challenge = secrets.token_bytes(32)
        self._challenges[challenge] = handle
        known = self._locked.get(handle) or self._locked["marit"]
        return {"challenge": b64(challenge), "kdf": json.loads(known.to_bytes())["kdf"]}

    def _answered(self, body: dict[str, str], step: str, public: bytes) -> str:
        challenge = canonical.unb64(body["challenge"])
        if self._challenges.get(challenge) != body["handle"]:
            raise HTTPException(401)
        try:
            keys.verify(public, f"getuige/sign-in/{step}/v1\0".encode() + challenge, canonical.unb64(body["sig"]))
        except keys.SignatureError as error:
            raise HTTPException(401) from error
        return body["handle"]

    async def _locked_key(self, request: Request) -> dict[str, str]:
        body = await request.json()
        locked = self._locked.get(body["handle"])
        if locked is None:
            raise HTTPException(401)
        self._answered(body, "auth", bytes.fromhex(locked.auth))
        return {"locked": locked.locked}

    async def _session(self, request: Request) -> Response:
        body = await request.json()
        identity = self.world.people[body["handle"]]
        handle = self._answered(body, "session", identity.sign_public)
        token = secrets.token_hex(32)
        self._sessions[token] = handle
        answer = JSONResponse(self._describe(handle))
        answer.set_cookie("getuige_session", token, httponly=True, samesite="strict")
        return answer

    def _describe(self, handle: str) -> dict[str, Any]:
        kid = self.world.people[handle].kid
        shares = [
            {"xwing": one.xwing, "wrap": one.wrap, "suite": one.suite}
            for one in self.world.standing.shares.get(kid, ())
        ]
        return {"kid": kid, "role": ROLES[handle], "label": LABELS[handle], "shares": shares}

    async def _who_am_i(self, request: Request) -> dict[str, Any]:
        return self._describe(self._who(request))

    async def _sign_out(self, request: Request) -> Response:
        self._sessions.pop(request.cookies.get("getuige_session", ""), None)
        return Response(status_code=204)

    async def _authority(self, request: Request) -> dict[str, Any]:
        self._who(request)
        pairs = zip(self.world.statements, self.world.events, strict=True)
        return {
            "events": [
                {"index": one.index, "event": b64(one.event), "salt": one.salt.hex()}
                for made, one in pairs
                if made.case is None
            ]
        }

    async def _cases(self, request: Request) -> list[dict[str, Any]]:
        self._who(request)
        return [{"case": self.world.case, "opened_at": self.world.standing.cases[self.world.case].opened_at}]

    async def _timeline(self, request: Request, since: int = -1, limit: int = 1000) -> Response:
        self._who(request)
        pairs = list(zip(self.world.statements, self.world.events, strict=True))
        found = [self.world.row(made, one) for made, one in pairs if made.case and one.index > since]
        last = found[limit - 1].index if len(found) > limit else None
        case = self.world.standing.cases[self.world.case]
        lead = {"kid": case.body.lead, "label": LABELS["marit"], "role": "caseworker"}
        facts = {"case": self.world.case, "xwing": case.body.xwing, "vault": case.body.vault, "lead": lead,
                 "team": case.body.team, "opened_at": case.opened_at, "signs": self.signs,
                 "readers": self.readers}  # fmt: skip
        said = {"case": facts, "erased": self.erased, "next": last, "log": {"size": len(pairs)}}
        return Response(pages.write(canonical.encode(said), found[:limit]), media_type=pages.MEDIA_TYPE)

    async def _ring(self, request: Request) -> Response:
        found = self.rings.get(self._who(request))
        return Response(status_code=204) if found is None else Response(found, media_type=rings.MEDIA_TYPE)

    async def _keep_ring(self, request: Request) -> Response:
        who, data = self._who(request), await request.body()
        rings.parse(data)
        self.rings[who] = data
        return Response(status_code=204)

    async def _erasures(self, request: Request, case: str) -> dict[str, Any]:
        self._who(request)
        assert case == self.world.case
        found = []
        for name, one in self.world.standing.erasures.items():
            delays = (ERASE_DELAY, ERASE_LAPSE)
            due, lapses = (ids.time_of(ids.moment_of(one.requested_at) + after) for after in delays)
            open_ = "waiting" if one.approved else "asked"
            found.append({
                "erasure": name, "state": "cancelled" if one.ended else open_, "items": sorted(one.items),
                "asked_at": one.requested_at, "due_at": due, "lapses_at": lapses, "executed_at": one.executed_at,
                "locked_until": None,
            })  # fmt: skip
        return {"erasures": found}

    async def _container(self, request: Request, item: str) -> Response:
        self.reads.append((self._who(request), item))
        blob = self.world.containers[item]
        wanted = parse_range(request.headers.get("range"), len(blob))
        first, last = wanted or (0, len(blob) - 1)
        self.sent[item] = self.sent.get(item, 0) + last + 1 - first
        headers = {} if wanted is None else {"content-range": f"bytes {first}-{last}/{len(blob)}"}
        status = 200 if wanted is None else 206
        return Response(blob[first : last + 1], status, headers, media_type="application/octet-stream")

    async def _proof(self, request: Request, index: int) -> Response:
        self._who(request)
        return Response(self.world.proof(index), media_type="text/plain")

    async def _alarms(self, request: Request) -> dict[str, Any]:
        self._who(request)
        return {"alarms": list(self.alarms.values()), "health": self.health}

    async def _stream(self, request: Request) -> StreamingResponse:
        self._who(request)
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._listeners.add(queue)

        async def body() -> AsyncIterator[str]:
            try:
                while self.frozen:  # noqa: ASYNC110 - the switch is thrown in another thread
                    await asyncio.sleep(0.05)  # a server that hangs takes the connection and says nothing
                yield _sse("health", self.health)
                while True:
                    with contextlib.suppress(TimeoutError):
                        name, data = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                        if not self.frozen:
                            yield _sse(name, data)
                        continue
                    if not self.frozen:
                        yield _sse("heartbeat", {})
            finally:
                self._listeners.discard(queue)

        return StreamingResponse(body(), media_type="text/event-stream")

    async def _act(self, request: Request, alarm: str) -> Response:
        handle = self._who(request)
        identity = self.world.people[handle]
        made = statement.parse(await request.body())
        statement.verified(made, {identity.kid: identity.sign_public})
        self.world.record(made)
        self.acts.append(made)
        found = self.alarms[alarm]
        person = {"kid": identity.kid, "label": LABELS[handle]}
        act = made.type.removeprefix("alarm.")
        if act == "look":
            found["looked"] = {"by": person, "at": made.at}
        if act == "take_over":
            found["accepted_by"] = person
        state = STATES.get(act, found["state"])
        what = {"look": "looked", "take_over": "taken_over"}.get(act, state)
        if isinstance(made.body, bodies.AlarmClose):
            what = f"closed: {made.body.reason}"
        found |= {"state": state, "history": [*found["history"], {"at": made.at, "what": what, "by": person["label"]}]}
        if act in ("claim", "accept"):
            found[f"{state}_by"] = person
        if isinstance(made.body, bodies.AlarmClose):
            found["closed"] = {"reason": made.body.reason, "by": person, "at": made.at}
        self.tell("alarm", found)
        return JSONResponse(found)

    async def _watching(self, request: Request) -> Response:
        self.awake.append(self._who(request))
        return Response(status_code=204)

    async def _shifts(self, request: Request) -> dict[str, Any]:
        self._who(request)
        standing = self.world.standing
        rows = [shown(standing, name, one).model_dump() for name, one in standing.shifts.items()]
        return {"shifts": sorted(rows, key=lambda row: str(row["began_at"]), reverse=True)}

    async def _report(self, request: Request, since: str, until: str) -> dict[str, Any]:
        """Count what was pressed here with the bridge's own figures."""
        self._who(request)
        self.reports.append((since, until))
        counts = dict.fromkeys(days.COUNTS, 0)
        told = [one for one in self.alarms.values() if since <= one["raised_at"] < until]
        for one in told:
            counts[one["closed"]["reason"] if one["closed"] else "open"] += 1
        row = {"device": self.world.device, **counts, "presses": len(told), "battery": 14,
               "heard_at": ids.now(), "tested_at": None}  # fmt: skip
        return {"since": since, "until": until, "live": not self.deaf, "devices": [] if self.deaf else [row]}

    async def _devices(self, request: Request) -> dict[str, Any]:
        self._who(request)
        return {"live": True, "devices": [self.device]}

    async def _device(self, request: Request, device: str) -> dict[str, Any]:
        self._who(request)
        assert device == self.device["device"]
        at = "2026-11-20T10:00:00.000Z"
        press = {"alarm": "9b" * 16, "kind": "press", "raised_at": at, "state": "closed", "reason": "accidental"}
        missed = [{"since": at, "seconds": 720}]
        return {"live": True, "device": self.device, "test_due": at, "missed": missed, "presses": [press]}

    async def _statement(self, request: Request) -> Response:
        """Take a signed act that is no act on an alarm, under the authority rules; nothing when `deaf`."""
        self._who(request)
        if self.deaf:
            return Response(status_code=503)
        made = statement.parse(await request.body())
        self.world.record(made)
        self.statements.append(made)
        return JSONResponse({"receipt": {}}, status_code=201)

    async def _lease(self, request: Request, alarm: str) -> Response:
        self.leases.append((self._who(request), alarm))
        return Response(status_code=204)

    async def _card(self, request: Request, alarm: str) -> dict[str, Any]:
        self.reads.append((self._who(request), f"card of {alarm}"))
        prefix = container.parse_prefix(self.world.containers[self.world.card])
        wraps = [schema.encode(wrap) for wrap in prefix.head.wraps]
        return {"head": b64(prefix.to_bytes()), "wraps": wraps}


def _sse(name: str, data: Any) -> str:  # noqa: ANN401 - any JSON
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
