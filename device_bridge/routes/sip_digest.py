"""Digest login at a control room (RFC 3261 section 22 as updated by RFC 8760): the answer to a challenge. Pure.

MD5 is there because most SIP servers still speak nothing else; the control room's order decides (RFC 8760 section 2.4).
The password never leaves this machine, but whoever hears an MD5 answer on a line without TLS can guess at it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from device_bridge.errors import RouteError, SettingsError

UNAUTHORIZED: Final = 401
PROXY_UNAUTHORIZED: Final = 407

MAX_TEXT: Final = 200
"""Of a realm or a nonce: real ones have some tens of characters."""

_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_COUNT: Final = "00000001"
"""Each nonce is used once: every exchange begins with a challenge of its own."""

_MEMBER: Final = re.compile(r'([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.IGNORECASE)
_LOGIN: Final = re.compile(r"([A-Za-z0-9._~@+-]{1,64}):([^\r\n]{1,128})")


@dataclass(frozen=True)
class Login:
    """The name and password that were agreed on with a control room."""

    user: str
    password: str = field(repr=False)

    @staticmethod
    def parse(text: str) -> "Login":
        """Read `name:password`; SettingsError otherwise, which never shows what was read."""
        found = _LOGIN.fullmatch(text.strip())
        if found is None:
            raise SettingsError("a control room's login is one line: name:password")
        return Login(*found.groups())


@dataclass(frozen=True)
class Challenge:
    """What a control room asks to be answered: `quality` is `auth`, or empty when it names none (RFC 2069)."""

    realm: str
    nonce: str
    algorithm: str
    quality: str
    opaque: str | None


def choose(challenges: Iterable[str]) -> Challenge:
    """Return the first challenge of several header values that can be answered; RouteError when there is none."""
    for text in challenges:
        scheme, _, rest = text.strip().partition(" ")
        members = {name.lower(): quoted or plain for name, quoted, plain in _MEMBER.findall(rest)}
        algorithm = members.get("algorithm", "MD5").upper()
        qualities = [one.strip() for one in members.get("qop", "").lower().split(",") if one.strip()]
        realm, nonce, opaque = members.get("realm", ""), members.get("nonce", ""), members.get("opaque")
        known = scheme.lower() == "digest" and algorithm in _HASHES and (not qualities or "auth" in qualities)
        if known and nonce and text.isascii() and max(len(realm), len(nonce), len(opaque or "")) <= MAX_TEXT:
            return Challenge(realm, nonce, algorithm, "auth" if qualities else "", opaque)
    raise RouteError("the receiver asks for a login of a kind that is not known here", about="digest")


def answer(challenge: Challenge, login: Login, method: str, uri: str, fresh: str) -> str:
    """Return the value of an Authorization or Proxy-Authorization header; `fresh` is a random text used once."""

    def digest(*parts: str) -> str:
        return _HASHES[challenge.algorithm](":".join(parts).encode())

    who, what = digest(login.user, challenge.realm, login.password), digest(method, uri)
    quoted = {"username": login.user, "realm": challenge.realm, "nonce": challenge.nonce, "uri": uri}
    plain = {"algorithm": challenge.algorithm}
    if challenge.quality:
        quoted["response"] = digest(who, challenge.nonce, _COUNT, fresh, challenge.quality, what)
        quoted["cnonce"] = fresh
        plain |= {"qop": challenge.quality, "nc": _COUNT}
    else:
        quoted["response"] = digest(who, challenge.nonce, what)
    if challenge.opaque is not None:
        quoted["opaque"] = challenge.opaque
    members = [f'{name}="{value}"' for name, value in quoted.items()] + [f"{name}={one}" for name, one in plain.items()]
    return "Digest " + ", ".join(members)


def header_of(status: int) -> tuple[str, str]:
    """Return the header that holds the challenge of a 401 or 407, in lower case, and the one that answers it."""
    if status == PROXY_UNAUTHORIZED:
        return "proxy-authenticate", "Proxy-Authorization"
    return "www-authenticate", "Authorization"
