"""The routes that the settings name, each in its turn: a further kind of route gets its line here."""

from pathlib import Path
from ssl import SSLContext

from device_bridge.errors import SettingsError
from device_bridge.routes import Route
from device_bridge.routes.dc09 import Dc09Route
from device_bridge.routes.dc09_frames import Line as Agreed
from device_bridge.routes.development_centre import load_or_create_key, read_key
from device_bridge.routes.line import Line, tls_context
from device_bridge.routes.plan import Plan
from device_bridge.routes.receivers import AlarmCentre, CareCentre, ControlRoom
from device_bridge.routes.scaip import ScaipRoute
from device_bridge.routes.sip import SipRoute
from device_bridge.routes.sip_digest import Login
from device_bridge.routes.sip_exchange import Exchange
from device_bridge.routes.sip_messages import Address
from device_bridge.routes.webhook import WebhookRoute
from device_bridge.settings import BridgeSettings
from evidence import keyfile, keys


def plan_of(settings: BridgeSettings, bridge: keys.BridgeIdentity, console: Route) -> Plan:
    """Return every route that the settings name; SettingsError when a key, certificate or address cannot be used."""
    centres, rooms, cared = settings.centres(), settings.rooms(), settings.cared()
    alternates = {
        **{f"dc09-{one.name}": _centre(one, settings, one.alternate, "-alternate") for one in centres if one.alternate},
        **{f"sip-{one.name}": _room(one, settings, one.alternate, "-alternate") for one in rooms if one.alternate},
        **{f"scaip-{one.name}": _cared(one, settings, one.alternate, "-alternate") for one in cared if one.alternate},
    }
    return Plan(
        first=(
            console,
            *(_centre(one, settings, (one.host, one.port)) for one in centres),
            *(_room(one, settings, one.to) for one in rooms),
            *(_cared(one, settings, one.to) for one in cared),
        ),
        alternates=alternates,
        second=(
            *(_centre(one, settings, (one.host, one.port)) for one in settings.second()),
            *(_room(one, settings, one.to) for one in settings.second_rooms()),
            *(_cared(one, settings, one.to) for one in settings.second_cared()),
        ),
        last=tuple(
            WebhookRoute(f"on-call-{one.name}", one.url, bridge, _checked(settings, also_public=True))
            for one in settings.called()
        ),
    )


def _checked(settings: BridgeSettings, *, also_public: bool = False) -> SSLContext:
    """Return what checks receivers' certificates and shows ours."""
    return tls_context(settings.receiver_ca_file, settings.shown_to_receivers(), also_public=also_public)


def _centre(centre: AlarmCentre, settings: BridgeSettings, address: tuple[str, int], suffix: str = "") -> Route:
    """Return the route to an alarm centre; its key stands in `secrets/alarm-centre-<name>.key`, as hexadecimal."""
    path = settings.centre_key_file(centre.name)
    demonstration = settings.demonstration_alarm_centre
    key = load_or_create_key(path) if demonstration else read_key(path) if path.exists() else None
    if key is None and not centre.inside:
        where = "tls: before its address, or wg: when it is inside WireGuard"
        raise SettingsError(f"{path} is not there: without a key alarm centre {centre.name} needs {where}")
    context = _checked(settings) if centre.tls else None
    line = Line(*address, "the alarm centre", context)
    return Dc09Route(
        f"dc09-{centre.name}{suffix}",
        line,
        Agreed(key),
        centre.message_id,
        centre=centre.name,
        poll_account=centre.poll_account,
    )


def _room(room: ControlRoom, settings: BridgeSettings, to: Address, suffix: str = "") -> Route:
    """Return the route to a control room; outside production everything it is told is an exercise."""
    exchange = _exchange(room, settings, to, "the control room")
    exercise = settings.mode != "production"
    return SipRoute(f"sip-{room.name}{suffix}", exchange, settings.sip_sender, exercise=exercise)


def _cared(centre: CareCentre, settings: BridgeSettings, to: Address, suffix: str = "") -> Route:
    """Return the route to a care centre; outside production everything it is told is a test of the transmission."""
    return ScaipRoute(
        f"scaip-{centre.name}{suffix}",
        _exchange(centre, settings, to, "the care centre"),
        settings.sip_sender,
        centre=centre.name,
        exercise=settings.mode != "production",
        line_account=centre.line_account,
    )


def _exchange(receiver: ControlRoom | CareCentre, settings: BridgeSettings, to: Address, called: str) -> Exchange:
    line = Line(to.host, to.port, called, _checked(settings) if to.tls else None)
    hosts = frozenset(one.host for one in settings.sip_addresses())
    return Exchange(to, line, _login(settings.sip_login_file(receiver)), hosts)


def _login(path: Path) -> Login | None:
    """Return the login in a file, if there is one; SettingsError when it is none."""
    if not path.exists():
        return None
    try:
        return Login.parse(keyfile.read_text(path))
    except (keyfile.KeyFileError, SettingsError) as error:
        raise SettingsError(f"{path} holds one line: name:password") from error
