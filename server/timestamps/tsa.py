"""Time stamp authorities over HTTP (RFC 3161, 3.4), asked side by side, or a development one in this process.

The setting GETUIGE_TSA is an address, or names a file in the form of `evidence.custody.time.tsa_policy` whose tsa lines
end in addresses; the certificates that it pins stand beside it in `tsa-roots.pem`. One that is down or lies costs
nothing while others answer: it is told of in the log, in the metrics and by `getuige doctor`.
"""

import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import structlog

from evidence import files
from evidence.bundle.checking import trust
from evidence.custody.errors import TimestampError, TsaPolicyError
from evidence.custody.time import quorum
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.custody.time.quorum import AGREE_WITHIN, Vouched
from evidence.custody.time.timestamp import DIGEST_BYTES, MAX_TOKEN_BYTES, TimestampAuthority, TimestampInfo
from evidence.custody.time.tsa_policy import TrustedTsas, TsaPolicy
from server.layout import Layout
from server.settings import DEVELOPMENT, Settings, SettingsError, StandInError

TIMEOUT_S: Final = 15.0
"""Qualified authorities answer within a second; later answers are asked for again at the next round."""

GRACE_S: Final = 3.0
"""How long the others are waited for after an answer: the log does not grow meanwhile, and one that hangs is no use."""

