"""No setting is ignored in silence: a variable that looks like one of ours is refused with the one that was meant."""

import os
import re
from pathlib import Path

import pytest

from device_bridge.errors import SettingsError as BridgeSettingsError
from device_bridge.settings import BridgeSettings
from evidence import variables
from server.demo.ledger import Ledger
from server.demo.machine import Ports, PortsError
from server.settings import ENV_PREFIX, OTHERS, Settings, SettingsError

ROOT = Path(__file__).parents[3]
KINDS = {".py", ".md", ".service", ".env", ".sh", ".yml"}
FOLDERS = ("server", "device_bridge", "evidence", "tests", "infra", "docs")


@pytest.mark.parametrize(
    ("name", "meant"), [("GETUIGE_PROT", "GETUIGE_PORT"), ("GETUIGE_PUBLIC_URI", "GETUIGE_PUBLIC_URL")]
)
def test_a_mistyped_setting_of_the_server(name: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "9000")
    with pytest.raises(SettingsError, match=f"did you mean {meant}"):
        Settings.load()


def test_a_mistyped_setting_of_the_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GETUIGE_BRIDGE_PEER", "http://127.0.0.1:1")
    Settings.load()
    with pytest.raises(BridgeSettingsError, match="did you mean GETUIGE_BRIDGE_PEERS"):
        BridgeSettings.load()


def test_every_variable_that_we_speak_of_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what tests, pages and the shipped configuration call a setting: a stale one was in the tests."""
    spoken = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in KINDS and "node_modules" not in path.parts and path.name != Path(__file__).name:
                spoken |= set(re.findall(r"\bGETUIGE_[A-Z0-9_]*[A-Z0-9]\b", path.read_text()))
    own = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
    bridge = {f"GETUIGE_BRIDGE_{name.upper()}" for name in BridgeSettings.model_fields}
    assert dict(variables.mistyped(dict.fromkeys(spoken, ""), ENV_PREFIX, own | bridge | OTHERS)) == {}
    for name in OTHERS:
        monkeypatch.setitem(os.environ, name, "x")
    Settings.load()
    BridgeSettings.load()


def test_another_port_for_a_used_folder_is_refused(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    used = Ports.choose(ledger, 23_480)
    assert Ports.choose(ledger) == used
    assert Ports.choose(ledger, used.api) == used
    with pytest.raises(PortsError, match=f"started with port {used.api}"):
        Ports.choose(ledger, used.api + 100)
