"""RFC 8876 to a control room that others wrote (sipp), and its XML against the schemas of the standards.

`schemas/cap-1.2.xsd` is OASIS's own. Those of PIDF-LO are written out after the RFCs and compared with the RFCs' own
(each says where it is stricter). The same documents were also checked with the RFCs' own schemas, and against the
geometry schemas of OGC's own GML 3.1.1, which are too large to keep here.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import xmlschema

from device_bridge.alarm.escalation import SECOND_AFTER_MS, unix_ms
from device_bridge.errors import RouteError
from device_bridge.routes import cap, sip_messages
from device_bridge.routes.line import Line, tls_context
from device_bridge.routes.sip import SipRoute
from device_bridge.routes.sip_exchange import Exchange
from device_bridge.settings import BridgeSettings
from device_bridge.wire.message import Kind, Told
from evidence import ids
from evidence.statements.bodies import AlarmKind, CloseReason
from tests.support.bridge_world import World, start_bridge, world
from tests.support.control_room import (
    CAP_SCHEMA,
    ROTTERDAM,
    SCHEMAS,
    SENDER,
    alert_of,
    control_room,
    dispatch,
    document_of,
)
from tests.support.lane_threads import reading_of
from tests.support.ports import free_port
from tests.support.tls_front import own_certificate, tls_front
from tests.support.waiting import patience, until

PIDF_FILES = ("pidf.xsd", "geopriv10.xsd", "basicPolicy.xsd", "pidflo-shapes.xsd", "gml-3.1.1-part.xsd")
PIDF_SCHEMA = xmlschema.XMLSchema(
    [SCHEMAS / name for name in PIDF_FILES],
    locations={cap.GML: str(SCHEMAS / "gml-3.1.1-part.xsd")},
)


def route(port: int, *, exercise: bool = False, tls: ssl.SSLContext | None = None) -> SipRoute:
    to = sip_messages.Address("meldkamer", "127.0.0.1", port, tls is not None)
    exchange = Exchange(to, Line("127.0.0.1", port, "the control room", tls))
    return SipRoute("sip-mk", exchange, SENDER, exercise=exercise)


@pytest.mark.parametrize("kind", ["press", "duress", "overdue", "test"])
@pytest.mark.parametrize("source", ["gps", "cell", "wifi", "beacon"])
def test_every_document_is_valid_by_its_schema(kind: AlarmKind, source: str) -> None:
    raised = dispatch(kind, replace(ROTTERDAM, source=source, accuracy_m=0))
    parties = cap.Parties(SENDER, "sips:meldkamer@rotterdam.example")
    later = ids.now()
    for what in (
        raised,
        replace(raised, location=None),
        replace(raised, duress_at=later),
        replace(raised, withdrawn_at=later),
        replace(raised, withdrawn_at=later, duress_at=later),
    ):
        CAP_SCHEMA.validate(cap.alert(what, parties, cap.status_of(what, exercise=False)))
        where = cap.location_object(what, parties)
        assert (where is None) is (what.location is None)
        if where is not None:
            PIDF_SCHEMA.validate(where)


def test_the_schemas_refuse_what_is_not_valid() -> None:
    parties = cap.Parties(SENDER, "sip:mk@room.example")
    good = cap.alert(dispatch(), parties, "Actual")
    where = cap.location_object(dispatch(), parties)
    assert where is not None
    assert not CAP_SCHEMA.is_valid(good.replace(b"Private", b"Secret"))
    assert not CAP_SCHEMA.is_valid(good.replace(b"+00:00</sent>", b"Z</sent>"))
    assert not PIDF_SCHEMA.is_valid(where.replace(b"radius", b"diameter"))
    assert not PIDF_SCHEMA.is_valid(where.replace(b"<gp:usage-rules />", b""))
    policy = b'<p:retransmission-allowed xmlns:p="urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy">'
    allowed = b"<gp:usage-rules>" + policy + b"yes</p:retransmission-allowed></gp:usage-rules>"
    assert PIDF_SCHEMA.is_valid(where.replace(b"<gp:usage-rules />", allowed.replace(b"yes", b"false")))
    assert not PIDF_SCHEMA.is_valid(where.replace(b"<gp:usage-rules />", allowed))
    assert not PIDF_SCHEMA.is_valid(where.replace(b"<gml:pos>51", b"<gml:pos>north 51"))


def test_an_update_and_a_cancel_name_what_came_before() -> None:
    parties = cap.Parties(SENDER, "sip:mk@room.example")
    first = replace(dispatch("duress"), raised_at=ids.Time("2026-11-22T10:00:00.500Z"))
    update = replace(first, duress_at=ids.Time("2026-11-22T10:00:07.000Z"))
    cancel = replace(update, withdrawn_at=ids.Time("2026-11-22T10:05:00.000Z"), location=None)
    told = [document_of(cap.alert(one, parties, "Actual")) for one in (first, update, cancel)]
    kinds = [(one["msgType"], one["identifier"]) for one in told]
    assert kinds == [
        ("Alert", first.alarm),
        ("Update", f"{first.alarm}.duress"),
        ("Cancel", f"{first.alarm}.cancel"),
    ]
    opened = f"{SENDER},{first.alarm},2026-11-22T10:00:00+00:00"
    raised = f"{SENDER},{first.alarm}.duress,2026-11-22T10:00:07+00:00"
    assert told[1]["references"] == opened
    assert told[2]["references"] == f"{opened} {raised}"


@pytest.mark.need("sipp")
def test_a_control_room_takes_the_alert_and_its_position(tmp_path: Path) -> None:
    what = dispatch()
    with control_room(tmp_path / "room", trying=True) as room:
        assert "SIP 200" in route(room.port).send(what).words
        (message,) = until(room.received, "sipp wrote down the message")
        alert = alert_of(room)
    assert message.request == f"MESSAGE {sip_messages.SERVICE} SIP/2.0"
    assert message.headers["call-info"].endswith(";purpose=EmergencyCallData.cap")
    assert [part.kind for part in message.parts] == [
        "application/emergencycalldata.cap+xml",
        "application/pidf+xml",
    ]
    assert (alert["identifier"], alert["status"], alert["scope"]) == (what.alarm, "Actual", "Private")
    assert alert["addresses"] == "sip:meldkamer@127.0.0.1"
    (info,) = alert["info"]
    assert info["area"][0]["circle"] == ["51.924400,4.477700 0.012"]
    assert {"valueName": "account", "value": what.device} in info["parameter"]
    PIDF_SCHEMA.validate(message.parts[1].content)
    assert b"51.924400 4.477700" in message.parts[1].content


@pytest.mark.need("sipp")
@pytest.mark.parametrize(
    ("kind", "exercise", "status"), [("press", True, "Exercise"), ("test", False, "Test"), ("test", True, "Test")]
)
def test_what_is_not_in_earnest_says_so_twice(tmp_path: Path, kind: AlarmKind, *, exercise: bool, status: str) -> None:
    with control_room(tmp_path / "room") as room:
        route(room.port, exercise=exercise).send(dispatch(kind))
        (message,) = until(room.received, "sipp wrote down the message")
        assert alert_of(room)["status"] == status
    assert message.request == f"MESSAGE {sip_messages.TEST_SERVICE} SIP/2.0"


@pytest.mark.need("sipp")
def test_a_bad_alert_is_a_failure_that_nothing_repeats(tmp_path: Path) -> None:
    with control_room(tmp_path / "room", "425 Bad Alert Message", 'AlertMsg-Error: 103;code="damaged"\n') as room:
        one = route(room.port)
        with pytest.raises(RouteError, match=r"425 Bad Alert Message, alert error 103.*corrupted") as refusal:
            one.send(dispatch())
    assert refusal.value.permanent


@pytest.mark.need("sipp")
@pytest.mark.parametrize(
    ("answer", "more", "permanent"),
    [
        ("503 Service Unavailable", "Retry-After: 5\n", False),
        ("486 Busy Here", "", False),
        ("302 Moved Temporarily", "", False),
        ("415 Unsupported Media Type", "", True),
        ("200 OK", "AlertMsg-Error: 102\n", True),
    ],
)
def test_every_other_answer_is_a_visible_failure(tmp_path: Path, answer: str, more: str, *, permanent: bool) -> None:
    with (
        control_room(tmp_path / "room", answer, more) as room,
        pytest.raises(RouteError, match=answer[:3]) as refusal,
    ):
        route(room.port).send(dispatch())
    assert refusal.value.permanent is permanent


@pytest.mark.need("sipp")
def test_a_position_that_is_refused_goes_in_the_alert_alone(tmp_path: Path) -> None:
    with control_room(tmp_path / "room", "424 Bad Location Information") as room:
        with pytest.raises(RouteError, match="424"):
            route(room.port).send(dispatch())
        until(lambda: len(room.received()) == 2, "it was sent again")
        with_position, without = room.received()
    assert [len(one.parts) for one in (with_position, without)] == [2, 1]
    assert "geolocation" not in without.headers


@pytest.mark.need("sipp", "openssl")
def test_over_tls_only_a_trusted_control_room_is_told(tmp_path: Path) -> None:
    shown = own_certificate(tmp_path)
    with control_room(tmp_path / "room") as room, tls_front(shown, room.port) as port:
        with pytest.raises(RouteError, match="certificate that is not trusted"):
            route(port, tls=tls_context(None)).send(dispatch())
        assert room.received() == []
        route(port, tls=tls_context(shown.certificate)).send(dispatch())
        (message,) = until(room.received, "sipp wrote down the message")
    assert message.headers["via"].startswith("SIP/2.0/TLS ")
    assert message.headers["route"].startswith("<sips:127.0.0.1:")


@contextmanager
def saying(answer: bytes, *, hold: bool = False) -> Iterator[int]:
    """Listen, read one request, say `answer` whatever was asked, and hang up (or not)."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(answer)
                if hold:
                    done.wait(patience(10))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        done.set()
        thread.join(patience(5))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "hung up"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "not SIP"),
        (b"SIP/2.0 200 OK\r\nCall-ID: another\r\nCSeq: 1 MESSAGE\r\n\r\n", "another request"),
        (b"SIP/2.0 200 OK\r\nContent-Length: many\r\n\r\n", "not SIP"),
        (b"SIP/2.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", "too long"),
        (b"x" * 40_000, "too long"),
    ],
)
def test_what_is_no_answer_is_a_visible_failure(answer: bytes, words: str) -> None:
    with saying(answer) as port:
        one = route(port)
        with pytest.raises(RouteError, match=words):
            one.send(dispatch())
        assert words in (one.watch.trouble or "")


