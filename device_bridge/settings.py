"""Settings of a bridge: one frozen object from the environment, secrets in files.

Every field is the variable GETUIGE_BRIDGE_<FIELD>; GETUIGE_MODE counts for the bridge too. `mode=production` refuses
the development stand-ins by name.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from device_bridge.errors import SettingsError
from device_bridge.mqtt.brokers import CLIENT_PORT_OFFSET
from device_bridge.mqtt.connection import BrokerAddress
from device_bridge.routes.line import Shown
from device_bridge.routes.receivers import LOOPBACK, AlarmCentre, CareCentre, ControlRoom, OnCall
from device_bridge.routes.sip_messages import Address
from evidence import variables

ENV_PREFIX: Final = "GETUIGE_BRIDGE_"
OF_THE_SERVER: Final = frozenset({"GETUIGE_BRIDGE_FEED_URL", "GETUIGE_BRIDGE_FEED_TOKEN_FILE"})
"""What the server is told of the bridge; on one machine both see all variables."""

FIRST: Final = "1"
"""The bridge that an installation begins with; its folder is called `bridge`."""

FEED_PORT: Final = 8481
MQTT_PORTS: Final = (8482, 8483)
NO_SIP_SENDER: Final = "sip:getuige@getuige.invalid"


class BridgeSettings(BaseSettings):
    """The settings of one bridge process. Frozen: a process that should do otherwise is started anew."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid", populate_by_name=True)

    mode: Literal["development", "production"] = Field(
        default="development",
        # One variable for the whole installation: a bridge that stayed in development would go unnoticed.
        validation_alias=AliasChoices(f"{ENV_PREFIX}MODE", "GETUIGE_MODE"),
        description="production refuses every development stand-in; without it GETUIGE_MODE counts",
    )
    name: str = Field(
        default=FIRST, pattern=r"^[a-z0-9-]{1,32}$", description="this bridge among others; each has its own spool"
    )
    data: Path = Field(default=Path("var"), description="data folder of the installation")
    database_url: str = Field(
        default_factory=lambda values: f"sqlite:///{values.get('data', Path('var')) / 'getuige.db'}",
        repr=False,  # may hold a password
        description="SQLAlchemy address of the journal",
    )
    brokers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=tuple(f"mqtt://127.0.0.1:{port}" for port in MQTT_PORTS),
        description="MQTT brokers A and B, as mqtt:// or mqtts:// addresses with a comma between them",
    )
    broker_login: bool = Field(
        default=True, description="log in at the brokers as user bridge; false only for a test broker"
    )
    callout: bool = Field(
        default=True, description="answer the brokers' question which device may connect (NATS auth callout)"
    )
    callouts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="host:port of each broker's NATS port, if it is not the MQTT port plus 100"
    )
    broker_ca_file: Path | None = Field(default=None, description="certificates that mqtts:// brokers are checked with")
    broker_certificate_file: Path | None = Field(
        default=None, description="certificate that mosquitto knows this bridge by; its key stands beside it as .key"
    )
    feed_host: str = Field(default="127.0.0.1", description="address that the feed listens on")
    feed_port: int = Field(default=FEED_PORT, ge=0, le=65535, description="port that the feed listens on, 0 for any")
    feed_token_file: Path | None = Field(
        default=None, description="file with the feed's bearer token; made when it is not there"
    )
    key_file: Path | None = Field(default=None, description="file with the bridge's keys; made when it is not there")
    root_key: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="the organisation's root key, which this bridge obeys"
    )
    peers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="feeds of the other bridges of this installation, as http:// or https:// addresses with a comma"
        " between them; all bridges have the same keys and feed token",
    )
    shards: str = Field(
        default="00-ff",
        pattern=r"^[0-9a-f]{2}-[0-9a-f]{2}$",
        description="devices whose heartbeats this bridge reads, by the first byte of their id; it reads all presses",
    )
    alarm_centres: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="SIA DC-09 receivers, as name=host:port (or name=host:port|host:port, the second one for when the"
        " first does not answer within 5 s) with a comma between them; tls: or wg: before"
        " host:port inside TLS or WireGuard, #account of the line behind it",
    )
    second_centres: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="SIA DC-09 receivers for alarms that nobody accepted within 30 s, in the same form"
    )
    control_rooms: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="emergency control rooms that take SIP (RFC 8876), as name=sips:user@host:port (or two addresses"
        " with | between them) with a comma between them",
    )
    second_control_rooms: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="control rooms for alarms that nobody accepted within 30 s, in the same form"
    )
    care_centres: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="care centres that take SCAIP (CLC/TS 50134-9), as control rooms, with #account of the line behind"
        " it; built from public descriptions and not certain: try it with the centre before a device is lent out",
    )
    second_care_centres: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="care centres for alarms that nobody accepted within 30 s, in the same form"
    )
    sip_sender: str = Field(
        default=NO_SIP_SENDER,
        pattern=r"^sips?:[A-Za-z0-9._~-]{1,64}@[A-Za-z0-9.-]{1,253}$",
        description="who we are to control rooms and care centres, as they agreed to: a SIP address",
    )
    receiver_ca_file: Path | None = Field(
        default=None, description="certificates that receivers over TLS are checked with, if not the machine's own"
    )
    receiver_certificate_file: Path | None = Field(
        default=None,
        description="certificate (PEM) that receivers and on-call addresses over TLS know this bridge by",
    )
    receiver_key_file: Path | None = Field(
        default=None, description="its key, if that does not stand beside it as .key; no pass phrase"
    )
    on_call: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        repr=False,  # an address may hold a token
        description="addresses that are called when nobody accepted within 60 s, as name=https://…",
    )
    demonstration_alarm_centre: bool = Field(
        default=False, description="the alarm centre is the receiver of the demonstration"
    )

    @classmethod
    def load(cls, **chosen: Any) -> Self:  # noqa: ANN401 - the fields above, checked by pydantic
        """Return the settings of the environment, with `chosen` fields on top.

        SettingsError names every variable that cannot be used, never its value.
        """
        try:
            settings = cls(**{name: value for name, value in chosen.items() if value is not None})
        except ValidationError as error:
            rows = "\n".join(
                f"  - {ENV_PREFIX}{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}"
                for one in error.errors(include_input=False, include_url=False)
            )
            raise SettingsError(f"These settings cannot be used:\n{rows}") from None
        own = {f"{ENV_PREFIX}{name.upper()}" for name in cls.model_fields}
        for name, meant in variables.mistyped(os.environ, ENV_PREFIX, own | OF_THE_SERVER):
            raise SettingsError(f"{name} is no setting, and would be ignored: did you mean {meant}?")
        settings.refuse_stand_ins()
        return settings

    @field_validator(
        "brokers",
        "callouts",
        "peers",
        "alarm_centres",
        "second_centres",
        "control_rooms",
        "second_control_rooms",
        "care_centres",
        "second_care_centres",
        "on_call",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment or a caller gave
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def folder(self) -> Path:
        """Where this bridge keeps its spool and registry: no two bridges of one data folder share it."""
        return self.data / ("bridge" if self.name == FIRST else f"bridge-{self.name}")

    @property
    def secrets(self) -> Path:
        """Where keys, tokens and passwords are."""
        return self.data / "secrets"

    @property
    def bridge_key_file(self) -> Path:
        """The bridge's own keys."""
        return self.key_file or self.secrets / "bridge.key"

    @property
    def token_file(self) -> Path:
        """The feed's bearer token."""
        return self.feed_token_file or self.secrets / "bridge-feed.token"

    def centre_key_file(self, name: str) -> Path:
        """The DC-09 key that was agreed on with alarm centre `name`, as hexadecimal."""
        return self.secrets / f"alarm-centre-{name}.key"

    def sip_login_file(self, receiver: ControlRoom | CareCentre) -> Path:
        """The login that was agreed on with a receiver, as `name:password`; without the file there is none."""
        kind = "care-centre" if isinstance(receiver, CareCentre) else "control-room"
        return self.secrets / f"{kind}-{receiver.name}.login"

    def shown_to_receivers(self) -> Shown | None:
        """Return the certificate that receivers over TLS are shown, None when there is none."""
        certificate = self.receiver_certificate_file
        if certificate is None:
            return None
        return Shown(certificate, self.receiver_key_file or certificate.with_suffix(".key"))

    def broker_addresses(self) -> tuple[BrokerAddress, ...]:
        """Return the brokers, named a, b, …; SettingsError when an address is none."""
        names = "abcdefgh"
        own = self.broker_certificate_file
        shown = None if own is None else (own, own.with_suffix(".key"))
        return tuple(
            BrokerAddress.parse(url, names[index], self.broker_ca_file, shown)
            for index, url in enumerate(self.brokers[: len(names)])
        )

    def callout_addresses(self) -> tuple[tuple[str, int], ...]:
        """Return host and port of every broker's own NATS port; SettingsError when one cannot be read."""
        if not self.callout:
            return ()
        if not self.callouts:
            return tuple((broker.host, broker.port + CLIENT_PORT_OFFSET) for broker in self.broker_addresses())
        pairs = [address.rpartition(":") for address in self.callouts]
        if any(not host or not port.isdigit() for host, _, port in pairs):
            raise SettingsError("GETUIGE_BRIDGE_CALLOUTS holds addresses such as 127.0.0.1:8582")
        return tuple((host, int(port)) for host, _, port in pairs)

    def peer_addresses(self) -> tuple[str, ...]:
        """Return the feeds of the other bridges; SettingsError when one is no address."""
        for url in self.peers:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
                raise SettingsError("GETUIGE_BRIDGE_PEERS holds addresses such as http://127.0.0.1:8481")
        return tuple(url.rstrip("/") for url in self.peers)

    def shard_range(self) -> range:
        """Return the first bytes of the device ids whose heartbeats this bridge reads; SettingsError for none."""
        first, last = (int(part, 16) for part in self.shards.split("-"))
        if last < first:
            raise SettingsError("GETUIGE_BRIDGE_SHARDS ends before it begins: write the lower byte first")
        return range(first, last + 1)

    def centres(self) -> tuple[AlarmCentre, ...]:
        """Return the alarm centres; SettingsError when one cannot be read."""
        return tuple(AlarmCentre.parse(text) for text in self.alarm_centres)

    def second(self) -> tuple[AlarmCentre, ...]:
        """Return the alarm centres for alarms that nobody accepted; SettingsError when one cannot be read."""
        found = tuple(AlarmCentre.parse(text) for text in self.second_centres)
        if any(one.alternate is not None for one in found):
            raise SettingsError("second alarm centres are all tried at once: name each receiver as one of its own")
        return found

    def rooms(self) -> tuple[ControlRoom, ...]:
        """Return the control rooms; SettingsError when one cannot be read."""
        return tuple(ControlRoom.parse(text) for text in self.control_rooms)

    def second_rooms(self) -> tuple[ControlRoom, ...]:
        """Return the control rooms for alarms that nobody accepted; SettingsError when one cannot be read."""
        found = tuple(ControlRoom.parse(text) for text in self.second_control_rooms)
        if any(one.alternate is not None for one in found):
            raise SettingsError("second control rooms are all tried at once: name each receiver as one of its own")
        return found

    def cared(self) -> tuple[CareCentre, ...]:
        """Return the care centres; SettingsError when one cannot be read."""
        return tuple(CareCentre.parse(text) for text in self.care_centres)

    def second_cared(self) -> tuple[CareCentre, ...]:
        """Return the care centres for alarms that nobody accepted; SettingsError when one cannot be read."""
        found = tuple(CareCentre.parse(text) for text in self.second_care_centres)
        if any(one.alternate is not None for one in found):
            raise SettingsError("second care centres are all tried at once: name each receiver as one of its own")
        return found

    def sip_receivers(self) -> tuple[ControlRoom | CareCentre, ...]:
        """Return every receiver that is told over SIP; SettingsError when one cannot be read."""
        return (*self.rooms(), *self.second_rooms(), *self.cared(), *self.second_cared())

    def sip_addresses(self) -> tuple[Address, ...]:
        """Return every address of a receiver over SIP; SettingsError when one cannot be read."""
        return tuple(to for one in self.sip_receivers() for to in (one.to, one.alternate) if to is not None)

    def called(self) -> tuple[OnCall, ...]:
        """Return whom to call when nobody accepted; SettingsError when an address cannot be read."""
        return tuple(OnCall.parse(text) for text in self.on_call)

    def refuse_stand_ins(self) -> None:
        """Raise SettingsError in production mode while something is only fit for development; lists everything."""
        if self.mode != "production":
            return
        found = [
            *(["one broker only: a press needs two"] if len(self.brokers) < 2 else []),  # noqa: PLR2004 - A and B
            *(
                f"broker {a.name} is reached over a network without TLS"
                for a in self.broker_addresses()
                if not a.tls and a.host not in LOOPBACK
            ),
            *(["brokers that let everyone in (broker_login=false)"] if not self.broker_login else []),
            *(["no root key is pinned (root_key)"] if self.root_key is None else []),
            *self._unfit_rooms(),
            *(["the demonstration's alarm centre"] if self.demonstration_alarm_centre else []),
            *(["a feed that listens beyond this machine"] if self.feed_host not in LOOPBACK else []),
        ]
        if found:
            rows = "\n".join(f"  - {one}" for one in found)
            raise SettingsError(f"Production refuses these development stand-ins:\n{rows}")

    def _unfit_rooms(self) -> list[str]:
        receivers = self.sip_receivers()
        found = [
            f"{'care centre' if isinstance(one, CareCentre) else 'control room'} {one.name} is told positions over a"
            " network without TLS"
            for one in receivers
            for to in (one.to, one.alternate)
            if to is not None and not to.tls and to.host not in LOOPBACK
        ]
        return [
            *found,
            *(["no SIP address of our own (sip_sender)"] if receivers and self.sip_sender == NO_SIP_SENDER else []),
        ]
