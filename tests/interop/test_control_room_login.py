"""Logging in at a control room and being sent to another one: sipp checks the answer, the RFC's example the arithmetic.

sipp 3.6 checks MD5 only, and only what answers a 401. SHA-256 is held by the example of RFC 7616 section 3.9.1 and by
httpx's digest; what answers a 407 is worked out in the same way.
"""

import re
from pathlib import Path

import httpx
import pytest

from device_bridge.errors import RouteError, SettingsError
from device_bridge.routes import sip_digest, sip_messages
from device_bridge.routes.line import Line
from device_bridge.routes.sip import SipRoute
from device_bridge.routes.sip_digest import Challenge, Login
from device_bridge.routes.sip_exchange import Exchange
from tests.support.control_room import SENDER, alert_of, control_room, dispatch
from tests.support.ports import free_ports
from tests.support.waiting import until

LOGIN = Login("bridge", "geheim: 12 woorden")

_HEAD = """
[last_Via:]
[last_From:]
[last_To:];tag=psap[call_number]
[last_Call-ID:]
[last_CSeq:]
{more}Content-Length: 0

]]></send>
"""
_ASKING = (
    """<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="a control room that wants to know who asks">
 <recv request="{method}"/>
 <send><![CDATA[
SIP/2.0 {status}"""
    + _HEAD
    + """
 <recv request="{method}">
  <action><verifyauth assign_to="good" username="bridge" password="geheim: 12 woorden"/></action>
 </recv>
 <nop hide="true" test="good" next="good"/>
 <send next="end"><![CDATA[
SIP/2.0 403 Forbidden"""
    + _HEAD.format(more="")
    + """
 <label id="good"/>
 <send next="end"><![CDATA[
SIP/2.0 200 OK"""
    + _HEAD.format(more="")
    + """
 <label id="end"/>
</scenario>
"""
)
MD5 = 'Digest realm="room.example", nonce="n[call_number]", qop="auth,auth-int", algorithm=MD5, opaque="o,p"'
WITHOUT_QOP = 'Digest realm="room.example", nonce="n[call_number]"'
STRANGE = 'Digest realm="room.example", nonce="n[call_number]", algorithm=SHA-512-256'


def asking(challenges: list[str], status: str = "401 Unauthorized", method: str = "MESSAGE") -> str:
    """Return the scenario of a control room that demands a login by these challenges."""
    header = "Proxy-Authenticate" if status.startswith("407") else "WWW-Authenticate"
    more = "".join(f"{header}: {one}\n" for one in challenges)
    played = _ASKING.format(method=method, status=status, more=more)
    if header.startswith("WWW"):
        return played
    return re.sub("<nop [^>]*>", '<nop next="good"/>', re.sub("<action>.*</action>", "", played))


def route(port: int, login: Login | None, known: tuple[str, ...] = ()) -> SipRoute:
    to = sip_messages.Address("meldkamer", "127.0.0.1", port, tls=False)
    line = Line("127.0.0.1", port, "the control room")
    return SipRoute("sip-mk", Exchange(to, line, login, frozenset(known)), SENDER, exercise=True)


@pytest.mark.need("sipp")
@pytest.mark.parametrize(
    ("challenges", "status"),
    [
        ([MD5], "401 Unauthorized"),
        ([MD5], "407 Proxy Authentication Required"),
        ([STRANGE, MD5], "401 Unauthorized"),
        ([WITHOUT_QOP], "401 Unauthorized"),
    ],
)
def test_a_challenge_is_answered_and_the_alert_is_taken(tmp_path: Path, challenges: list[str], status: str) -> None:
    with control_room(tmp_path / "room", played=asking(challenges, status)) as room:
        assert route(room.port, LOGIN).send(dispatch()).code == "sip-taken"
        until(lambda: len(room.received()) == 2, "sipp wrote both down")
        first, second = room.received()
        assert alert_of(room, 0) == alert_of(room, 1)
    assert (first.headers["call-id"], first.headers["cseq"]) == (second.headers["call-id"], "1 MESSAGE")
    assert second.headers["cseq"] == "2 MESSAGE"
    name = "proxy-authorization" if status.startswith("407") else "authorization"
    assert 'username="bridge"' in second.headers[name]
    assert "geheim" not in str(second.headers)


@pytest.mark.need("sipp")
@pytest.mark.parametrize(
    ("challenges", "login", "words"),
    [
        ([MD5], Login("bridge", "wrong"), "403 Forbidden"),
        ([MD5], None, "401 Unauthorized"),
        ([STRANGE], LOGIN, "not known here"),
    ],
)
def test_without_the_right_login_it_is_a_visible_failure(
    tmp_path: Path, challenges: list[str], login: Login | None, words: str
) -> None:
    with (
        control_room(tmp_path / "room", played=asking(challenges)) as room,
        pytest.raises(RouteError, match=words) as refusal,
    ):
        route(room.port, login).send(dispatch())
    assert not refusal.value.permanent, "somebody may put it right while the alarm is open"