def test_a_control_room_that_stays_silent_costs_three_seconds() -> None:
    with saying(b"SIP/2.0 100 Trying\r\n", hold=True) as port, pytest.raises(RouteError, match="in time"):
        route(port).send(dispatch())


@pytest.mark.need("sipp", "nats-server")
def test_an_alarm_reaches_it_by_the_plan_and_is_withdrawn_when_it_was_none(tmp_path: Path) -> None:
    with control_room(tmp_path / "room") as room, world(tmp_path / "world", count=1) as made:
        memory = made.new_device()
        _restart(made, control_rooms=(f"mk=sip:meldkamer@127.0.0.1:{room.port}",), sip_sender=SENDER)
        until(lambda: room.requests(b"OPTIONS"), "the poll asks whether it lives")
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, ROTTERDAM), Told.STORED, patience(5)) is not None
            until(lambda: _outcome(made) == "delivered", "the history says so")
            device.press(Kind.DURESS, ROTTERDAM)
            until(lambda: len(room.received()) == 2, "duress is an update")
            _close(made, "accidental")
            until(lambda: len(room.received()) == 3, "a cancel follows")
        told = [alert_of(room, index) for index in range(3)]
        kinds = [(one["msgType"], one["status"], one.get("references", "").count(SENDER)) for one in told]
        assert kinds == [("Alert", "Exercise", 0), ("Update", "Exercise", 1), ("Cancel", "Exercise", 2)]
        assert told[2]["references"].split()[1].split(",")[2] == told[1]["sent"]


