"""Her vault numbers what it says, on whichever computer it is opened, and no server makes it forget a word of hers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence import ids, keys
from evidence.statements.statement import Chain
from server.clients.erasing import Erasing
from server.clients.errors import DistrustError
from server.clients.numbering import Numbers, last_of, not_shown
from server.clients.phone_folder import open_phone
from server.clients.signing import LAST
from server.clients.vault import Vault
from tests.support.erasing_world import sweeping
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import World


@pytest.fixture
def her(world: World, tmp_path: Path) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        with open_phone(her.enrol(tmp_path / "phone")) as phone:
            phone.add(incident())
            phone.sync()
        yield her


def computer(her: PhoneOwner, folder: Path) -> Vault:
    """Return her vault on a computer that keeps its numbers in `folder`."""
    vault = her.vault
    vault.signer.numbers = Numbers.beside(folder / "vault.json")
    folder.mkdir(exist_ok=True)
    return vault


def numbers(her: PhoneOwner) -> list[tuple[int, str]]:
    """Return number and type of all that her vault said, as the timeline shows it."""
    said = [one.statement for one in her.vault.items() if one.statement and one.statement.by == her.identity.kid]
    return [(one.chain.seq, one.type) for one in said if one.chain]


def test_two_computers_go_on_from_one_another(her: PhoneOwner, tmp_path: Path) -> None:
    one, two = computer(her, tmp_path / "one"), computer(her, tmp_path / "two")
    reader = her.world.investigator.kid
    (first,) = one.grant(reader, "aangifte", 7).grants
    two.revoke(first.grant)
    (second,) = one.grant(reader, "aangifte", 7).grants
    one.revoke(second.grant)
    assert numbers(her) == [(0, "grant"), (1, "revoke"), (2, "grant"), (3, "revoke")]
    assert one.signer.numbers is not None
    kept = one.signer.numbers.known()
    assert kept is not None
    assert kept.seq == 3
    receipts = sorted(path.name for path in one.signer.numbers.receipts.iterdir())
    assert receipts == ["000000.json", "000002.json", "000003.json"], "those of this computer, to hold exports against"


def test_a_server_that_forgot_a_statement_is_found_out_before_anything_is_signed(
    her: PhoneOwner, tmp_path: Path
) -> None:
    vault = computer(her, tmp_path / "one")
    (given,) = vault.grant(her.world.investigator.kid, "aangifte", 7).grants
    assert vault.signer.numbers is not None
    known = vault.signer.numbers.known()
    assert known is not None
    later = Chain(1, ids.Sha256("1" * 64))  # said once, and this server came back from before
    vault.signer.numbers.keep(later)
    with pytest.raises(DistrustError, match="knows statement 1"):
        vault.revoke(given.grant)
    vault.signer.numbers.keep(Chain(0, ids.Sha256("2" * 64)))  # the number is hers, the statement is another
    with pytest.raises(DistrustError, match="knows statement 0"):
        vault.revoke(given.grant)
    assert numbers(her) == [(0, "grant")]
    vault.signer.numbers.keep(known)
    vault.revoke(given.grant)


def test_the_word_of_a_server_moves_no_number(her: PhoneOwner, tmp_path: Path) -> None:
    vault = computer(her, tmp_path / "one")
    vault.grant(her.world.investigator.kid, "aangifte", 7)
    signer, public = vault.signer, her.identity.sign_public
    anchors = (signer.pins, signer.certificates())
    answer = signer.api.get(LAST)
    last = last_of(answer, her.case, public, anchors, None)
    assert last is not None
    assert last.seq == 0
    strange: tuple[dict[str, Any], ...] = (
        {**answer, "seq": 4},
        {**answer, "statement": "0" * 64},
        {**answer, "seq": None, "statement": None},
        {**answer, "stored": {**answer["stored"], "salt": "00" * 32}},
        {**answer, "stored": "her word"},
        {"seq": 0},
        {},
    )
    for lie in strange:
        with pytest.raises(DistrustError):
            last_of(lie, her.case, public, anchors, None)
    with pytest.raises(DistrustError):
        last_of(answer, ids.CaseId(ids.new_id()), public, anchors, None)
    with pytest.raises(DistrustError):
        last_of(answer, her.case, keys.Identity.generate().sign_public, anchors, None)


def test_a_statement_that_a_server_holds_back_leaves_a_gap_that_is_said(her: PhoneOwner, tmp_path: Path) -> None:
    """A revocation above all: with it gone, an old grant would look as if it were in force."""
    vault = computer(her, tmp_path / "one")
    (grant,) = vault.grant(her.world.investigator.kid, "aangifte", 7).grants
    vault.revoke(grant.grant)
    vault.set_readers({her.world.caseworker.kid: None})
    honest, known = vault.items(), vault.signer.numbers
    assert known is not None
    assert not not_shown(honest, her.identity.kid, known.known())
    by = {"revoke": {her.identity.kid: [1]}, "list.set": {her.identity.kid: [2]}, "grant": {her.identity.kid: [0]}}
    for kind, gap in by.items():
        told = [one for one in honest if one.type != kind]
        assert not_shown(told, her.identity.kid, known.known()) == gap
    phone = next(one.statement.by for one in honest if one.type == "device.enrol" and one.statement is not None)
    without = [one for one in honest if one.type != "device.enrol"]
    assert not_shown(without, her.identity.kid, known.known()) == {phone: [0]}
    no_consent = [one for one in honest if one.statement is None or one.statement.by != her.identity.kid]
    assert not_shown(no_consent, her.identity.kid, known.known()) == {her.identity.kid: [0, 1, 2]}
    assert not not_shown(no_consent, her.identity.kid, None)  # another computer has a receipt, or cannot know


def test_she_goes_on_after_her_last_statement_was_erased(her: PhoneOwner, tmp_path: Path) -> None:
    vault = computer(her, tmp_path / "one")
    erasing = Erasing(vault.signer, her.case)
    (item,) = [one.item for one in vault.items() if one.item is not None]
    erasure, _ = erasing.ask(erasing.plan([item]))
    Erasing(her.connect(her.world.caseworker.identity), her.case).agree(erasure)
    vault.grant(her.world.investigator.kid, "nog even", 7)  # it ends with the item
    with sweeping(her.world.settings) as sweeper:
        sweeper.sweep()
    answer = vault.signer.api.get(LAST)
    assert (answer["seq"], answer["stored"]) == (1, None)
    with open_phone(tmp_path / "phone") as phone:
        phone.add(incident("Daarna"))
        phone.sync()
    vault.grant(her.world.investigator.kid, "aangifte", 7)
    assert numbers(her) == [(0, "erase.request"), (2, "grant")]
