"""Settings of the server: one frozen object, read once from the environment, secrets from files.

Every field is the variable GETUIGE_<FIELD>. `mode=production` refuses each development stand-in by name
(`Settings.refuse_stand_ins`), so that nobody runs the demonstration's witness or clock for a real victim.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from evidence import keyfile, variables
from evidence.store.blobs.s3 import Place
from server.errors import ServerError
from server.layout import PORT

DEVELOPMENT: Final = "development"
"""The name of the in-process witness and of the in-process time stamping authority."""

MAX_SECRET_BYTES: Final = 4096
"""A token or pass phrase is far shorter; a larger file is the wrong file."""

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""Hosts that a message reaches without crossing a network."""


ENV_PREFIX: Final = "GETUIGE_"


OF_THE_BRIDGE: Final = f"{ENV_PREFIX}BRIDGE_"
"""The bridge judges those; two of them are the server's as well."""

OTHERS: Final = frozenset(
    f"{ENV_PREFIX}{name}"
    for name in (
        *("BRIDGES", "MEDIA", "PHONE", "TRACEBACK", "HEADED", "EFFORT", "VECTORS", "ROUNDS", "CROWD"),
        *("WITNESS_FOLDER", "WITNESS_LOGS", "WITNESS_ORIGINS", "WITNESS_HOST", "WITNESS_PORT"),
        *("SITE", "TLS", "UPSTREAMS", "TEST_DISK", "SCHEMATHESIS", "FAULTS_S", "SOAK_S", "SOAK_SEED"),
        *(
            "BENCH_S",
            "BENCH_ROUNDS",
            "BENCH_GIB",
            "BENCH_ITEMS",
            "BENCH_EVENTS",
            "BENCH_SEAL_GIB",
            "UPDATE_SCREENSHOTS",
        ),
    )
)
"""Variables of other commands, of the shipped proxy's configuration and of tests."""


class SettingsError(ServerError):
    """A setting cannot be used; the text names the variable and what to do."""


class StandInError(SettingsError):
    """Production was asked for while development stand-ins are in use; the text lists all of them."""


