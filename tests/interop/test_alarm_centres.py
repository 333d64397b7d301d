"""SIA DC-09 to receivers that others wrote: pysiaalarm takes the frames, in TLS and out, siadc09 decodes the bytes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import siadc09.message

from device_bridge.errors import RouteError
from device_bridge.routes import dc09_frames
from device_bridge.routes.dc09 import Dc09Route, sequence_of
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import Line, tls_context
from device_bridge.settings import BridgeSettings
from device_bridge.wire.message import Kind, Location, Told
from evidence import ids, keyfile
from evidence.statements import bodies
from evidence.statements.bodies import AlarmKind
from tests.support.alarm_centre import KEY, alarm_centre
from tests.support.bridge_world import start_bridge, world
from tests.support.lane_threads import reading_of
from tests.support.ports import free_port
from tests.support.tls_front import own_certificate, tls_front
from tests.support.waiting import patience, until

ROTTERDAM = Location(51.9244, 4.4777, 12, 3, "gps")
SOUTH_WEST = Location(-33.4489, -70.6693, 12, 3, "gps")


def dispatch(kind: AlarmKind = "press", location: Location | None = ROTTERDAM) -> Dispatch:
    return Dispatch(
        ids.AlarmId(ids.new_id()), ids.DeviceId(ids.new_id()), kind, ids.now(), location, accounts={"dc09-1": "C0FFEE"}
    )


@pytest.mark.parametrize(("kind", "code"), [("press", "PA"), ("duress", "HA"), ("overdue", "QA"), ("test", "RP")])
def test_pysiaalarm_acknowledges_an_encrypted_alarm_with_its_position(kind: AlarmKind, code: str) -> None:
    with alarm_centre() as (port, received):
        what = dispatch(kind)
        said = Dc09Route("dc09-1", Line("127.0.0.1", port, "the alarm centre"), dc09_frames.Line(KEY)).send(what)
        until(lambda: received, "the handler runs after the ACK")
    assert "ACK" in said.words
    (alarm,) = received
    assert (alarm["code"], alarm["encrypted"], alarm["account"]) == (code, True, "C0FFEE")
    assert (alarm["longitude"], alarm["latitude"]) == ("004E28.662", "51N55.464")
    assert int(alarm["sequence"]) == sequence_of(what)


def test_a_receiver_that_refuses_the_position_gets_the_alarm_without_it() -> None:
    with alarm_centre() as (port, received):
        said = Dc09Route("dc09-1", Line("127.0.0.1", port, "the alarm centre"), dc09_frames.Line(KEY), "ADM-CID").send(
            dispatch()
        )
        until(lambda: received, "the handler runs")
    assert "without" in said.words
    assert (received[0]["code"], received[0]["latitude"]) == ("PA", None)


@pytest.mark.parametrize("kind", ["press", "duress", "overdue", "test"])
def test_a_receiver_of_contact_id_takes_every_kind(kind: AlarmKind) -> None:
    with alarm_centre() as (port, received):
        line = Line("127.0.0.1", port, "the alarm centre")
        said = Dc09Route("dc09-1", line, dc09_frames.Line(KEY), "ADM-CID").send(dispatch(kind, None))
        until(lambda: received, "the handler runs")
    assert "ACK" in said.words


def test_another_key_is_a_visible_failure() -> None:
    with alarm_centre() as (port, received):
        route = Dc09Route("dc09-1", Line("127.0.0.1", port, "the alarm centre"), dc09_frames.Line(bytes(32)))
        with pytest.raises(RouteError, match=r"\(NAK\): clock, key|has another key \(DUH\)") as failure:
            route.send(dispatch())
    assert not failure.value.permanent, "the centre may be given the right key while the alarm is open"
    assert received == []


@pytest.mark.parametrize("message_id", ["SIA-DCS", "ADM-CID"])
@pytest.mark.parametrize("location", [None, ROTTERDAM, SOUTH_WEST])
def test_siadc09_decodes_the_same_frames(message_id: dc09_frames.MessageId, location: Location | None) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    frame = dc09_frames.alarm_frame(dc09_frames.Line(KEY), message_id, 4711, "00C0FFEE", "press", location, now)
    decoded = siadc09.message.parse_frame(frame, KEY)
    assert (decoded.seq, decoded.account.acct, decoded.timestamp) == (4711, 0x00C0FFEE, now)
    assert "Panic" in str(decoded.data)
    values = {one.prefix: one.value for one in decoded.xdata}
    expected = {
        None: {},
        ROTTERDAM: {"X": "004E28.662", "Y": "51N55.464"},
        SOUTH_WEST: {"X": "070W40.158", "Y": "33S26.934"},
    }
    assert values == expected[location]


def test_two_equal_alarms_do_not_look_equal_on_the_wire() -> None:
    now = datetime.now(UTC)
    frames = {
        dc09_frames.alarm_frame(dc09_frames.Line(KEY), "SIA-DCS", 1, "1234", "press", None, now) for _ in range(8)
    }
    assert len(frames) == 8, "random bytes lead the plaintext, because the vector is always zero"


@pytest.mark.need("openssl")
def test_over_tls_only_a_trusted_alarm_centre_is_told(tmp_path: Path) -> None:
    shown = own_certificate(tmp_path)
    with alarm_centre() as (behind, received), tls_front(shown, behind) as port:
        for context, words in (
            (tls_context(None), "not trusted"),
            (None, "did not answer|cannot be reached|not a DC-09"),
        ):
            with pytest.raises(RouteError, match=words):
                Dc09Route("dc09-1", Line("127.0.0.1", port, "the alarm centre", context), dc09_frames.Line(KEY)).send(
                    dispatch()
                )
        assert received == []
        trusted = Line("127.0.0.1", port, "the alarm centre", tls_context(shown.certificate))
        assert "ACK" in Dc09Route("dc09-1", trusted, dc09_frames.Line(KEY)).send(dispatch()).words
        until(lambda: received, "the handler runs after the ACK")


@pytest.mark.need("openssl")
def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    shown = own_certificate(tmp_path, "DNS:another.example")
    with alarm_centre() as (behind, _), tls_front(shown, behind) as port:
        line = Line("127.0.0.1", port, "the alarm centre", tls_context(shown.certificate))
        with pytest.raises(RouteError, match="not trusted"):
            Dc09Route("dc09-1", line, dc09_frames.Line(KEY)).send(dispatch())


@pytest.mark.need("openssl")
def test_the_null_poll_goes_over_tls_too(tmp_path: Path) -> None:
    shown = own_certificate(tmp_path)
    with alarm_centre() as (behind, received), tls_front(shown, behind) as port:
        line = Line("127.0.0.1", port, "the alarm centre", tls_context(shown.certificate))
        route = Dc09Route("dc09-1", line, dc09_frames.Line(KEY))
        assert route.watch.trouble == "not tried yet"
        route.watch.start()
        until(lambda: route.watch.trouble is None, "the poll finds the line well")
        route.watch.stop()
    assert [one["message"] for one in received] == ["NULL"]


@contextmanager
def receiver(*answers: bytes) -> Iterator[int]:
    """Listen, and give each connection the next answer, raw."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                line, _ = server.accept()
                with line:
                    line.recv(1024)
                    line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join(patience(5))