@pytest.mark.need("sipp", "nats-server")
def test_a_genuine_alarm_is_not_withdrawn_when_it_is_closed(tmp_path: Path) -> None:
    with control_room(tmp_path / "room") as room, world(tmp_path / "world", count=1) as made:
        memory = made.new_device()
        _restart(made, control_rooms=(f"mk=sip:meldkamer@127.0.0.1:{room.port}",), sip_sender=SENDER)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, ROTTERDAM), Told.STORED, patience(5)) is not None
            until(lambda: _outcome(made) == "delivered", "the history says so")
            _close(made, "genuine")
        made.bridge.stop()
        made.bridge = start_bridge(made.settings)
        until(lambda: len(room.requests(b"OPTIONS")) >= 2, "the route had its turn again")
        assert len(room.received()) == 1


@pytest.mark.need("sipp", "nats-server")
def test_a_control_room_of_the_second_stage_hears_the_withdrawal_too(tmp_path: Path) -> None:
    with control_room(tmp_path / "room") as room, world(tmp_path / "world", count=1) as made:
        memory = made.new_device()
        more = {"second_control_rooms": (f"mk=sip:meldkamer@127.0.0.1:{room.port}",)}
        _restart(made, **more, sip_sender=SENDER)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, ROTTERDAM), Told.STORED, patience(5)) is not None
            (alarm,) = reading_of(made.bridge).newest_alarms(5)
            made.bridge.watch.look(unix_ms(alarm.raised_at) + SECOND_AFTER_MS)
            until(lambda: _outcome(made) == "delivered", "its stage came")
            _close(made, "technical")
            until(lambda: len(room.received()) == 2, "a cancel follows")
        assert [alert_of(room, index)["msgType"] for index in range(2)] == ["Alert", "Cancel"]


