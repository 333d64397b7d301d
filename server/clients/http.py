"""HTTP as every reference client speaks it: signed requests (RFC 9421), problems (RFC 9457) as errors.

A client has no token that could be stolen: it signs each request with its own key. When its clock is off, the
server says so together with its own time; the client then corrects the `created` parameter (nothing else: no
time inside a signed statement is ever taken from the server) and asks once more.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlsplit

import httpx

from evidence import canonical
from evidence.errors import FormatError
from server.clients.errors import DistrustError, RefusedError, StoppedError, UnreachableError

CONNECT_TIMEOUT_S: Final = 5.0
"""A server that is there answers a connection in milliseconds; longer means that it is not there."""

READ_TIMEOUT_S: Final = 60.0
"""The slowest answer is an upload's last PATCH: the server hashes and flushes the whole file before it."""

MAX_ANSWER_BYTES: Final = 256 * 1024 * 1024
"""Of one JSON answer: the list of a large organisation's cases and keys, many times over."""

MAX_WAIT_DIGITS: Final = 9
"""Thirty years in seconds: a `Retry-After` that is longer is none."""

PROBLEM_PREFIX: Final = "urn:getuige:problem:"
"""Type URIs of the server's problem registry."""


def reader_language(environment: Mapping[str, str]) -> Literal["nl", "en"]:
    """Return the language in which the server's words are asked for: Dutch where the locale is Dutch, else English.

    The first of POSIX's three that is set decides (POSIX.1-2017, base definitions, 8.2); our own texts are English.
    """
    said = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "nl" if said.partition("_")[0] == "nl" else "en"


