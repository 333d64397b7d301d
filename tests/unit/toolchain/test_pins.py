"""What pyproject.toml names is pinned with hashes, and the pins name no host: a fresh clone gets what was tested."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pinned(name: str) -> dict[str, str]:
    """Name → version of each pin in requirements/<name>.txt."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {canonicalize_name(found[1]): found[2] for found in re.finditer(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("build", ["hatchling"]),
        ("run", PROJECT["dependencies"] + EXTRAS["demo"]),
        ("dev", PROJECT["dependencies"] + EXTRAS["demo"] + EXTRAS["dev"]),
    ],
)
def test_what_is_named_is_pinned(name: str, named: list[str]) -> None:
    pins = pinned(name)
    for text in named:
        wanted = Requirement(text)
        version = pins.get(canonicalize_name(wanted.name))
        assert version is not None, f"{wanted.name} is not pinned: make lock"
        assert wanted.specifier.contains(version), f"{text}, but {version} is pinned: make lock"


@pytest.mark.parametrize(("smaller", "larger"), [("build", "run"), ("run", "dev")])
def test_one_version_everywhere(smaller: str, larger: str) -> None:
    assert pinned(smaller).items() <= pinned(larger).items()


@pytest.mark.parametrize("name", ["build", "run", "dev", "node", "media"])
def test_every_pin_has_hashes_and_no_line_names_a_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    for pin in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        if pin.strip():
            first, *rest = pin.strip().replace("\\\n", "").split()
            assert "==" in first
            assert rest, f"{first} has no hash"
            assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in rest), first
