"""The reference phone against a real server: it only adds, forgets, says honestly where things are, and may be killed.

THREATS.md: "knows her PIN, has the phone for an hour" (nothing readable on it), "data lost after an acknowledgement",
"two histories shown to two people", "server turns malicious" (receipts and heads that do not hold).
"""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import ids, schema
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.statements.statement import SeenCheckpoint
from server.clients import memory, phone_folder, timeline
from server.clients.attachments import describe
from server.clients.errors import ClientError, DistrustError, FolderError, RefusedError
from server.clients.outbox import Source
from server.clients.phone_folder import open_phone
from tests.support import starter
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case, prove
from tests.support.server_world import World

SECRET = "Hij stond weer bij de halte Walenburgerweg"


@pytest.fixture
def her(world: World) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        yield her


def test_what_she_added_arrives_is_proven_and_opens_for_her(her: PhoneOwner, tmp_path: Path) -> None:
    photo = tmp_path / "halte.jpg"
    photo.write_bytes(os.urandom(200_000))
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        first = phone.add(incident(SECRET))
        second = phone.add(
            describe(photo, "image/jpeg", "De halte", "", first), Source(photo, "halte.jpg", "image/jpeg")
        )
        assert [one.state for one in phone.states()] == ["kept here", "kept here"]
        assert phone.sync() == 2
        prove(phone)
        states = list(phone.states())
        assert [one.item for one in states] == [first, second]
        assert all(one.state == "arrived" and one.proven for one in states)
    moments = [moment for moment in her.vault.items() if moment.opened]
    assert [moment.item for moment in moments] == [first, second]
    titles = [moment.opened.meta.title for moment in moments if moment.opened]
    assert titles == [SECRET, "De halte"]


