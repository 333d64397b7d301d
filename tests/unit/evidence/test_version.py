"""The version that an opened bundle names is that of the package."""

import tomllib
from pathlib import Path

from evidence import VERSION


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == VERSION