class Settings(BaseSettings):
    """The settings of the API process. Frozen: a process that should do otherwise is started anew."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    mode: Literal["development", "production"] = Field(
        default="development", description="production refuses every development stand-in"
    )
    data: Path = Field(
        default=Path("var"), description="folder for the database, the sealed items, the log and exports"
    )
    host: str = Field(default="127.0.0.1", description="address that the API listens on")
    port: int = Field(default=PORT, ge=1, le=65535, description="port that the API listens on")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="loopback port for Prometheus; none when it is not set"
    )
    public_url: str = Field(
        default_factory=lambda values: f"http://localhost:{values.get('port', PORT)}",
        description="address that phones and browsers use; its host is also the passkey's relying party",
    )
    database_url: str = Field(
        default_factory=lambda values: f"sqlite:///{values.get('data', Path('var')) / 'getuige.db'}",
        repr=False,  # may hold a password
        description="SQLAlchemy address of the journal",
    )
    proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="addresses of proxies in front, with a comma between; only their X-Forwarded-For is believed",
    )
    drain_s: float = Field(
        default=0,
        ge=0,
        le=300,
        description="after SIGTERM, seconds of serving while /health/ready says no, so that a proxy goes elsewhere",
    )
    otlp_endpoint: str | None = Field(
        default=None, description="where OpenTelemetry traces go (OTLP over HTTP); nowhere when it is not set"
    )
    brokers: Annotated[tuple[str, ...], NoDecode] = Field(
        default_factory=lambda values: (
            f"mqtt://127.0.0.1:{values.get('port', PORT) + 2}",
            f"mqtt://127.0.0.1:{values.get('port', PORT) + 3}",
        ),
        description="MQTT brokers A and B, as mqtt:// or mqtts:// addresses with a comma between them",
    )
    bridge_feed_url: str = Field(
        default_factory=lambda values: f"http://127.0.0.1:{values.get('port', PORT) + 1}",
        description="where the bridge tells this server of presses; of several bridges, with a comma between them",
    )
    bridge_feed_token_file: Path | None = Field(
        default=None, description="file with the token that the bridge's feed asks for"
    )
    log_origin: str = Field(
        default="getuige.example/log",
        min_length=1,
        max_length=255,
        description="name of the custody log in its checkpoints (c2sp.org/tlog-checkpoint: no space, no plus)",
    )
    witness: str = Field(
        default=DEVELOPMENT,
        description='"development", or a tlog-policy file: independent witnesses with their addresses, and the quorum',
    )
    tsa: str = Field(
        default=DEVELOPMENT,
        description='"development", the https address of an RFC 3161 time stamping authority, or a tsa-policy file '
        "that names several",
    )
    s3_bucket: str | None = Field(
        default=None,
        description="bucket with Object Lock that gets a copy of every sealed item; none when it is not set",
    )
    s3_endpoint: str | None = Field(
        default=None, description="address of the S3 server; that of AWS when it is not set"
    )
    s3_region: str = Field(default="us-east-1", description="region of the bucket")
    s3_prefix: str = Field(
        default="blobs/", pattern=r"^([A-Za-z0-9._-]+/)*$", description="beginning of the objects' names"
    )
    s3_key_id: str | None = Field(
        default=None, description="name of the access key; without it the AWS SDK looks in environment and role"
    )
    s3_secret_file: Path | None = Field(default=None, description="file with the secret of that access key")
    s3_drop_after_days: int | None = Field(
        default=None,
        ge=1,
        description="after so many days a local copy goes, once S3's was read back; never when not set",
    )
    s3_drop_above_percent: int | None = Field(
        default=None,
        ge=10,
        le=99,
        description="the oldest local copies go while the disk is fuller; never when not set",
    )
    upload_reserve_mib: int = Field(
        default=2048,
        ge=0,
        description="MiB of the disk that uploads leave free, for the journal and the presses of bridges beside it",
    )
    scrub_every_days: float = Field(
        default=7, ge=0, description="days between two readings of all sealed items in the background; 0: none"
    )
    scrub_pace_mib: float = Field(default=8, gt=0, description="MiB a second that such a reading takes at most")
    demonstration_people: bool = Field(
        default=False, description="people of the demonstration, whose pass phrases are printed, may sign in"
    )
    demonstration_alarm_centre: bool = Field(
        default=False, description="presses go to the alarm-centre receiver of the demonstration"
    )

    @classmethod
    def load(cls) -> Self:
        """Return the settings of the environment, checked, with no stand-in left in production.

        Raises:
            SettingsError: a variable has a value that cannot be used; all of them are named.
            StandInError: see `refuse_stand_ins`.
        """
        try:
            settings = cls()
        except ValidationError as error:
            # Never `error` itself: it repeats the values, and a database address may hold a password.
            rows = "\n".join(
                f"  - {ENV_PREFIX}{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}"
                for one in error.errors(include_input=False, include_url=False)
            )
            raise SettingsError(f"These settings cannot be used:\n{rows}") from None
        own = {f"{ENV_PREFIX}{name.upper()}" for name in cls.model_fields}
        for name, meant in variables.mistyped(os.environ, ENV_PREFIX, own | OTHERS):
            if not name.startswith(OF_THE_BRIDGE):
                raise SettingsError(f"{name} is no setting, and would be ignored: did you mean {meant}?")
        settings.refuse_stand_ins()
        return settings

    @field_validator("brokers", "proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment or a caller gave
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("brokers")
    @classmethod
    def _mqtt_only(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            parts = urlsplit(address)
            if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
                raise ValueError(f"{address!r} is not an mqtt:// or mqtts:// address")
        return value

    @field_validator("public_url", "s3_endpoint")
    @classmethod
    def _http_only(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{value!r} is not an http:// or https:// address")
        return value.rstrip("/")

    @field_validator("log_origin")
    @classmethod
    def _key_name(cls, value: str) -> str:
        # c2sp.org/signed-note: a key name is non-empty, without Unicode spaces and without plus.
        if any(character.isspace() for character in value) or "+" in value:
            raise ValueError("the name of a log has no space and no plus")
        return value

    def s3_place(self) -> Place | None:
        """Return where copies of sealed items go; None when no bucket is set.

        Raises:
            SettingsError: an access key without its secret, the reverse, or a file that cannot be read.
        """
        if self.s3_bucket is None:
            return None
        if (self.s3_key_id is None) != (self.s3_secret_file is None):
            raise SettingsError("GETUIGE_S3_KEY_ID and GETUIGE_S3_SECRET_FILE go together")
        secret = read_secret(self.s3_secret_file, "GETUIGE_S3_SECRET_FILE") if self.s3_secret_file else None
        return Place(
            self.s3_bucket,
            self.s3_endpoint,
            self.s3_region,
            self.s3_prefix,
            self.s3_key_id,
            secret.get_secret_value() if secret else None,
        )

    def bridge_feeds(self) -> tuple[str, ...]:
        """Return the feed of every bridge."""
        return tuple(url.strip() for url in self.bridge_feed_url.split(",") if url.strip())

    def bridge_feed_token(self) -> SecretStr | None:
        """Return the token for the bridge's feed, or None when no file is set.

        Raises:
            SettingsError: the file cannot be read, is empty or is not a token.
        """
        if self.bridge_feed_token_file is None:
            return None
        if not self.bridge_feed_token_file.exists():  # server or bridge: whoever comes first makes it
            try:
                keyfile.load_or_create_token(self.bridge_feed_token_file)
            except keyfile.KeyFileError as error:
                raise SettingsError(f"GETUIGE_BRIDGE_FEED_TOKEN_FILE: {error}") from error
        return read_secret(self.bridge_feed_token_file, "GETUIGE_BRIDGE_FEED_TOKEN_FILE")

    def refuse_stand_ins(self) -> None:
        """Return silently in development; in production demand that no development stand-in is left.

        Raises:
            StandInError: one text that lists every stand-in and what to set instead.
        """
        if self.mode != "production":
            return
        found = list(self._stand_ins())
        if found:
            rows = "\n".join(f"  - {name}: {mend}" for name, mend in found)
            raise StandInError(f"GETUIGE_MODE=production refuses these development stand-ins:\n{rows}")

    def _stand_ins(self) -> Iterator[tuple[str, str]]:
        if self.witness == DEVELOPMENT:
            yield "development witness", "set GETUIGE_WITNESS to a policy file with independent witnesses"
        if self.tsa == DEVELOPMENT:
            yield "development TSA", "set GETUIGE_TSA to the https address of a qualified TSA"
        elif urlsplit(self.tsa).scheme == "http":
            yield "TSA without https", f"GETUIGE_TSA is {self.tsa}"
        if self.demonstration_people:
            yield "demonstration people", "their pass phrases are printed; take GETUIGE_DEMONSTRATION_PEOPLE away"
        if self.demonstration_alarm_centre:
            yield (
                "demonstration alarm-centre receiver",
                "nobody looks at it; take GETUIGE_DEMONSTRATION_ALARM_CENTRE away",
            )
        yield from self._open_roads()
        if self.log_origin.split("/")[0].endswith((".example", "localhost")):
            yield "example name of the custody log", "set GETUIGE_LOG_ORIGIN to a name that you own"

    def _open_roads(self) -> Iterator[tuple[str, str]]:
        """Yield addresses that are not encrypted on the way and leave this machine."""
        if urlsplit(self.public_url).scheme != "https":
            yield "plain http", f"GETUIGE_PUBLIC_URL is {self.public_url}; put https in front"
        for address in self.brokers:
            parts = urlsplit(address)
            if parts.scheme != "mqtts" and parts.hostname not in LOOPBACK:
                yield "plain mqtt to another host", f"{address}; use mqtts://"
        s3 = urlsplit(self.s3_endpoint or "https://")
        if s3.scheme != "https" and s3.hostname not in LOOPBACK:
            yield "plain http to S3", f"GETUIGE_S3_ENDPOINT is {self.s3_endpoint}"


def read_secret(path: Path, variable: str) -> SecretStr:
    """Return the secret in `path`, without the newline at its end; `variable` names the setting in errors.

    Raises:
        SettingsError: the file cannot be read, is empty, too large or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SECRET_BYTES + 1)
        text = raw.decode().strip()
    except OSError as error:
        raise SettingsError(f"{variable}: {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{variable}: {path} is not text") from error
    if not text or len(raw) > MAX_SECRET_BYTES:
        raise SettingsError(f"{variable}: {path} must hold one secret of 1 to {MAX_SECRET_BYTES} bytes")
    return SecretStr(text)