_SHA256_IMPRINT: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DER of MessageImprint up to the 32 bytes of a SHA-256 digest."""

STAMPED, NO_ANSWER, REFUSED, ASIDE = "stamped", "no-answer", "refused", "aside"
OUTCOMES: Final = (STAMPED, NO_ANSWER, REFUSED, ASIDE)
"""What becomes of a question: a token; nothing; a token that does not hold; one whose time contradicts all others."""

_log = structlog.get_logger(__name__)


def request_der(digest: bytes, nonce: int) -> bytes:
    """Return a TimeStampReq (RFC 3161, 2.4.1): version 1, the digest, a nonce, certificates wanted."""
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1)
    body = b"\x02\x01\x01" + _SHA256_IMPRINT + digest + b"\x02" + bytes([len(number)]) + number + b"\x01\x01\xff"
    return b"\x30" + bytes([len(body)]) + body


@dataclass(frozen=True)
class HttpTsa:
    """A TSA at an address; its token is checked against pinned roots by whoever uses it."""

    url: str
    development: bool = False

    @property
    def name(self) -> str:
        """The address, by which messages speak of it."""
        return self.url

    def stamp(self, digest: bytes) -> bytes:
        """Return a TimeStampResp (DER); TimestampError when there is none to be had."""
        if len(digest) != DIGEST_BYTES:
            raise TimestampError("timestamps are over SHA-256 digests")
        headers = {"content-type": "application/timestamp-query"}
        content, until = request_der(digest, secrets.randbits(63)), time.monotonic() + TIMEOUT_S
        token = bytearray()
        try:
            with httpx.stream("POST", self.url, content=content, headers=headers, timeout=TIMEOUT_S) as answer:
                answer.raise_for_status()
                for piece in answer.iter_bytes():
                    token += piece
                    if len(token) > MAX_TOKEN_BYTES or time.monotonic() > until:
                        raise TimestampError("the time stamping authority's answer is too long, or takes too long")
        except httpx.HTTPError as error:
            raise TimestampError(f"the time stamping authority gave no token ({type(error).__name__})") from error
        return bytes(token)


@dataclass(frozen=True)
class Stamps:
    """Tokens over one digest by authority, and those that contradict every other clock."""

    kept: Mapping[str, bytes]
    aside: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class TsaPanel:
    """The authorities that stamp heads, by name (empty for the only one). `trusted`: None where no root is at hand."""

    authorities: Mapping[str, TimestampAuthority]
    trusted: TrustedTsas | None = None
    tell: Callable[[str, str], None] = field(default=lambda _name, _outcome: None)
    """Hears the outcome of each question, for the metrics."""

    @property
    def development(self) -> bool:
        """True when one of them is a stand-in that production must refuse."""
        return any(one.development for one in self.authorities.values())

    def stamp_all(self, digest: bytes) -> Stamps:
        """Ask all of them at once; return the tokens that hold.

        Raises:
            TimestampError: none gave one; the text says why for one of them.
        """
        answers, errors = self._ask(digest)
        held: dict[str, Vouched] = {}
        for name, token in answers.items():
            try:
                held[name] = self._checked(name, token, digest)
            except TimestampError as error:
                errors[name] = error
        for name in self.authorities.keys() - held.keys():
            self._tell(name, REFUSED if name in answers else NO_ANSWER, errors.get(name))
        if not held:
            raise next(iter(errors.values()), TimestampError("no time stamp authority answered"))
        aside = _contradicting(held, datetime.now(UTC)) if self.trusted is not None else set()
        for name in held:
            self._tell(name, ASIDE if name in aside else STAMPED)
        kept = {name: answers[name] for name in held if name not in aside}
        return Stamps(kept, {name: answers[name] for name in aside})

    def _ask(self, digest: bytes) -> tuple[dict[str, bytes], dict[str, TimestampError]]:
        """Return answers and errors by name; whoever is too late is in neither."""
        heard: queue.SimpleQueue[tuple[str, bytes | TimestampError]] = queue.SimpleQueue()

        def ask(name: str, authority: TimestampAuthority) -> None:
            try:
                heard.put((name, authority.stamp(digest)))
            except TimestampError as error:
                heard.put((name, error))

        for one in self.authorities.items():
            threading.Thread(target=ask, args=one, daemon=True, name="tsa").start()
        answers: dict[str, bytes] = {}
        errors: dict[str, TimestampError] = {}
        until = time.monotonic() + 2 * TIMEOUT_S  # connecting and reading each have their own limit
        while len(answers) + len(errors) < len(self.authorities):
            try:
                name, said = heard.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if isinstance(said, TimestampError):
                errors[name] = said
                continue
            answers[name] = said
            until = min(until, time.monotonic() + GRACE_S)
        return answers, errors

    def _checked(self, name: str, token: bytes, digest: bytes) -> Vouched:
        if self.trusted is None:
            return Vouched(name, _UNREAD)
        tsa, info = quorum.identify(token, digest, self.trusted)
        if name not in ("", tsa.name):
            raise TimestampError(f"the token of {name} is under the roots of {tsa.name or 'somebody else'}")
        return Vouched(name, info)

    def _tell(self, name: str, outcome: str, error: TimestampError | None = None) -> None:
        self.tell(name, outcome)
        if outcome != STAMPED:
            why = {} if error is None else {"error": type(error).__name__}
            _log.warning("time stamp authority", authority=name or "only", state=outcome, **why)


_UNREAD: Final = TimestampInfo(datetime.min.replace(tzinfo=UTC), "", "", None, datetime.max.replace(tzinfo=UTC))
"""Of a token that nobody here can check: its roots are with the verifiers only."""


def _contradicting(held: Mapping[str, Vouched], now: datetime) -> set[str]:
    """Return the authorities that stand alone against the others and against this clock.

    A majority settles it at the verifier's, who sees the loser's token. Without one this clock decides, but only
    between the authorities: when it agrees with none of them, it is this clock that is wrong.
    """
    if not quorum.settle(list(held.values())).torn:
        return set()
    near = {
        name
        for name, one in held.items()
        if abs(one.info.time - now) <= AGREE_WITHIN + (one.info.latest - one.info.time)
    }
    return set(held) - near if near else set()


def policy_files(settings: Settings) -> dict[str, str]:
    """Return the trust anchors that GETUIGE_TSA brings: the policy and the certificates that it pins.

    Raises:
        SettingsError: the files cannot be used; the text says why.
    """
    path = Path(settings.tsa)
    try:
        policy, roots = path.read_text(), path.with_name(trust.TSA_ROOTS).read_text()
        TsaPolicy.parse(policy).with_roots(trust.split_pem(roots))
    except (OSError, UnicodeDecodeError, TsaPolicyError) as error:
        raise SettingsError(f"GETUIGE_TSA: {path}, or {trust.TSA_ROOTS} beside it, cannot be used: {error}") from error
    return {trust.TSA_POLICY: policy, trust.TSA_ROOTS: roots}


def choose(settings: Settings, layout: Layout, tell: Callable[[str, str], None] = lambda _n, _o: None) -> TsaPanel:
    """Return the authorities of the settings.

    Raises:
        SettingsError: see `policy_files`.
        StandInError: in production, when an address is without https.
    """
    if settings.tsa == DEVELOPMENT:
        files.make_folder(layout.tsa)
        return TsaPanel({"": DevelopmentTsa.in_folder(layout.tsa)}, _pinned(layout), tell)
    if settings.tsa.startswith(("http://", "https://")):
        return TsaPanel({"": HttpTsa(settings.tsa)}, _pinned(layout), tell)
    anchors = policy_files(settings)
    policy = TsaPolicy.parse(anchors[trust.TSA_POLICY])
    addresses = {tsa.name: tsa.url for tsa in policy.tsas if tsa.url is not None}
    if not addresses:
        raise SettingsError("GETUIGE_TSA: no tsa line ends in an address, so nobody can be asked")
    if settings.mode == "production" and any(not url.startswith("https://") for url in addresses.values()):
        raise StandInError("GETUIGE_MODE=production refuses time stamp authorities without https")
    trusted = policy.with_roots(trust.split_pem(anchors[trust.TSA_ROOTS]))
    return TsaPanel({name: HttpTsa(url) for name, url in addresses.items()}, trusted, tell)


def _pinned(layout: Layout) -> TrustedTsas | None:
    """Return what readers trust, if that is known here."""
    try:
        return trust.read_tsas(layout.trust)
    except (OSError, TsaPolicyError):
        return None