def test_after_receipts_the_phone_holds_nothing_readable(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    photo = tmp_path / "gallery" / "walenburgerweg.jpg"
    photo.parent.mkdir()
    photo.write_bytes(SECRET.encode() + os.urandom(100_000))
    with open_phone(folder) as phone:
        phone.add(incident(SECRET))
        phone.add(describe(photo, "image/jpeg", SECRET, SECRET, None), Source(photo, photo.name, "image/jpeg"))
        phone.sync()
        prove(phone)
    content_keys = [moment.opened.content_key for moment in her.vault.items() if moment.opened]
    assert len(content_keys) == 2
    files = [path for path in folder.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    assert kept
    for secret in (SECRET.encode(), b"alenburgerweg", *content_keys, *(key.hex().encode() for key in content_keys)):
        assert secret not in kept
    assert not any("walenburgerweg" in path.name for path in folder.rglob("*"))
    # What is left is no key of the case either: it signs, and opens nothing.
    assert json.loads((folder / "identity.json").read_text()).keys() == {"sign"}
    assert (folder / "identity.json").stat().st_mode & 0o077 == 0


def test_the_phones_key_reads_nothing_at_the_server(her: PhoneOwner, tmp_path: Path) -> None:
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        phone.add(incident(SECRET))
        phone.sync()
        with pytest.raises(RefusedError) as refused:
            timeline.read(phone.signer, her.case, [])
        assert refused.value.status == 404


def test_without_a_network_it_is_kept_here_and_says_why(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    settings = memory.read_json(folder / "phone.json")
    memory.write_json(folder / "phone.json", {**settings, "url": "http://127.0.0.1:9"})
    with open_phone(folder) as phone:
        phone.add(incident("Zonder bereik"))
        with pytest.raises(ClientError):
            phone.sync()
        (state,) = phone.states()
        assert state.state == "kept here"
        assert "127.0.0.1:9" in str(state.why)
    memory.write_json(folder / "phone.json", settings)
    with open_phone(folder) as phone:
        assert phone.sync() == 1
        assert [state.state for state in phone.states()] == ["arrived"]


def test_a_kept_receipt_is_a_file_that_anyone_verifies(her: PhoneOwner, tmp_path: Path) -> None:
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        item = phone.add(incident("Bewijs"))
        phone.sync()
        prove(phone)
        file = tmp_path / "phone" / "receipts" / f"{item}.json"
    anchors = trust.load(her.world.settings.data / "trust")
    report = verify(file, anchors)
    assert not report.failed
    assert {"receipt", "events-logged"} <= {claim.code for claim in report.claims}
    forged = tmp_path / "forged.json"
    document = json.loads(file.read_text())
    forged.write_text(json.dumps({**document, "salt": "00" * 32}))
    assert verify(forged, anchors).failed


def test_an_invitation_enrols_one_phone(her: PhoneOwner, tmp_path: Path) -> None:
    her.enrol(tmp_path / "phone")
    her.enrol(tmp_path / "phone")  # again by the same phone: nothing more happens
    with pytest.raises(RefusedError):
        her.enrol(tmp_path / "another")
    with pytest.raises(FolderError), open_phone(tmp_path / "another"):
        pass


def test_a_phone_refuses_a_trust_policy_that_its_invitation_did_not_pin(her: PhoneOwner, tmp_path: Path) -> None:
    other = type(her.invitation)(**{**vars(her.invitation), "policy_sha256": "00" * 32})
    with pytest.raises(DistrustError):
        phone_folder.enrol(tmp_path / "phone", other)
    assert not (tmp_path / "phone" / "identity.json").exists()


def test_a_phone_notices_a_log_that_was_rewritten_or_shortened(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.add(incident("Eerste"))
        phone.sync()
        prove(phone)
        seen = schema.decode(SeenCheckpoint, memory.read_json(folder / "seen.json"))
        for other in (
            SeenCheckpoint(seen.size, ids.Sha256("ab" * 32)),
            SeenCheckpoint(seen.size - 1, ids.Sha256("ab" * 32)),
            SeenCheckpoint(seen.size + 1_000_000, seen.root),
        ):
            memory.write_json(folder / "seen.json", schema.encode(other))
            with pytest.raises(DistrustError):
                phone.check_proofs()
        memory.write_json(folder / "seen.json", schema.encode(seen))
        phone.check_proofs()


def test_two_processes_never_share_a_phone(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder), pytest.raises(FolderError), open_phone(folder):
        pass


CHILD = """
import os, signal, sys
from pathlib import Path
from server.clients.phone_folder import open_phone

calls = int(sys.argv[2])
FILES = ("phone.py", "outbox.py", "memory.py", "receipts.py", "tus.py", "signing.py")

def trace(frame, event, _argument):
    # Dies at the n-th call into the phone's own code: before, between or after its requests and its writes.
    global calls
    if event == "call" and frame.f_code.co_filename.endswith(FILES):
        calls -= 1
        if calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return None

with open_phone(Path(sys.argv[1])) as phone:
    sys.settrace(trace)
    phone.sync()
    sys.settrace(None)
"""


@pytest.mark.parametrize("step", [7, 19])
def test_killed_at_any_moment_of_a_sync_every_item_arrives_exactly_once(
    her: PhoneOwner, tmp_path: Path, step: int
) -> None:
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        items = [phone.add(incident(f"Bericht {number}")) for number in range(4)]
    killed = 0
    for calls in range(step, 400, step):
        result = starter.run(folder, calls, code=CHILD)
        if result.returncode == 0:
            break
        assert result.returncode == -signal.SIGKILL, result.stderr
        killed += 1
    assert killed >= 3, "the test no longer kills where it should"
    with open_phone(folder) as phone:
        phone.sync()
        prove(phone)
        assert sorted(one.item for one in phone.states() if one.state == "arrived") == sorted(items)
        assert not list(phone.outbox.entries())
    moments = her.vault.items()
    assert [moment.item for moment in moments if moment.item] == items
    said = [one.statement for one in moments if one.type in {"device.enrol", "item.seal"}]
    chains = [statement.chain for statement in said if statement is not None]
    assert [chain.seq for chain in chains if chain] == list(range(len(items) + 1))
