"""The folder of a witness: refused heads are kept as proof, up to a limit, and a list of logs is read strictly."""

from pathlib import Path

import pytest

from evidence.custody.log.note import generate_key
from server.witness import folder as folders
from server.witness.folder import WitnessError, WitnessFolder, read_logs

LOGS = [generate_key(f"log-{number}.example") for number in range(2)]


def test_refused_heads_are_kept_once_and_do_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_REFUSED", 3)
    home = WitnessFolder(tmp_path)
    for note in (b"a", b"a", b"b", b"c", b"d", b"e"):
        home.keep_refused("log.example", note)
    assert sorted(path.read_bytes() for path in home.refused.iterdir()) == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    "text",
    [
        f"{LOGS[0].vkey}\n\n# the second\n  {LOGS[1].vkey}  \n",
        f"log {LOGS[0].vkey}\nlog {LOGS[1].vkey} https://log.example\nquorum none\n",
    ],
)
def test_a_list_of_keys_and_a_policy_are_both_lists_of_logs(tmp_path: Path, text: str) -> None:
    (tmp_path / "logs").write_text(text)
    names = [log.name for log in LOGS]
    assert read_logs(tmp_path / "logs") == tuple(log.verifier for log in LOGS)
    assert read_logs(tmp_path / "logs", [*names, "third.example"])
    with pytest.raises(WitnessError, match=names[1]):
        read_logs(tmp_path / "logs", names[:1])


@pytest.mark.parametrize("data", [b"", b"\xff", b"hello\n", b"log hello\n", b"#" * (folders.MAX_LOGS_BYTES + 1)])
def test_a_file_that_is_no_list_of_logs(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "logs").write_bytes(data)
    with pytest.raises(WitnessError):
        read_logs(tmp_path / "logs")
    with pytest.raises(WitnessError, match="cannot be read"):
        read_logs(tmp_path / "none")


def test_a_bad_name_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="key name"):
        WitnessFolder(tmp_path / "w").create("a name with spaces")
    assert not (tmp_path / "w").exists()
