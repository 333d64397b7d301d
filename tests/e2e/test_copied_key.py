"""Her phone's key in two hands: her real phone goes on and says so, the caseworker sees it, no server moves a number.

THREATS.md: "fills the quota, the disk or the chain with her phone's key", "claims a log head that never was".
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, ids, keys, schema
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.statements import statement as statements
from evidence.statements.statement import Chain, SeenCheckpoint
from server.clients import memory
from server.clients.errors import ClientError, DistrustError, RefusedError
from server.clients.phone_chain import CONTRADICTION, Pending
from server.clients.phone_folder import open_phone
from server.clients.phone_warnings import CONTRADICTED, STRANGER, warnings
from tests.support import timeline_page
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case, prove
from tests.support.server_world import World


@pytest.fixture
def her(world: World) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        yield her


def titles(her: PhoneOwner) -> list[str]:
    return [one.opened.meta.title or "" for one in her.vault.items() if one.opened]


def signs(her: PhoneOwner) -> list[dict[str, Any]]:
    page = timeline_page.timeline(her.world.caseworker, her.case)
    return list(page["case"]["signs"])


def test_a_copy_of_the_key_does_not_silence_the_real_phone(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.add(incident("van haar"))
        assert phone.sync() == 1
        assert not list(warnings(phone))
    shutil.copytree(folder, tmp_path / "copy")
    with open_phone(tmp_path / "copy") as copy:
        for title in ("van hem", "nog eens van hem"):
            copy.add(incident(title))
        assert copy.sync() == 2
    with open_phone(folder) as phone:
        phone.add(incident("weer van haar"))
        phone.add(incident("en weer"))
        assert phone.sync() == 2
        prove(phone)
        (warning,) = warnings(phone)
        words = STRANGER[phone.signer.api.language].split("{at}")[0].format(number=3)
        assert warning.startswith(words), "in the language of whoever holds the phone"
        assert [one.state for one in phone.states()] == ["arrived"] * 3
    assert titles(her) == ["van haar", "van hem", "nog eens van hem", "weer van haar", "en weer"]
    assert [(one["kind"], one["by"]) for one in signs(her)] == [("number-taken", phone.signer.identity.kid)]


def test_a_phone_that_was_stopped_before_it_heard_the_refusal_goes_on(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    shutil.copytree(folder, tmp_path / "copy")
    with open_phone(folder) as phone:
        item = phone.add(incident("van haar"))
        entry = phone.outbox.find(item)
        assert entry is not None
        phone._upload(entry, None, announce=False)
        made = statements.sign(
            phone.signer.identity, "item.seal", entry.seal_body(), case=her.case, chain=phone.chain.known().next
        )
        on_its_way = (Pending(made.envelope.to_bytes(), item),)
        phone.chain.remember(replace(phone.chain.known(), pending=on_its_way))  # and here it died
    with open_phone(tmp_path / "copy") as copy:
        copy.add(incident("van hem"))
        assert copy.sync() == 1
    with open_phone(folder) as phone:
        assert phone.sync() == 1
        assert len(list(phone.strangers())) == 1
    assert titles(her) == ["van hem", "van haar"]


def test_an_old_backup_of_the_phone_finds_its_way(her: PhoneOwner, tmp_path: Path) -> None:
    """What the backup still wants to send arrived long ago: it counts as arrived, and is not sent twice."""
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.add(incident("voor de back-up"))
    shutil.copytree(folder, tmp_path / "backup")
    with open_phone(folder) as phone:
        phone.add(incident("na de back-up"))
        assert phone.sync() == 2
    with open_phone(tmp_path / "backup") as back:
        assert back.sync() == 1
        assert [one.state for one in back.states()] == ["arrived"]
        back.add(incident("met de back-up"))
        assert back.sync() == 1
    assert titles(her) == ["voor de back-up", "na de back-up", "met de back-up"]


def refusal(stored: object) -> RefusedError:
    return RefusedError(409, "chain", "", reason="chain", stored=stored)


def test_no_words_of_a_server_move_a_number(her: PhoneOwner, tmp_path: Path) -> None:
    """Whatever it shows beside a genuine receipt: only a statement of this very key, with a number as high, counts."""
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.add(incident("een"))
        phone.sync()
        chained = phone.chain.known()
        enrolment, first = sorted(phone.receipts, key=lambda one: one.recorded.index)
        pending = statements.sign(
            phone.signer.identity,
            "item.seal",
            statements.from_envelope(statement_of(first.path)).body,
            case=her.case,
            chain=chained.next,
        )
        lower = memory.read_json(first.path)
        stranger = her.world.open_case()
        foreign = stranger.sealed(stranger.phone())
        assert foreign.body.item
        rows = timeline_page.timeline(her.world.caseworker, stranger.case)["events"]
        others = {
            "receipt": lower["receipt"],
            "event": canonical.b64(rows[-1]["event"]),
            "salt": rows[-1]["salt"].hex(),
        }
        broken = {**lower, "event": canonical.b64(canonical.unb64(lower["event"]).replace(b'"index":', b'"index":1'))}
        unsigned = {**lower, "receipt": None}
        shown = [None, {}, "x", lower, others, broken, unsigned, memory.read_json(enrolment.path)]
        for stored in shown:
            with pytest.raises((RefusedError, DistrustError)):
                phone.chain._set_aside(pending, refusal(stored))
            assert phone.chain.known() == chained
        assert not list(phone.strangers())


def statement_of(receipt: Path) -> Any:  # noqa: ANN401 - a DSSE envelope
    from evidence.statements import event  # noqa: PLC0415 - only here

    return event.parse(canonical.unb64(memory.read_json(receipt)["event"])).statement.envelope


def test_a_signed_head_that_contradicts_is_kept_and_the_phone_goes_on(her: PhoneOwner, tmp_path: Path) -> None:
    """As after a log that was rewritten: what this phone saw, and what the log shows now, cannot both be true."""
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.add(incident("een"))
        phone.sync()
        prove(phone)
        own = (folder / "seen.checkpoint").read_bytes()
        seen = schema.decode(SeenCheckpoint, memory.read_json(folder / "seen.json"))
        assert SignedCheckpoint.parse(own).checkpoint.size == seen.size
        head = her.world.stamped_head()
        wrong = SeenCheckpoint(head.checkpoint.size, ids.Sha256("ab" * 32))
        memory.write_json(folder / "seen.json", schema.encode(wrong))
        phone.add(incident("twee"))
        assert phone.sync() == 1
        kept = memory.read_json(folder / CONTRADICTION)
        assert kept["signed"] == own.decode()
        assert SignedCheckpoint.parse(kept["shown"].encode()).checkpoint == head.checkpoint
        assert list(warnings(phone)) == [CONTRADICTED[phone.signer.api.language]]
        phone.add(incident("drie"))
        assert phone.sync() == 1
        last = max(phone.receipts, key=lambda one: one.recorded.index)
        assert statements.from_envelope(statement_of(last.path)).seen is None
    assert titles(her) == ["een", "twee", "drie"]
    assert [one["kind"] for one in signs(her)] == ["seen-contradicts"]


def test_a_refusal_of_what_was_seen_counts_only_with_the_logs_own_head(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        phone.add(incident("een"))
        phone.sync()
        prove(phone)
        seen = phone.chain._seen()
        assert seen is not None
        honest = (folder / "seen.checkpoint").read_text()
        forged = honest.replace(canonical.b64(bytes.fromhex(seen.root)), canonical.b64(bytes(32)))
        assert forged != honest
        pending = statements.sign(
            keys.Identity.generate(),
            "item.seal",
            statements.from_envelope(statement_of(max(phone.receipts, key=lambda one: one.recorded.index).path)).body,
            case=her.case,
            chain=Chain(9, ids.Sha256("0" * 64)),
            seen=seen,
        )
        for shown in ("", "x", forged, honest):
            with pytest.raises(ClientError):
                phone.chain._set_aside(pending, RefusedError(409, "seen", "", reason="seen", head=shown))
        assert not phone.chain.contradicted
        assert phone.chain._seen() == seen