def framed(body: bytes) -> bytes:
    return b"\n" + f"{dc09_frames.crc(body):04X}{len(body):04X}".encode() + body + b"\r"


@pytest.mark.parametrize(
    ("answer", "key", "permanent"),
    [
        (framed(b'"DUH"0001L0#1234[]'), None, True),
        (framed(b'"DUH"0001L0#1234[]'), KEY, False),
        (framed(b'"ACK"0000L0#1234[]'), KEY, False),
        (framed(b'"HI"0001L0#1234[]'), KEY, False),
        (b"\n00000012" + b'"ACK"0001L0#1234[]' + b"\r", KEY, False),
        (b"HTTP/1.1 200 OK\r", KEY, False),
        (b"", KEY, False),
    ],
)
def test_every_other_answer_is_a_visible_failure(answer: bytes, key: bytes | None, *, permanent: bool) -> None:
    with receiver(answer) as port:
        route = Dc09Route("dc09-1", Line("127.0.0.1", port, "the alarm centre"), dc09_frames.Line(key))
        with pytest.raises(RouteError) as failure:
            route.send(dispatch(location=None))
        assert failure.value.permanent is permanent
        assert route.watch.trouble is not None


@pytest.mark.need("nats-server")
def test_a_press_reaches_the_alarm_centre_and_a_dead_one_shows_in_the_history(tmp_path: Path) -> None:
    keyfile.load_or_create(tmp_path / "secrets" / "alarm-centre-live.key", lambda: KEY.hex().encode())
    keyfile.load_or_create(tmp_path / "secrets" / "alarm-centre-dead.key", lambda: KEY.hex().encode())
    nobody = free_port()
    with alarm_centre() as (port, received), world(tmp_path, count=1) as made:
        memory = made.new_device()
        made.bridge.stop()
        centres = (f"live=127.0.0.1:{port}", f"dead=127.0.0.1:{nobody}")
        settings = BridgeSettings(**{**made.settings.model_dump(), "alarm_centres": centres})
        made.bridge = start_bridge(settings)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, ROTTERDAM), Told.STORED, patience(5)) is not None
            until(lambda: [one for one in received if one["message"] != "NULL"], "the alarm centre has it")

        def outcomes() -> dict[str, str]:
            (alarm,) = reading_of(made.bridge).newest_alarms(5)
            return {report.route: report.outcome for report in alarm.routes}

        expected = {"dc09-live": "delivered", "dc09-dead": "failed", "console-feed": "failed"}
        until(lambda: outcomes() == expected, "every outcome is in the history")
        until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
        said = [one.body for one in made.organisation.journal()]
        delivered = {(body.route, body.outcome) for body in said if isinstance(body, bodies.AlarmDeliver)}
        assert delivered >= set(expected.items())
    (alarm,) = [one for one in received if one["message"] != "NULL"]
    assert alarm["latitude"] == "51N55.464"
    assert not {"name", "address"} & alarm.keys()
