"""sipp as an emergency control room: it answers OPTIONS, and each MESSAGE with what the test wants.

Nobody here wrote sipp. Its log of received messages is what the test looks at.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import xmlschema

from device_bridge.routes.dispatch import Dispatch
from device_bridge.wire.message import Location
from evidence import ids
from evidence.statements.bodies import AlarmKind
from tests.support.ports import free_port
from tests.support.programs import need
from tests.support.waiting import patience, until

OK = "200 OK"

_SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="control room">
 <recv request="OPTIONS" optional="true" next="alive"/>
 <recv request="MESSAGE"/>
{provisional}
 <send next="end"><![CDATA[
SIP/2.0 {answer}
[last_Via:]
[last_From:]
[last_To:];tag=psap[call_number]
[last_Call-ID:]
[last_CSeq:]
{more}Content-Length: 0

]]></send>
 <label id="alive"/>
 <send next="end"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=psap[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
 <label id="end"/>
</scenario>
"""

_TRYING = """ <send><![CDATA[
SIP/2.0 100 Trying
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
"""

_RECEIVED = re.compile(rb"message received \[(\d+)\] bytes :\n\n")


@dataclass(frozen=True)
class Part:
    """One part of a received MESSAGE."""

    kind: str
    content: bytes


@dataclass(frozen=True)
class Received:
    """One MESSAGE as sipp received it."""

    request: str
    headers: dict[str, str]
    parts: tuple[Part, ...]


@dataclass
class ControlRoom:
    """A running sipp; `received` reads its log."""

    port: int
    folder: Path

    def requests(self, method: bytes) -> list[bytes]:
        """Return each whole request of a method."""
        found = []
        for log in self.folder.glob("*_messages.log"):
            data = log.read_bytes()
            for match in _RECEIVED.finditer(data):
                request = data[match.end() : match.end() + int(match[1])]
                if request.startswith(method + b" "):
                    found.append(request)
        return found

    def received(self) -> list[Received]:
        """Return every MESSAGE, its parts taken from one another by Python's own MIME parser."""
        return [_parsed(one) for one in self.requests(b"MESSAGE")]


@contextmanager
def control_room(
    folder: Path, answer: str = OK, more: str = "", *, trying: bool = False, port: int = 0, played: str | None = None
) -> Iterator[ControlRoom]:
    """Run sipp; `more` is further header lines of its answer to a MESSAGE. `played`: another scenario than that."""
    folder.mkdir(parents=True)
    scenario = folder / "room.xml"
    usual = _SCENARIO.format(answer=answer, more=more, provisional=_TRYING if trying else "")
    scenario.write_text(played or usual)
    port = port or free_port()
    command = [
        *(str(need("sipp")), "-sf", str(scenario), "-t", "t1", "-i", "127.0.0.1", "-p", str(port)),
        *("-nostdin", "-trace_msg", "-aa", "-cp", str(free_port())),
    ]
    log = folder / "sipp.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    try:
        until(lambda: _listens(port), "sipp listens")
        yield ControlRoom(port, folder)
    finally:
        process.terminate()
        try:
            process.wait(patience(5))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    """Look whether somebody listens, without a connection that sipp would count."""
    wanted = f":{port:04X} "
    lines = Path("/proc/net/tcp").read_text().splitlines()
    time.sleep(0.05)
    return any(wanted in line.split("00000000:0000")[0] and " 0A " in line for line in lines)


def _parsed(request: bytes) -> Received:
    line, _, rest = request.partition(b"\r\n")
    message = message_from_bytes(rest, policy=policy.HTTP)
    parts = tuple(
        Part(part.get_content_type(), bytes(part.get_payload(decode=True)))
        for part in message.walk()
        if not part.is_multipart()
    )
    return Received(line.decode(), {name.lower(): str(value) for name, value in message.items()}, parts)


SCHEMAS = Path(__file__).parents[1] / "interop" / "schemas"


ROTTERDAM = Location(51.9244, 4.4777, 12, 3, "gps")


SENDER = "sip:bridge@getuige.example"


CAP_SCHEMA = xmlschema.XMLSchema(SCHEMAS / "cap-1.2.xsd")


def dispatch(kind: AlarmKind = "press", location: Location | None = ROTTERDAM) -> Dispatch:
    accounts = {"c1": "C0FFEE"}
    return Dispatch(ids.AlarmId(ids.new_id()), ids.DeviceId(ids.new_id()), kind, ids.now(), location, accounts=accounts)


def alert_of(room: ControlRoom, index: int = 0) -> dict[str, Any]:
    """Return the CAP document of a MESSAGE, valid by its schema, as a dictionary."""
    part = room.received()[index].parts[0]
    assert part.kind == "application/emergencycalldata.cap+xml"
    return document_of(part.content)


def document_of(content: bytes) -> dict[str, Any]:
    """Return a CAP document as a dictionary; raises when it is not valid by its schema."""
    document: dict[str, Any] = CAP_SCHEMA.to_dict(content)  # type: ignore[assignment] # no other form without errors
    return document
