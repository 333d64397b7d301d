"""Settings of the bridge: production refuses every stand-in by name, and bad values are named, never shown."""

import pytest

from device_bridge.errors import SettingsError
from device_bridge.mqtt.connection import BrokerAddress
from device_bridge.routes.console import ConsoleRoute
from device_bridge.routes.plan import Plan
from device_bridge.routes.receivers import AlarmCentre, ControlRoom, OnCall
from device_bridge.routes.sip_messages import Address
from device_bridge.settings import BridgeSettings


def test_production_refuses_every_stand_in_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_BRIDGE_MODE", "production")
    monkeypatch.setenv("GETUIGE_BRIDGE_BROKERS", "mqtt://broker.example")
    monkeypatch.setenv("GETUIGE_BRIDGE_BROKER_LOGIN", "false")
    monkeypatch.setenv("GETUIGE_BRIDGE_FEED_HOST", "0.0.0.0")  # noqa: S104 - what must be refused
    monkeypatch.setenv("GETUIGE_BRIDGE_DEMONSTRATION_ALARM_CENTRE", "true")
    with pytest.raises(SettingsError) as refusal:
        BridgeSettings.load()
    for named in ("one broker", "without TLS", "broker_login", "root_key", "alarm centre", "beyond this machine"):
        assert named in str(refusal.value)


def test_production_starts_when_nothing_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_BRIDGE_MODE", "production")
    monkeypatch.setenv("GETUIGE_BRIDGE_BROKERS", "mqtts://a.example, mqtts://b.example:8884")
    monkeypatch.setenv("GETUIGE_BRIDGE_ROOT_KEY", "ab" * 32)
    settings = BridgeSettings.load()
    assert [(one.name, one.host, one.port, one.tls) for one in settings.broker_addresses()] == [
        ("a", "a.example", 8883, True),
        ("b", "b.example", 8884, True),
    ]


def test_a_bad_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_BRIDGE_FEED_PORT", "secret-in-the-wrong-place")
    with pytest.raises(SettingsError) as refusal:
        BridgeSettings.load()
    assert "GETUIGE_BRIDGE_FEED_PORT" in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://a", "mqtt://", "mqtt://user:pass@a", "mqtt://a:99999", "a:1883", ""])
def test_what_is_no_broker_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        BrokerAddress.parse(url, "a")


def test_alarm_centres_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")  # of some other program
    assert AlarmCentre.parse("c1=192.0.2.7:9000/ADM-CID") == AlarmCentre("c1", "192.0.2.7", 9000, "ADM-CID")
    both = AlarmCentre("c1", "192.0.2.7", 9000, alternate=("192.0.2.8", 9001))
    assert AlarmCentre.parse("c1=192.0.2.7:9000|192.0.2.8:9001") == both
    for text in (
        "c1",
        "c1=host",
        "c1=host:0",
        "c1=host:99999",
        "c 1=host:1",
        "c1=host:1/OTHER",
        "c1=host:1|",
        "c1=|h:1",
    ):
        with pytest.raises(SettingsError):
            AlarmCentre.parse(text)


def test_an_alarm_centre_may_be_reached_over_tls() -> None:
    centre = AlarmCentre.parse("c1=tls:centre.example:9000|spare.example:9001/ADM-CID")
    assert (centre.host, centre.alternate, centre.tls) == ("centre.example", ("spare.example", 9001), True)
    assert not AlarmCentre.parse("c1=centre.example:9000").tls


def test_control_rooms_are_read() -> None:
    room = ControlRoom.parse("mk=sips:meldkamer@sip.example|sip:spare@192.0.2.8:5070")
    assert (room.to, room.alternate) == (
        Address("meldkamer", "sip.example", 5061, tls=True),
        Address("spare", "192.0.2.8", 5070, tls=False),
    )
    assert ControlRoom.parse("mk=sip:a@[2001:db8::1]").to.host == "2001:db8::1"
    for text in (
        "mk",
        "mk=a@host",
        "mk=sip:host",
        "mk=sip:a@host:0",
        "mk=sip:a@host:99999",
        "mk=sip:a@host|",
        "mk=|sip:a@host",
        "mk=sip:a\r\nVia: x@host",
        "mk=sip:a@host\r\nVia: x",
        "m k=sip:a@host",
    ):
        with pytest.raises(SettingsError):
            ControlRoom.parse(text)
    with pytest.raises(SettingsError, match="each receiver"):
        BridgeSettings.load(second_control_rooms="mk=sip:a@h|sip:b@h").second_rooms()


def test_production_tells_no_position_to_a_control_room_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_BRIDGE_MODE", "production")
    with pytest.raises(SettingsError) as refusal:
        BridgeSettings.load(control_rooms="mk=sips:a@h.example|sip:a@spare.example")
    assert "control room mk" in str(refusal.value)
    assert "sip_sender" in str(refusal.value)
    with pytest.raises(SettingsError) as refusal:
        BridgeSettings.load(control_rooms="mk=sips:a@h.example", sip_sender="sip:us@getuige.example")
    assert "control room" not in str(refusal.value)
    assert "sip_sender" not in str(refusal.value)


def test_second_centres_and_who_is_called_are_read() -> None:
    settings = BridgeSettings.load(second_centres="c2=192.0.2.9:9000", on_call="duty=https://pager.example/hook?t=1")
    assert settings.second() == (AlarmCentre("c2", "192.0.2.9", 9000),)
    assert settings.called() == (OnCall("duty", "https://pager.example/hook?t=1"),)
    assert "pager.example" not in repr(settings), "an address may hold a token"
    with pytest.raises(SettingsError, match="each receiver"):
        BridgeSettings.load(second_centres="c2=192.0.2.9:9000|192.0.2.8:9000").second()
    for text in (
        "duty",
        "duty=http://pager.example",
        "duty=https://",
        "a b=https://x",
        "duty=http://[",
        "duty=ftp://x",
    ):
        with pytest.raises(SettingsError):
            OnCall.parse(text)


def test_two_routes_of_one_name_are_refused() -> None:
    console = ConsoleRoute(lambda: 0)
    with pytest.raises(SettingsError, match="same name"):
        Plan(first=(console,), second=(console,))


def test_the_installations_mode_is_the_bridges_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_MODE", "production")
    assert BridgeSettings().mode == "production"
    monkeypatch.setenv("GETUIGE_BRIDGE_MODE", "development")
    assert BridgeSettings().mode == "development"
    assert BridgeSettings(mode="production").mode == "production"
