"""Browser sessions: a random token in a cookie that scripts cannot read; the database has only its hash."""

import base64
import binascii
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.responses import Response

from evidence import ids
from evidence.store.database.access import AccessStore, Session

COOKIE: Final = "getuige_session"
HOST_PREFIX: Final = "__Host-"
"""Over https a browser then takes the cookie from this very host only, for all paths, and never without TLS
(RFC 6265bis, 4.1.3.2): no neighbour under the same domain can plant one."""
TOKEN_BYTES: Final = 32
LIFETIME: Final = timedelta(hours=12)
"""The longest shift of a control room, and absolute: a session that is used does not live longer."""


def cookie_name(*, secure: bool) -> str:
    """Return the name of the session's cookie; `secure`: people reach this server over https."""
    return HOST_PREFIX + COOKIE if secure else COOKIE


def open_session(access: AccessStore, kid: ids.KeyId, response: Response, *, secure: bool) -> None:
    """Store a new session and put its token into the response's cookie. Blocks."""
    token = secrets.token_bytes(TOKEN_BYTES)
    now = datetime.now(UTC)
    access.open_session(token, Session(kid, ids.time_of(now + LIFETIME)), ids.time_of(now))
    response.set_cookie(
        cookie_name(secure=secure),
        base64.urlsafe_b64encode(token).decode(),
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def token_of(cookie: str) -> bytes | None:
    """Return the token in a cookie's value; None when it is none."""
    try:
        token = base64.urlsafe_b64decode(cookie)
    except (ValueError, binascii.Error):
        return None
    return token if len(token) == TOKEN_BYTES else None