@pytest.mark.need("nats-server")
def test_an_alarm_that_never_left_is_not_withdrawn_but_dropped(tmp_path: Path) -> None:
    nobody = free_port()
    with world(tmp_path / "world", count=1) as made:
        memory = made.new_device()
        _restart(made, second_control_rooms=(f"mk=sip:meldkamer@127.0.0.1:{nobody}",), sip_sender=SENDER)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, ROTTERDAM), Told.STORED, patience(5)) is not None
            _close(made, "accidental")
        rows = reading_of(made.bridge).sql.execute("SELECT count(*) FROM outbox WHERE route = 'sip-mk'").fetchone()
        held = reading_of(made.bridge).sql.execute("SELECT count(*) FROM held WHERE route = 'sip-mk'").fetchone()
        assert (rows[0], held[0]) == (0, 0)


def _restart(made: World, **more: object) -> None:
    made.bridge.stop()
    made.settings = BridgeSettings.model_validate({**made.settings.model_dump(), **more})
    made.bridge = start_bridge(made.settings)


def _outcome(made: World) -> str | None:
    (alarm,) = reading_of(made.bridge).newest_alarms(5)
    return next((one.outcome for one in alarm.routes if one.route == "sip-mk"), None)


def _close(made: World, reason: CloseReason) -> None:
    """A dispatcher accepts and closes, over the feed as the console's server does."""
    (alarm,) = reading_of(made.bridge).newest_alarms(5)
    token = made.settings.token_file.read_text().strip()
    for act, why in (("accept", None), ("close", reason)):
        signed = made.organisation.act(made.organisation.dispatcher, act, alarm.alarm, why)
        answer = httpx.post(
            f"http://127.0.0.1:{made.bridge.feed_port}/alarms/{alarm.alarm}/acts",
            content=signed,
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text
