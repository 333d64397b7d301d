"""SCAIP to a care centre that sipp plays: it knows no more of the protocol than `docs/formats/scaip.md` says.

A scenario is not a peer: it shows that our bytes are SIP, that both ways of answering are read, and what each status
comes to. Whether a real centre takes them is found out with that centre.
"""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from device_bridge.errors import RouteError, SettingsError
from device_bridge.routes import scaip_messages, sip_messages
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import Line
from device_bridge.routes.receivers import CareCentre
from device_bridge.routes.scaip import ScaipRoute
from device_bridge.routes.scaip_messages import Status
from device_bridge.routes.sip_exchange import Exchange
from device_bridge.settings import BridgeSettings
from device_bridge.wire.message import Kind, Location, Told
from evidence.statements.bodies import AlarmKind
from tests.support.bridge_world import account_of, start_bridge, world
from tests.support.control_room import ROTTERDAM, SENDER, ControlRoom, control_room, dispatch
from tests.support.lane_threads import reading_of
from tests.support.waiting import patience, until

ACCOUNT = "4711"

_HEAD = """
[last_Via:]
[last_From:]
[last_To:];tag=zc[call_number]
[last_Call-ID:]
[last_CSeq:]
"""
_PLAYED = (
    """<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="care centre">
 <recv request="OPTIONS" optional="true" next="alive"/>
 <recv request="MESSAGE">
  <action><ereg regexp="&lt;ref&gt;([0-9a-zA-Z]+)&lt;/ref&gt;" search_in="msg" assign_to="whole,ref"/></action>
 </recv>
{answered}
 <label id="alive"/>
 <send next="end"><![CDATA[
SIP/2.0 200 OK"""
    + _HEAD
    + """Content-Length: 0

]]></send>
 <label id="end"/>
 <nop hide="true"><action><assignstr assign_to="whole" value="[$ref]"/></action></nop>
</scenario>
"""
)
_OK = (
    """ <send><![CDATA[
SIP/2.0 200 OK"""
    + _HEAD
    + """Content-Length: 0

]]></send>
"""
)
_TELLING = """ <send><![CDATA[
MESSAGE sip:{account}@getuige.example SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:alarm@127.0.0.1>;tag=zc[call_number]
To: <sip:{account}@getuige.example>
Call-ID: [call_id]
CSeq: 2023 MESSAGE
Content-Type: application/scaip+xml
Content-Length: [len]

<mrs><ref>{ref}</ref><snu>{number}</snu></mrs>

]]></send>
 <recv response="200"/>
"""
_AT_ONCE = (
    """ <send next="end"><![CDATA[
SIP/2.0 200 OK"""
    + _HEAD
    + """Content-Type: application/scaip+xml
Content-Length: [len]

<mrs><ref>[$ref]</ref><snu>{number}</snu></mrs>

]]></send>
"""
)
_END = ' <nop hide="true" next="end"/>\n'


def telling(number: int, reference: str = "[$ref]") -> str:
    """Return what a centre does that tells the status by a MESSAGE of its own, as senders of four makes expect it."""
    return _TELLING.format(account=ACCOUNT, ref=reference, number=number)


def played(answered: str) -> str:
    """Return the scenario of a centre that answers a MESSAGE so."""
    return _PLAYED.format(answered=answered)


TAKES = played(_OK + telling(0) + _END)


def route(port: int, *, exercise: bool = False, line: str | None = None) -> ScaipRoute:
    to = sip_messages.Address("alarm", "127.0.0.1", port, tls=False)
    exchange = Exchange(to, Line("127.0.0.1", port, "the care centre"))
    return ScaipRoute("scaip-zc", exchange, SENDER, centre="zc", exercise=exercise, line_account=line)


def parts_of(room: ControlRoom, index: int = 0) -> dict[str, str]:
    """Return the document of a MESSAGE as a dictionary."""
    (part,) = room.received()[index].parts
    assert part.kind == "application/scaip+xml"
    root = ET.fromstring(part.content)  # noqa: S314 - our own bytes
    assert root.tag == "mrq"
    return {one.tag: one.text or "" for one in root}


def alarm(kind: AlarmKind = "press") -> Dispatch:
    return replace(dispatch(kind), accounts={"zc": ACCOUNT})


