"""The alert rules of the storage speak of metrics that a server really gives, and fire when they should."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from server.keeping.figures import StorageFigures
from tests.support.programs import need

RULES = Path(__file__).parents[3] / "infra" / "prometheus" / "storage.yml"
PAGE = Path(__file__).parents[3] / "docs" / "operations" / "storage.md"


def given() -> set[str]:
    registry = CollectorRegistry()
    StorageFigures(registry)
    types = re.findall(r"# TYPE (getuige_storage_\w+) (gauge|counter)", generate_latest(registry).decode())
    return {name for name, _ in types if not name.endswith("_created")}


def test_rules_and_page_name_what_there_is() -> None:
    ruled = set(re.findall(r"getuige_storage_\w+", RULES.read_text()))
    assert ruled
    assert ruled <= given()
    told = {
        f"getuige_storage{one}" for one in re.findall(r"`(?:getuige_storage)?(_\w+)(?:\{kind\})?`", PAGE.read_text())
    }
    assert told == given()


@pytest.mark.need("promtool")
@pytest.mark.parametrize(
    "what", [("check", "rules", "storage.yml"), ("test", "rules", "storage_test.yml")], ids=" ".join
)
def test_promtool_takes_the_rules_and_they_fire(what: tuple[str, ...]) -> None:
    done = subprocess.run([str(need("promtool")), *what], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