class RequestSigner(Protocol):
    """Signs one HTTP request (RFC 9421 section 3.1)."""

    def headers(
        self, method: str, url: str, body: bytes | None, created: datetime, more: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the headers to add: Signature-Input, Signature, and Content-Digest when there is a body."""
        ...


@dataclass
class Api:
    """One server, seen by one client. `signer` is absent for what anyone may ask."""

    url: str
    signer: RequestSigner | None = None
    language: str = field(default_factory=lambda: reader_language(os.environ))
    skew: timedelta = timedelta(0)
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the connection pool; a connection is made at the first request."""
        self.url = self.url.rstrip("/")
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        # trust_env=False: a proxy of the surroundings would see when she logs something.
        self._http = httpx.Client(timeout=timeout, trust_env=False, headers={"Accept-Language": self.language})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON has no narrower type
        """Return the JSON answer of a GET."""
        return _json(self.send("GET", path, query=query))

    def get_bytes(self, path: str, **query: str | int) -> bytes:
        """Return the body of a GET."""
        return self.send("GET", path, query=query).content

    def post(self, path: str, value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
        """Return the JSON answer of a POST of `value` as JSON."""
        return self.write("POST", path, json.dumps(value).encode())

    def write(self, method: str, path: str, body: bytes) -> Any:  # noqa: ANN401 - JSON has no narrower type
        """Return the JSON answer (None when there is none) to a JSON `body` that is sent as it is."""
        answer = self.send(method, path, body=body, headers={"content-type": "application/json"})
        return _json(answer) if answer.content else None

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        stream: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> httpx.Response:
        """Send one request and return its answer (2xx).

        A `stream` is sent once and never repeated; a `body` is repeated once after a correction of the clock.

        Raises:
            UnreachableError: no answer came.
            RefusedError: the server answered with a problem.
        """
        for last in (stream is not None, True):
            request = self._request(method, path, body, stream, headers or {}, query)
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                raise _unreachable(self.url, error) from error
            if answer.is_success:
                return answer
            problem = _problem(answer)
            if last or not self._corrected(problem, answer):
                raise problem
        raise AssertionError("the loop always returns or raises")  # pragma: no cover

    @contextmanager
    def streaming(self, path: str, *, headers: Mapping[str, str] | None = None) -> Iterator[httpx.Response]:
        """Yield the answer of a GET whose body is read piece by piece.

        Raises:
            UnreachableError: no answer came, or it stopped half-way.
            RefusedError: the server answered with a problem.
        """
        request = self._request("GET", path, None, None, headers or {}, None)
        try:
            answer = self._http.send(request, stream=True)
            try:
                if not answer.is_success:
                    answer.read()
                    raise _problem(answer)
                yield answer
            finally:
                answer.close()
        except httpx.TransportError as error:
            raise _unreachable(self.url, error) from error

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        stream: Iterable[bytes] | None,
        headers: Mapping[str, str],
        query: Mapping[str, str | int] | None,
    ) -> httpx.Request:
        """Build the request and sign what RFC 9421 must cover."""
        request = self._http.build_request(
            method,
            self.url + path,
            content=stream if stream is not None else body,
            headers=headers,
            params=query or None,
        )
        if self.signer is not None:
            now = datetime.now(UTC) + self.skew
            request.headers.update(self.signer.headers(method, str(request.url), body, now, headers))
        return request

    def _corrected(self, problem: RefusedError, answer: httpx.Response) -> bool:
        """Take over the server's time when that is what it complained about."""
        if problem.name != "clock":
            return False
        try:
            said = canonical.decode(answer.content)["server_time"]
            self.skew = datetime.fromisoformat(said) - datetime.now(UTC)
        except (FormatError, KeyError, TypeError, ValueError):
            return False
        return True


def relative(url: str, location: str) -> str:
    """Return the path (and query) of a Location header on the server at `url`; RFC 9110 section 10.2.2.

    Raises:
        RefusedError: the location leads to another server.
    """
    parts = urlsplit(location)
    if parts.netloc and (parts.scheme, parts.netloc) != urlsplit(url)[:2]:
        raise RefusedError(502, "location", f"The server sent this client to another server: {location}")
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Read an answer as strictly as everything else; DistrustError when it can be read in two ways, or in none."""
    try:
        return canonical.decode(answer.content, MAX_ANSWER_BYTES)
    except FormatError as error:
        raise DistrustError(f"The server's answer cannot be read: {error}. Nothing was believed.") from error


def _unreachable(url: str, error: httpx.TransportError) -> UnreachableError:
    return UnreachableError(f"No answer from {url} ({type(error).__name__}). What is kept here stays here.")


def _problem(answer: httpx.Response) -> RefusedError:
    """Turn a problem document, or whatever else came, into the one error that callers handle."""
    try:
        document = canonical.decode(answer.content)
    except FormatError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    wait = answer.headers.get("retry-after", "")
    retry_after_s = int(wait) if wait.isdecimal() and len(wait) <= MAX_WAIT_DIGITS else 0
    inner = document.get("refused")
    status = inner.get("status") if isinstance(inner, dict) else None
    if isinstance(inner, dict) and isinstance(status, int):
        return StoppedError(_refused(inner, status, retry_after_s), document.get("receipts"))
    return _refused(document, answer.status_code, retry_after_s)


def _refused(document: Mapping[str, Any], status: int, retry_after_s: int) -> RefusedError:
    words = (str(document.get("title", f"HTTP {status}")).rstrip("."), str(document.get("detail", "")))
    return RefusedError(
        status,
        str(document.get("type", "")).removeprefix(PROBLEM_PREFIX),
        " ".join(filter(None, (". ".join(filter(None, words)), _why(document)))),
        reason=str(document.get("reason", "")),
        retry_after_s=retry_after_s,
        receipt=str(document.get("receipt", "")),
        stored=document.get("stored"),
        head=str(document.get("head", "")),
    )


def _why(document: Mapping[str, Any]) -> str:
    """Return what a problem says is wrong, for texts that announce it: the places of a form, or the rule's word."""
    errors = document.get("errors")
    named = (
        [f"{one.get('where')}: {one.get('what')}" for one in errors if isinstance(one, dict)]
        if isinstance(errors, list)
        else []
    )
    said = "; ".join(named) or str(document.get("reason", ""))
    return f"({said})" if said else ""
