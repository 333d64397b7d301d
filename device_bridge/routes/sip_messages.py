"""SIP requests and answers as bytes, for alarms to emergency control rooms (RFC 8876) and care centres (SCAIP). Pure.

A MESSAGE (RFC 3428) carries a CAP document and a PIDF-LO document side by side (RFC 8876 section 5, RFC 6442), or one
document of SCAIP; the connection is in `device_bridge.routes.sip_exchange`, logging in in
`device_bridge.routes.sip_digest`. No dialog, media or registration.
"""

import re
from dataclasses import dataclass
from typing import Final

from device_bridge.errors import RouteError
from device_bridge.routes import sip_digest

SERVICE: Final = "urn:service:sos.police"
TEST_SERVICE: Final = "urn:service:test.sos.police"
"""What is asked for (RFC 5031), and its harmless twin for tests and exercises (RFC 6881 section 15)."""

MAX_ANSWER_BYTES: Final = 16 * 1024
"""An answer has a few hundred bytes; one that is longer comes from something else."""

OK: Final = 200
MULTIPLE_CHOICES: Final = 300
BAD_REQUEST: Final = 400
BAD_LOCATION: Final = 424
BAD_ALERT: Final = 425

_ALERT_ERRORS: Final = {
    "100": "cannot process the alert payload",
    "101": "alert payload was not present or could not be found",
    "102": "not enough information to determine the purpose of the alert",
    "103": "alert payload was corrupted",
}
"""RFC 8876 section 7.4. Our own words for the code: what the other side wrote beside it is not shown."""

