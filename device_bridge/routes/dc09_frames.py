"""SIA DC-09 frames as bytes: what alarm centres speak. Pure; the connection is in `device_bridge.routes.dc09`.

ANSI/SIA DC-09 (2013, 2021, 2026): `LF CRC 0LLL "id" seq Lpref #acct [ data ] xdata _timestamp CR`. Encrypted frames are
AES-CBC with a zero vector, so 16 to 31 random bytes lead the plaintext (2026, 5.4.4.3), and neither the length
nor the account is hidden: carry it inside TLS or WireGuard. A frame holds account, code and position; never a name
or an address.
"""

import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from device_bridge.errors import RouteError, SettingsError
from device_bridge.wire.message import Location
from evidence.statements.bodies import AlarmKind

MessageId = Literal["SIA-DCS", "ADM-CID"]
Answer = Literal["ACK", "NAK", "DUH", "RSP"]

MAX_FRAME_BYTES: Final = 1024
"""Our own frames have about 300 bytes; an answer that is longer comes from something else."""

LAST_SEQUENCE: Final = 9999
KEY_BYTES: Final = (16, 24, 32)
_BLOCK: Final = 16
_PAD_ALPHABET: Final = (string.ascii_letters + string.digits).encode()
_TIMESTAMP: Final = "_%H:%M:%S,%m-%d-%Y"
_HEADER_BYTES: Final = 9
_BINARY_HEADER_BYTES: Final = 7
"""LF, a CRC of two raw bytes, and the length."""

CODES: Final[dict[AlarmKind, tuple[str, str]]] = {
    "press": ("PA", "120"),
    "duress": ("HA", "121"),
    "overdue": ("QA", "102"),
    "test": ("RP", "602"),
}
"""Kind → SIA DC-03 code, Contact ID (DC-05) code. A tampered device is not the alarm centre's business.

Contact ID has *fail to report in* (102); DC-03 has not, so there it is an emergency (QA)."""


@dataclass(frozen=True)
class Line:
    """What both sides agreed on: the key (or None), the line prefix and the receiver number."""

    key: bytes | None
    prefix: str = "L0"
    receiver: str = ""

    def __post_init__(self) -> None:
        """Refuse a key of another length than AES has."""
        if self.key is not None and len(self.key) not in KEY_BYTES:
            raise SettingsError("a DC-09 key has 16, 24 or 32 bytes")


@dataclass(frozen=True)
class Reply:
    """A receiver's answer: what it says, to which sequence number (0 for NAK), and its clock, which a NAK tells."""

    answer: Answer
    sequence: int
    at: datetime | None = None


def alarm_frame(
    line: Line,
    message_id: MessageId,
    sequence: int,
    account: str,
    kind: AlarmKind,
    location: Location | None,
    at: datetime,
) -> bytes:
    """Return the frame that reports an alarm, with its position when there is one."""
    dcs, contact_id = CODES[kind]
    data = f"#{account}|Nri1/{dcs}1" if message_id == "SIA-DCS" else f"#{account}|1{contact_id} 01 001"
    return _frame(line, message_id, sequence, account, f"{data}]{_position(location)}", at)


def null_frame(line: Line, sequence: int, account: str, at: datetime) -> bytes:
    """Return the frame that only asks whether the receiver lives."""
    return _frame(line, "NULL", sequence, account, f"#{account}|]" if line.key else "]", at)


def first_frame(received: bytes) -> bytes | None:
    """Return the first frame of what was received, None while it is not all there.

    It ends at the first CR behind its length: no body holds one, but a CRC in two raw bytes may. Receivers send NUL or
    LF behind it, which belongs to nothing.
    """
    end = received.find(b"\r", _BINARY_HEADER_BYTES)
    return None if end < 0 else received[: end + 1]


def parse_reply(frame: bytes) -> Reply:
    """Read a receiver's answer; RouteError when it is damaged or something else."""
    if len(frame) < _HEADER_BYTES + 2 or frame[:1] != b"\n" or frame[-1:] != b"\r":
        raise RouteError("the receiver's answer is not a DC-09 frame")
    body = frame[_HEADER_BYTES:-1]
    if _has_binary_crc(frame):
        words = "the receiver answers with a binary CRC (two raw bytes); DC-09 wants four hexadecimal characters"
        raise RouteError(f"{words}, which is a setting of the receiver")
    if frame[1:5].upper() != f"{crc(body):04X}".encode() or frame[5:9].upper() != f"{len(body):04X}".encode():
        raise RouteError("the receiver's answer is damaged")
    token, _, rest = body.removeprefix(b'"').partition(b'"')
    name = token.removeprefix(b"*").decode("ascii", "replace")
    if name not in ("ACK", "NAK", "DUH", "RSP") or not rest[:4].isdigit():
        raise RouteError("the receiver answered something else than ACK, NAK or DUH")
    return Reply(name, int(rest[:4]), _told_time(rest))  # type: ignore[arg-type] # one of the four, checked above


def _told_time(rest: bytes) -> datetime | None:
    """Return the receiver's clock, if it stands at the end (5.5.1.9: a NAK tells it, so that ours can follow)."""
    try:
        stamp = rest[rest.rindex(b"_") :].decode("ascii")
        return datetime.strptime(stamp, _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _has_binary_crc(frame: bytes) -> bool:
    """Whether the CRC stands there as two bytes, as some receivers send it, and fits."""
    body = frame[_BINARY_HEADER_BYTES:-1]
    length = f"{len(body):04X}".encode()
    return body[:1] == b'"' and frame[3:7].upper() == length and frame[1:3] == crc(body).to_bytes(2, "big")


def crc(body: bytes) -> int:
    """CRC-16 (ARC) over the body of a frame, as DC-09 wants it."""
    value = 0
    for byte in body:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


def _frame(line: Line, name: str, sequence: int, account: str, content: str, at: datetime) -> bytes:
    rest = content + at.astimezone(UTC).strftime(_TIMESTAMP)
    star = ""
    if line.key is not None:
        star, rest = "*", _encrypt(line.key, f"|{rest}".encode("ascii"))
    body = f'"{star}{name}"{sequence:04d}{line.receiver}{line.prefix}#{account}[{rest}'.encode("ascii")
    return b"\n" + f"{crc(body):04X}{len(body):04X}".encode() + body + b"\r"


def _encrypt(key: bytes, plain: bytes) -> str:
    size = _BLOCK + -len(plain) % _BLOCK
    pad = bytes(secrets.choice(_PAD_ALPHABET) for _ in range(size))
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).encryptor()
    return (encryptor.update(pad + plain) + encryptor.finalize()).hex().upper()


def _position(location: Location | None) -> str:
    if location is None:
        return ""
    east = "E" if location.lon >= 0 else "W"
    north = "N" if location.lat >= 0 else "S"
    return f"[X{_degrees(location.lon, 3, east)}][Y{_degrees(location.lat, 2, north)}]"


def _degrees(value: float, digits: int, side: str) -> str:
    thousandths = round(abs(value) * 60_000)
    whole, rest = divmod(thousandths, 60_000)
    return f"{whole:0{digits}d}{side}{rest / 1000:06.3f}"