@pytest.mark.need("sipp")
@pytest.mark.parametrize(("password", "trouble"), [(LOGIN.password, None), ("wrong", "does not take our login")])
def test_the_poll_shows_a_wrong_password_before_there_is_an_alarm(
    tmp_path: Path, password: str, trouble: str | None
) -> None:
    played = asking([MD5], method="OPTIONS")
    with control_room(tmp_path / "room", played=played) as room:
        one = route(room.port, Login("bridge", password))
        one.watch.start()
        try:
            until(lambda: one.watch.trouble != "not tried yet", "it was tried")
            assert (one.watch.trouble is None) if trouble is None else (trouble in (one.watch.trouble or ""))
        finally:
            one.watch.stop()


@pytest.mark.need("sipp")
def test_a_redirect_is_followed_once_to_a_control_room_of_the_settings(tmp_path: Path) -> None:
    with control_room(tmp_path / "second") as second:
        moved = f'Contact: "Elsewhere" <sip:meldkamer2@127.0.0.1:{second.port};transport=tcp>;q=0.7\n'
        with control_room(tmp_path / "first", "302 Moved Temporarily", moved) as first:
            assert route(first.port, None, ("127.0.0.1",)).send(dispatch()).code == "sip-taken"
            (message,) = until(second.received, "the second one has it")
            assert len(first.received()) == 1
        assert message.request == "MESSAGE sip:meldkamer2@127.0.0.1 SIP/2.0"
        assert message.headers["cseq"] == "2 MESSAGE"
        assert f"\r\nTo: <{sip_messages.TEST_SERVICE}>\r\n".encode() in second.requests(b"MESSAGE")[0]


@pytest.mark.need("sipp")
def test_a_second_redirect_is_not_followed(tmp_path: Path) -> None:
    ports = free_ports(2)
    moved = [f"Contact: <sip:meldkamer@127.0.0.1:{port}>\n" for port in ports]
    with (
        control_room(tmp_path / "one", "302 Moved Temporarily", moved[1], port=ports[0]) as room,
        control_room(tmp_path / "other", "302 Moved Temporarily", moved[0], port=ports[1]),
        pytest.raises(RouteError, match="302"),
    ):
        route(room.port, None, ("127.0.0.1",)).send(dispatch())


@pytest.mark.need("sipp")
@pytest.mark.parametrize("contact", ["sip:x@203.0.113.9", "sips:x@127.0.0.1", "tel:112", "*", "sip:x@127.0.0.1:99999"])
def test_nothing_goes_to_an_address_that_nobody_wrote_down(tmp_path: Path, contact: str) -> None:
    with (
        control_room(tmp_path / "room", "301 Moved Permanently", f"Contact: <{contact}>\n") as room,
        pytest.raises(RouteError, match="not in the settings"),
    ):
        route(room.port, None, ("127.0.0.1",)).send(dispatch())


MUFASA = Login("Mufasa", "Circle of Life")
NONCE, FRESH = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_the_standard(algorithm: str, response: str) -> None:
    asked = Challenge("http-auth@example.org", NONCE, algorithm, "auth", None)
    assert f'response="{response}"' in sip_digest.answer(asked, MUFASA, "GET", "/dir/index.html", FRESH)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_another_implementation_answers_the_same(algorithm: str) -> None:
    value = f'Digest realm="room.example", nonce="abc", qop="auth", algorithm={algorithm}'
    request = httpx.Request("GET", "http://room.example/service")
    flow = httpx.DigestAuth(LOGIN.user, LOGIN.password).auth_flow(request)
    next(flow)
    theirs = flow.send(httpx.Response(401, headers={"www-authenticate": value}, request=request))
    shown = theirs.headers["authorization"]
    fresh = re.search(r'cnonce="([^"]+)"', shown)
    assert fresh is not None
    ours = sip_digest.answer(sip_digest.choose([value]), LOGIN, "GET", "/service", fresh[1])
    assert re.search(r'response="\w+"', ours)[0] in shown  # type: ignore[index] # it has one


def test_a_login_that_is_none_is_refused_without_being_shown() -> None:
    for text in ("", "bridge", "bri dge:x", "a:b\nc:d", ":x"):
        with pytest.raises(SettingsError) as refusal:
            Login.parse(text)
        assert text == "" or text not in str(refusal.value)
    assert "geheim" not in repr(LOGIN)
