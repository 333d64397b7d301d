"""A program that is missing is a loud skip on a developer's machine and a failure when CI=true."""

import os
from pathlib import Path

import pytest

from tests.support import programs


def test_a_program_that_is_here() -> None:
    assert os.access(programs.need("sh"), os.X_OK)


@pytest.mark.need("sh")
def test_the_marker_lets_a_test_run() -> None:
    assert True, "runs because sh is here"


def test_missing_is_a_skip_that_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "EXTRA_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install mosquitto-clients") as left_out:
        programs.need("mosquitto_pub")
    assert programs.missing_programs([str(left_out.value)] * 2 + ["another reason"]) == [
        "mosquitto_pub: 2 test(s) left out. Mend: apt-get install mosquitto-clients"
    ]


def test_missing_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install no-such-program"):
        programs.need("no-such-program")


def test_what_a_program_said_is_shown_when_it_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="ended with 3:\nwhat is wrong"):
        programs.carry_out(["sh", "-c", "echo what is wrong >&2; exit 3"])