@pytest.mark.need("sipp")
@pytest.mark.parametrize("answered", [_OK + telling(0) + _END, _AT_ONCE.format(number=0)], ids=["told", "at-once"])
def test_a_centre_takes_the_alarm_whichever_way_it_answers(tmp_path: Path, answered: str) -> None:
    what = alarm()
    with control_room(tmp_path / "centre", played=played(answered)) as room:
        one = route(room.port)
        assert one.send(what).code == "scaip-taken"
        (message,) = until(room.received, "sipp wrote it down")
        (whole,), parts = room.requests(b"MESSAGE"), parts_of(room)
    assert message.request == "MESSAGE sip:alarm@127.0.0.1 SIP/2.0"
    assert f"From: <sip:{ACCOUNT}@getuige.example>;tag=" in whole.decode()
    assert parts == {
        "ref": scaip_messages.reference_of(what),
        "mty": "ME",
        "cid": ACCOUNT,
        "dty": "0006",
        "crd": "no-voice:",
        "stc": "0010",
        "stt": "Persoonlijk alarm",
        "lte": "51.92440N 4.47770E +-12m",
        "ite": "positie van het apparaat, 3 s oud",
    }
    assert one.watch.trouble is None


@pytest.mark.need("sipp")
@pytest.mark.parametrize(
    ("number", "permanent"),
    [(1, True), (2, True), (3, False), (4, False), (5, False), (6, False), (7, True), (99, False)],
)
def test_every_other_status_is_a_visible_failure(tmp_path: Path, number: int, *, permanent: bool) -> None:
    with (
        control_room(tmp_path / "centre", played=played(_OK + telling(number) + _END)) as room,
        pytest.raises(RouteError, match=f"SCAIP {number}") as refusal,
    ):
        route(room.port).send(alarm())
    assert refusal.value.permanent is permanent


@pytest.mark.need("sipp")
def test_a_bare_200_is_no_delivery_and_is_said_again_under_the_same_name(tmp_path: Path) -> None:
    what = alarm()
    with control_room(tmp_path / "centre", played=played(_OK + _END)) as room:
        one = route(room.port)
        for _ in range(2):
            with pytest.raises(RouteError, match=r"in time|hung up") as silence:
                one.send(what)
            assert not silence.value.permanent
            assert one.watch.trouble is not None
        until(lambda: len(room.received()) == 2, "sipp wrote both down")
        assert parts_of(room, 0) == parts_of(room, 1)


@pytest.mark.need("sipp")
def test_the_status_of_another_message_is_not_taken_for_ours(tmp_path: Path) -> None:
    mixed = played(_OK + telling(0, "0123456789abcdef") + telling(6) + _END)
    with control_room(tmp_path / "centre", played=mixed) as room, pytest.raises(RouteError, match="SCAIP 6 busy"):
        route(room.port).send(alarm())


@pytest.mark.need("sipp")
def test_what_is_not_in_earnest_is_a_test_of_the_transmission(tmp_path: Path) -> None:
    with control_room(tmp_path / "centre", played=TAKES) as room:
        route(room.port, exercise=True).send(alarm("duress"))
        route(room.port).send(alarm("test"))
        until(lambda: len(room.received()) == 2, "sipp wrote both down")
        told = [(parts_of(room, index)["stc"], parts_of(room, index)["stt"]) for index in range(2)]
    assert told == [("0102", "OEFENING, geen melding"), ("0102", "Proefalarm")]


@pytest.mark.need("sipp")
def test_the_line_says_that_it_lives_under_its_own_account_and_a_refusal_shows(tmp_path: Path) -> None:
    with control_room(tmp_path / "centre", played=TAKES) as room:
        one = route(room.port, line="0042")
        one.watch.start()
        until(lambda: one.watch.trouble is None, "the poll went well")
        one.watch.stop()
        parts = parts_of(room)
    assert {name: parts[name] for name in ("mty", "cid", "dty", "crd")} == {
        "mty": "PI",
        "cid": "0042",
        "dty": "0002",
        "crd": "no-voice:",
    }
    with control_room(tmp_path / "other", played=played(_OK + telling(3) + _END)) as room:
        one = route(room.port, line="0042")
        one.watch.start()
        until(lambda: "refuses our heartbeats" in (one.watch.trouble or ""), "it shows")
        one.watch.stop()


@pytest.mark.need("sipp")
def test_a_line_without_an_account_only_asks(tmp_path: Path) -> None:
    with control_room(tmp_path / "centre", played=TAKES) as room:
        one = route(room.port)
        one.watch.start()
        until(lambda: one.watch.trouble is None, "the poll went well")
        one.watch.stop()
        assert room.requests(b"OPTIONS")
        assert not room.received()