_STATUS_LINE: Final = re.compile(rb"SIP/2\.0 ([1-6]\d\d) ([^\r\n]{0,200})")
_INCOMING: Final = re.compile(rb"MESSAGE [^\r\n ]{1,500} SIP/2\.0\r\n")
_END_OF_HEADERS: Final = b"\r\n\r\n"
_ECHOED: Final = (b"via", b"v", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq")

PORTS: Final = {"sip": 5060, "sips": 5061}
_URI: Final = re.compile(r"(sips?):([A-Za-z0-9._~-]{1,64})@([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?")
_LAST_PORT: Final = 65535


@dataclass(frozen=True)
class Address:
    """Where a control room takes SIP: user part, host, port, and whether the connection is TLS (`sips`)."""

    user: str
    host: str
    port: int
    tls: bool

    @staticmethod
    def parse(text: str) -> "Address | None":
        """Read `sips:user@host:port` (without a port the usual one); None for anything else."""
        found = _URI.fullmatch(text)
        if found is None:
            return None
        scheme, user, host, port = found.groups()
        number = int(port) if port else PORTS[scheme]
        return Address(user, host.strip("[]"), number, scheme == "sips") if 0 < number <= _LAST_PORT else None

    @property
    def uri(self) -> str:
        """The address as both sides write it, without the port."""
        return f"{'sips' if self.tls else 'sip'}:{self.user}@{self.host}"

    @property
    def route(self) -> str:
        """The next hop, for a Route header (RFC 3261 section 20.34)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"<{'sips' if self.tls else 'sip'}:{host}:{self.port};transport=tcp;lr>"


@dataclass(frozen=True)
class Call:
    """What makes one request different from every other: fresh random names, and our end of the connection.

    `sequence` counts the requests of one exchange; `login` is a header line that answers a challenge; `uri` is who is
    asked after a redirect, in place of the service (RFC 3261 sections 22.2 and 8.1.3.4).
    """

    sender: str
    call_id: str
    branch: str
    tag: str
    local: tuple[str, int]
    sequence: int = 1
    login: str | None = None
    uri: str | None = None


@dataclass(frozen=True)
class Answer:
    """A final or provisional answer: status, and the code of an AlertMsg-Error if it has one.

    `challenges` are the header values of a 401 or 407, `contacts` the addresses of a redirect, `body` what follows the
    headers.
    """

    status: int
    reason: str
    alert_error: str | None
    challenges: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    body: bytes = b""

    @property
    def is_final(self) -> bool:
        """Whether nothing more follows."""
        return self.status >= OK

    @property
    def is_taken(self) -> bool:
        """Whether the other side took the request and found nothing wrong with the alert in it."""
        return OK <= self.status < MULTIPLE_CHOICES and self.alert_error is None

    @property
    def is_elsewhere(self) -> bool:
        """Whether the other side says to ask somebody else."""
        return MULTIPLE_CHOICES <= self.status < BAD_REQUEST

    @property
    def words(self) -> str:
        """The answer in a few words for people."""
        said = f"{self.status} {self.reason}".strip()
        if self.alert_error is None:
            return said
        return f"{said}, alert error {self.alert_error}: {_ALERT_ERRORS.get(self.alert_error, 'not a registered code')}"


def message(to: Address, call: Call, service: str, alert: bytes, location: bytes | None) -> bytes:
    """Return a MESSAGE with the CAP document, and the PIDF-LO document if there is one."""
    domain = call.sender.rpartition("@")[2]
    boundary = f"b{call.tag}{call.branch}"
    parts = [_part(boundary, "application/EmergencyCallData.cap+xml", f"alert@{domain}", alert)]
    headers = [
        f"Call-Info: <cid:alert@{domain}>;purpose=EmergencyCallData.cap",
        "Priority: emergency",
        "Accept: application/pidf+xml, application/EmergencyCallData.cap+xml",
    ]
    if location is not None:
        parts.append(_part(boundary, "application/pidf+xml", f"location@{domain}", location))
        headers += [f"Geolocation: <cid:location@{domain}>", "Geolocation-Routing: yes"]
    headers.append(f"Content-Type: multipart/mixed;boundary={boundary}")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return _request("MESSAGE", service, f"<{service}>", to, call, headers, body)


def document(to: Address, call: Call, kind: str, content: bytes) -> bytes:
    """Return a MESSAGE to an address, with one document."""
    return _request("MESSAGE", to.uri, f"<{to.uri}>", to, call, [f"Content-Type: {kind}"], content)


def options(to: Address, call: Call) -> bytes:
    """Return an OPTIONS: it only asks whether the other side lives (RFC 3261 section 11)."""
    return _request("OPTIONS", to.uri, f"<{to.uri}>", to, call, ["Accept: application/sdp"], b"")


def whole_message(received: bytes) -> int | None:
    """Return how many bytes the first whole message takes (keep-alive line ends before it included), None if more come.

    RouteError when what came is longer than an answer, or its length cannot be read.
    """
    if len(received) > MAX_ANSWER_BYTES:
        raise RouteError("the receiver's answer is too long", code="receiver-odd")
    text = received.lstrip(b"\r\n")
    skipped = len(received) - len(text)
    end = text.find(_END_OF_HEADERS)
    if end < 0:
        return None
    fields = _fields(text[:end])
    length = fields.get("content-length", fields.get("l", "0"))
    if not (length.isascii() and length.isdecimal()):
        raise RouteError("the receiver's answer is not SIP", code="receiver-odd")
    many = len(length) > len(str(MAX_ANSWER_BYTES))  # Python itself refuses to read a number of thousands of digits
    total = MAX_ANSWER_BYTES + 1 if many else skipped + end + len(_END_OF_HEADERS) + int(length)
    if total > MAX_ANSWER_BYTES:
        raise RouteError("the receiver's answer is too long", code="receiver-odd")
    return total if len(received) >= total else None


def parse_answer(received: bytes, call: Call, method: str) -> Answer:
    """Read an answer to `call`; RouteError when it is damaged, or answers another request."""
    text = received.lstrip(b"\r\n")
    line = _STATUS_LINE.match(text)
    if line is None:
        raise RouteError("the receiver's answer is not SIP", code="receiver-odd")
    fields = _fields(text.partition(_END_OF_HEADERS)[0])
    sequence = fields.get("cseq", "").split()
    if fields.get("call-id", fields.get("i", "")) != call.call_id or sequence != [str(call.sequence), method]:
        raise RouteError("the receiver answered another request", code="receiver-odd")
    error = fields.get("alertmsg-error", "")[:3]
    reason = "".join(one for one in line[2].decode("ascii", "replace") if one.isprintable())
    status, head = int(line[1]), text.partition(_END_OF_HEADERS)[0]
    contacts = tuple(_bare(one) for name in ("contact", "m") for one in _values(head, name))
    challenges = _values(head, sip_digest.header_of(status)[0])
    return Answer(status, reason[:60], error or None, challenges, contacts, _body(text))


def incoming(received: bytes) -> bytes | None:
    """Return the body of a MESSAGE that the other side sends of its own; None when it is another kind of request."""
    text = received.lstrip(b"\r\n")
    return _body(text) if _INCOMING.match(text) else None


def taken(received: bytes, tag: str) -> bytes:
    """Return a `200 OK` to a request that was received (RFC 3261 section 8.2.6.2)."""
    lines = received.lstrip(b"\r\n").partition(_END_OF_HEADERS)[0].split(b"\r\n")[1:]
    echoed = [b"SIP/2.0 200 OK"]
    for line in lines:
        name = line.partition(b":")[0].strip().lower()
        if name in _ECHOED:
            ours = name in (b"to", b"t") and b";tag=" not in line
            echoed.append(line + f";tag={tag}".encode() if ours else line)
    return b"\r\n".join([*echoed, b"Content-Length: 0"]) + _END_OF_HEADERS


def _body(text: bytes) -> bytes:
    return text.partition(_END_OF_HEADERS)[2]


def _values(head: bytes, name: str) -> tuple[str, ...]:
    """Return every value of a header that may stand there several times."""
    rows = (line.decode("utf-8", "replace").partition(":") for line in head.split(b"\r\n")[1:])
    return tuple(value.strip() for field, _, value in rows if field.strip().lower() == name)


def _bare(contact: str) -> str:
    """Return the address in a Contact, without a name, angle brackets and parameters."""
    inner = contact.partition("<")[2].partition(">")[0] if "<" in contact else contact
    return inner.partition(";")[0].strip()


def _fields(head: bytes) -> dict[str, str]:
    """Return header fields by lower-case name; of a repeated one the first, which is all that is asked for here."""
    found: dict[str, str] = {}
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        found.setdefault(name.strip().lower(), value.strip())
    return found


def _request(method: str, uri: str, to: str, hop: Address, call: Call, more: list[str], body: bytes) -> bytes:
    host, port = call.local
    near = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [
        f"{method} {call.uri or uri} SIP/2.0",
        f"Via: SIP/2.0/{'TLS' if hop.tls else 'TCP'} {near};branch=z9hG4bK{call.branch};rport",
        "Max-Forwards: 70",
        f"From: <{call.sender}>;tag={call.tag}",
        f"To: {to}",
        f"Call-ID: {call.call_id}",
        f"CSeq: {call.sequence} {method}",
        f"Route: {hop.route}",
        *([] if call.login is None else [call.login]),
        *more,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode("ascii") + _END_OF_HEADERS + body


def _part(boundary: str, kind: str, name: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: {kind}\r\nContent-ID: <{name}>\r\n"
        "Content-Disposition: by-reference;handling=optional\r\n\r\n"
    )
    return head.encode("ascii") + content + b"\r\n"
