"""The alert rules of the server speak of metrics that it really gives, and fire when they should."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from server.system.readiness import ReadinessFigures
from tests.support.programs import need

RULES = Path(__file__).parents[3] / "infra" / "prometheus" / "server.yml"
PAGE = Path(__file__).parents[3] / "docs" / "operations" / "serving.md"


def given() -> set[str]:
    registry = CollectorRegistry()
    ReadinessFigures(registry)
    return set(re.findall(r"# TYPE (getuige_server_\w+) gauge", generate_latest(registry).decode()))


def test_rules_and_page_name_what_there_is() -> None:
    assert set(re.findall(r"getuige_server_\w+", RULES.read_text())) == given()
    named = re.findall(r"`(?:getuige_server)?(_\w+)(?:\{part\})?`", PAGE.read_text())
    told = {f"getuige_server{one}" for one in named}
    assert told == given()


@pytest.mark.need("promtool")
@pytest.mark.parametrize("what", [("check", "rules", "server.yml"), ("test", "rules", "server_test.yml")], ids=" ".join)
def test_promtool_takes_the_rules_and_they_fire(what: tuple[str, ...]) -> None:
    done = subprocess.run([str(need("promtool")), *what], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
