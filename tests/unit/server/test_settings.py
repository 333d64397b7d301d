"""The settings object names what is wrong and, in production, refuses every development stand-in by name.

It is frozen, follows the data folder and the port, and never repeats a value that may be a password.
"""

from pathlib import Path

import pytest
from pydantic import ValidationError

from evidence import keyfile
from server.settings import MAX_SECRET_BYTES, Settings, SettingsError, StandInError, read_secret

HONEST = {
    "mode": "production",
    "public_url": "https://getuige.test",
    "witness": "/etc/getuige/policy",
    "tsa": "https://tsa.test/rfc3161",
    "log_origin": "getuige.test/log",
    "brokers": "mqtts://a.test:8883,mqtt://localhost:1883",
}

STAND_INS = [
    ("witness", "development", "development witness"),
    ("tsa", "development", "development TSA"),
    ("tsa", "http://tsa.test", "TSA without https"),
    ("demonstration_people", True, "demonstration people"),
    ("demonstration_alarm_centre", True, "demonstration alarm-centre receiver"),
    ("public_url", "http://getuige.test", "plain http"),
    ("brokers", "mqtt://broker.test:1883", "plain mqtt to another host"),
    ("log_origin", "getuige.example/log", "example name of the custody log"),
]


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GETUIGE_{name.upper()}", raising=False)


def settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def test_what_follows_the_folder_and_the_port() -> None:
    chosen = settings(data="/srv/getuige", port=9000)
    assert chosen.database_url == "sqlite:////srv/getuige/getuige.db"
    assert chosen.public_url == "http://localhost:9000"
    assert chosen.bridge_feed_url == "http://127.0.0.1:9001"
    assert chosen.brokers == ("mqtt://127.0.0.1:9002", "mqtt://127.0.0.1:9003")


def test_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings().port = 1


def test_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_BROKERS", "mqtt://a:1883, mqtts://b:8883")
    monkeypatch.setenv("GETUIGE_DATA", "elsewhere")
    monkeypatch.setenv("GETUIGE_MEDIA", "")  # of the demonstration, not of this object
    chosen = Settings.load()
    assert chosen.brokers == ("mqtt://a:1883", "mqtts://b:8883")
    assert chosen.data == Path("elsewhere")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GETUIGE_PORT", "70000"),
        ("GETUIGE_MODE", "prod"),
        ("GETUIGE_BROKERS", "http://broker"),
        ("GETUIGE_PUBLIC_URL", "localhost:8480"),
        ("GETUIGE_LOG_ORIGIN", "my log"),
        ("GETUIGE_LOG_ORIGIN", ""),
    ],
)
def test_bad_values_are_named(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        Settings.load()


def test_a_password_is_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_DATABASE_URL", "postgresql://getuige:zwanenmeer@db/getuige")
    assert "zwanenmeer" not in repr(Settings.load())
    monkeypatch.setenv("GETUIGE_PORT", "zwanenmeer")
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert "zwanenmeer" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_production_without_stand_ins() -> None:
    settings(**HONEST).refuse_stand_ins()


@pytest.mark.parametrize(("field", "value", "name"), STAND_INS)
def test_production_refuses_each_stand_in_by_name(field: str, value: object, name: str) -> None:
    with pytest.raises(StandInError) as refused:
        settings(**{**HONEST, field: value}).refuse_stand_ins()
    rows = [line for line in str(refused.value).splitlines() if line.startswith("  - ")]
    assert len(rows) == 1
    assert name in rows[0]


@pytest.mark.parametrize(("field", "value"), [row[:2] for row in STAND_INS])
def test_development_allows_them(field: str, value: object) -> None:
    settings(**{**HONEST, "mode": "development", field: value}).refuse_stand_ins()


def test_production_lists_all_of_them_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_MODE", "production")
    with pytest.raises(StandInError) as refused:
        Settings.load()
    for name in ("development witness", "development TSA", "plain http", "example name of the custody log"):
        assert name in str(refused.value)


def test_secrets_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    token = settings(bridge_feed_token_file=file).bridge_feed_token()
    assert token is not None
    assert token.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(token)
    assert settings().bridge_feed_token() is None


def test_the_feeds_token_is_made_by_whoever_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "bridge-feed.token"
    made = settings(bridge_feed_token_file=file).bridge_feed_token()
    assert made is not None
    assert keyfile.load_or_create_token(file) == made.get_secret_value(), "the bridge's way"
    blocked = settings(bridge_feed_token_file=Path("/proc/nowhere/token"))
    with pytest.raises(SettingsError, match="GETUIGE_BRIDGE_FEED_TOKEN_FILE"):
        blocked.bridge_feed_token()


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"x" * (MAX_SECRET_BYTES + 1)])
def test_a_file_that_is_no_secret(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="GETUIGE_X"):
        read_secret(file, "GETUIGE_X")


def test_a_secret_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_secret(tmp_path / "none", "GETUIGE_X")