@pytest.mark.parametrize("account", [None, "C0FFEE"])
def test_a_device_that_the_centre_cannot_know_is_not_made_up(account: str | None) -> None:
    what = replace(dispatch(), accounts={} if account is None else {"zc": account})
    with pytest.raises(RouteError, match="no account in digits") as refusal:
        route(1).send(what)
    assert (refusal.value.code, refusal.value.permanent) == ("no-account", True)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"<mrs><ref>a1</ref><snu>0</snu></mrs>", Status("a1", 0)),
        (b'<?xml version="1.0"?>\n<mrs>\n <snu>00006</snu> <ref>a1</ref><ste>bezet</ste></mrs>', Status("a1", 6)),
        (b"<mrs><ref>a1</ref></mrs>", None),
        (b"<mrs><snu>0</snu></mrs>", None),
        (b"<mrs><ref>a1</ref><snu>-1</snu></mrs>", None),
        (b"<mrs><ref>a1</ref><snu>123456</snu></mrs>", None),
        (b"<mrq><ref>a1</ref><snu>0</snu></mrq>", None),
        (b'<!DOCTYPE mrs [<!ENTITY e "0">]><mrs><ref>a1</ref><snu>&e;</snu></mrs>', None),
        (b'<?xml version="1.0" encoding="x-none"?><mrs><ref>a1</ref><snu>0</snu></mrs>', None),
        (b"\xff\xfe\x00", None),
        (b"", None),
    ],
)
def test_a_status_is_read_or_it_is_none(content: bytes, status: Status | None) -> None:
    assert scaip_messages.parse_status(content) == status


@pytest.mark.parametrize("kind", ["press", "duress", "overdue", "test"])
@pytest.mark.parametrize("exercise", [False, True])
def test_every_document_keeps_the_lengths(kind: AlarmKind, *, exercise: bool) -> None:
    where = Location(-51.123456789, -179.123456789, 99_999, 999_999, "gps")
    for location in (None, where):
        written = scaip_messages.alarm(dispatch(kind, location), "1" * 16, exercise=exercise)
        root = ET.fromstring(written)  # noqa: S314 - our own bytes
        forms = {"ref": "[0-9a-zA-Z]{1,16}", "cid": "[0-9]{1,16}", "dty": "[0-9]{1,4}", "stc": "[0-9]{1,4}"}
        texts = {"stt": ".{1,32}", "lte": ".{1,32}", "ite": ".{1,128}", "crd": ".{1,256}", "mty": "ME|RE|IN|PI"}
        for part in root:
            assert re.fullmatch((forms | texts)[part.tag], part.text or ""), part.tag
        assert (root.find("lte") is None) is (location is None)


def test_duress_that_follows_has_a_name_of_its_own() -> None:
    first = dispatch()
    later = replace(first, kind="duress", duress_at=first.raised_at)
    assert scaip_messages.reference_of(first) != scaip_messages.reference_of(later)


def test_care_centres_are_read_and_production_wants_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    centre = CareCentre.parse("zc=sips:alarm@a.example|sips:alarm@b.example:5070#0042")
    assert (centre.to.host, centre.alternate and centre.alternate.port, centre.line_account) == (
        "a.example",
        5070,
        "0042",
    )
    for text in ("zc", "zc=sips:a@h#", "zc=sips:a@h#C0FFEE", "zc=a.example:5061"):
        with pytest.raises(SettingsError):
            CareCentre.parse(text)
    with pytest.raises(SettingsError, match="each receiver"):
        BridgeSettings.load(second_care_centres="zc=sip:a@h|sip:b@h").second_cared()
    monkeypatch.setenv("GETUIGE_BRIDGE_MODE", "production")
    with pytest.raises(SettingsError, match="care centre zc is told positions"):
        BridgeSettings.load(care_centres="zc=sip:a@h.example")


@pytest.mark.need("sipp", "nats-server")
def test_an_alarm_reaches_it_by_the_plan(tmp_path: Path) -> None:
    with control_room(tmp_path / "room", played=TAKES) as room, world(tmp_path / "world", count=1) as made:
        memory = made.new_device()
        made.bridge.stop()
        more = {"care_centres": (f"c=sip:alarm@127.0.0.1:{room.port}",), "sip_sender": SENDER}
        made.settings = BridgeSettings.model_validate({**made.settings.model_dump(), **more})
        made.bridge = start_bridge(made.settings)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, ROTTERDAM), Told.STORED, patience(5)) is not None

            def outcome() -> str | None:
                (alarm,) = reading_of(made.bridge).newest_alarms(5)
                return next((one.outcome for one in alarm.routes if one.route == "scaip-c"), None)

            until(lambda: outcome() == "delivered", "the history says so")
        assert parts_of(room)["cid"] == account_of(memory.device)
