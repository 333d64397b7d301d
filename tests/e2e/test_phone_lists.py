"""Her phone seals to those on the list that her vault signed, and to nobody whom a server puts there.

THREATS.md: "list: by another vault key; older number; same number, other bytes; expired; X-Wing key of another hash;
retired; low-order key": the phone leaves out or refuses, and the item arrives. "reads from the phone who may read".
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, ids, keys
from evidence.envelope import container
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain
from server.clients import phone_folder, timeline
from server.clients.case_keys import CASE_KEYS
from server.clients.caseworker import Caseworker
from server.clients.errors import DistrustError
from server.clients.phone import Phone
from server.clients.phone_folder import open_phone
from server.clients.phone_lists import PhoneLists
from server.clients.phone_warnings import warnings
from tests.support import published, timeline_page
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case, prove
from tests.support.server_world import World

NOW = datetime.now(UTC)


@pytest.fixture
def her(world: World) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        yield her


def sealed_to(phone: Phone) -> set[ids.KeyId]:
    """Return to whom the newest entry of a phone is sealed, beside the case."""
    newest = list(phone.outbox.entries())[-1]
    head = container.parse_prefix(newest.container.read_bytes()).head
    return {one.to for one in head.wraps} - {keys.opening_kid(phone.case_key)}


def titles(her: PhoneOwner, who: keys.Identity) -> list[str]:
    """Return what somebody reads of her case."""
    return [one.opened.meta.title for one in timeline.read(her.connect(who), her.case, [who]) if one.opened]


def row(who: keys.Identity) -> bodies.StandingReader:
    return bodies.StandingReader(who.kid, published.sha256_of(who))


def a_list(vault: keys.Identity, case: ids.CaseId, *readers: keys.Identity, number: int = 1, **more: Any) -> str:  # noqa: ANN401 - members of a body
    """Return a list as the server shows it."""
    until = ids.time_of(NOW + timedelta(days=9))
    body = replace(bodies.ListSet(number, ids.time_of(NOW), until, tuple(map(row, readers))), **more)
    lead = None if body.agreed is None else readers[0]
    said = statements.sign(vault, "list.set", body, case=case, chain=Chain(0, FIRST_PREV), cosigner=lead)
    return canonical.b64(said.envelope.to_bytes())


def answer(*lists: str, readers: tuple[keys.Identity, ...] = ()) -> dict[str, Any]:
    return {"lists": list(lists), "readers": {one.kid: published.opens(one) for one in readers}}


@pytest.fixture
def vault() -> keys.Identity:
    return keys.Identity.generate()


@pytest.fixture
def lists(tmp_path: Path, vault: keys.Identity) -> PhoneLists:
    return PhoneLists(tmp_path, ids.CaseId(ids.new_id()), vault.sign_public, 0)


def gets(lists: PhoneLists, after: timedelta = timedelta(), witnessed: timedelta | None = None) -> tuple[bytes, ...]:
    head = None if witnessed is None else ids.time_of(NOW + witnessed)
    return lists.recipients(incident(), ids.time_of(NOW + after), head).keys


LEAD, COLLEAGUE = keys.Identity.generate(), keys.Identity.generate()


def test_a_phone_hears_of_the_list_when_it_joins_and_at_each_sync(her: PhoneOwner, tmp_path: Path) -> None:
    lead = her.world.caseworker.identity
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        phone.add(incident("Niemand"))
        assert sealed_to(phone) == set()
        phone.sync()
        her.vault.set_readers({lead.kid: None})
        phone.add(incident("Nog niet gehoord"))
        assert sealed_to(phone) == set()
        phone.sync()
        phone.add(incident("Voor haar ook"))
        assert sealed_to(phone) == {lead.opening_kid}
        phone.sync()
        prove(phone)
        assert not list(warnings(phone))
        phone.add(incident("Voor mij alleen", only_mine=True))
        assert sealed_to(phone) == set()
        phone.sync()
        assert her.vault.wrap_missing() == 1  # what was added before the phone heard, and not what is hers alone
        assert titles(her, lead) == ["Nog niet gehoord", "Voor haar ook"]
        her.vault.set_readers({lead.kid: ("order",)})  # takes her reader of everything away: a day from now
        phone.sync()
        phone.add(incident("Nog altijd"))
        assert sealed_to(phone) == {lead.opening_kid}
    opened = [one.opened.meta.title for one in her.vault.items() if one.opened]
    assert opened == ["Niemand", "Nog niet gehoord", "Voor haar ook", "Voor mij alleen"]
    signs = timeline_page.timeline(her.world.caseworker, her.case)["case"]["signs"]
    assert [one["kind"] for one in signs] == ["closed-to-readers"]


def test_what_a_phone_keeps_has_no_name_of_anybody(her: PhoneOwner, tmp_path: Path) -> None:
    colleague = her.world.certify("caseworker", "Sanne Nergensgenoemd", her.world.team)
    her.vault.set_readers({her.world.caseworker.kid: None, colleague.kid: None})
    folder = tmp_path / "phone"
    worker = Caseworker(her.connect(her.world.caseworker.identity))
    phone_folder.enrol(folder, worker.invite(her.case, her.identity.opening_kid))
    with open_phone(folder) as phone:
        phone.add(incident())
        assert sealed_to(phone) == {her.world.caseworker.identity.opening_kid, colleague.identity.opening_kid}
        phone.sync()
        shown = phone.signer.api.get(f"{CASE_KEYS}/{her.case}")
    kept = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    for name in (b"Nergensgenoemd", b"de Wit", b"Filomena"):
        assert name not in kept
        assert name.decode() not in str(shown)
        for one in shown["lists"]:
            assert name not in canonical.unb64(one)


def test_a_list_counts_by_the_pinned_vault_alone(lists: PhoneLists, vault: keys.Identity) -> None:
    other = keys.Identity.generate()
    for strange in (
        a_list(other, lists.case, COLLEAGUE, number=2),
        a_list(vault, ids.CaseId(ids.new_id()), COLLEAGUE, number=2),
        canonical.b64(b"{}"),
        "no base64",
    ):
        lists.hear(answer(a_list(vault, lists.case, LEAD), readers=(LEAD, COLLEAGUE)))
        with pytest.raises(DistrustError):
            lists.hear(answer(strange, readers=(LEAD, COLLEAGUE)))
        assert gets(lists) == (LEAD.xwing_public,)
    lists.hear(answer(a_list(vault, lists.case, LEAD, number=3, agreed=LEAD.kid), readers=(LEAD,)))
    assert gets(lists) == (LEAD.xwing_public,)


def test_a_number_never_goes_down(tmp_path: Path, vault: keys.Identity) -> None:
    lists = PhoneLists(tmp_path, ids.CaseId(ids.new_id()), vault.sign_public, 2)
    lists.hear(answer(a_list(vault, lists.case, COLLEAGUE, number=1), readers=(COLLEAGUE,)))
    assert gets(lists) == ()  # older than the invitation
    lists.hear(answer(a_list(vault, lists.case, LEAD, number=3), readers=(LEAD,)))
    lists.hear(answer(a_list(vault, lists.case, COLLEAGUE, number=2), readers=(COLLEAGUE,)))
    assert gets(lists) == (LEAD.xwing_public,)
    lists.hear(answer())
    assert gets(lists) == (LEAD.xwing_public,)
    assert not lists.two


def test_two_lists_of_one_number_are_kept_and_said(lists: PhoneLists, vault: keys.Identity) -> None:
    lists.hear(answer(a_list(vault, lists.case, LEAD), readers=(LEAD,)))
    lists.hear(answer(a_list(vault, lists.case, COLLEAGUE), readers=(COLLEAGUE,)))
    assert lists.two
    assert gets(lists) == (LEAD.xwing_public,)


def test_a_list_holds_from_its_since_until_its_until(lists: PhoneLists, vault: keys.Identity) -> None:
    later = ids.time_of(NOW + timedelta(days=1))
    now, next_ = a_list(vault, lists.case, LEAD), a_list(vault, lists.case, COLLEAGUE, number=2, since=later)
    lists.hear(answer(now, next_, readers=(LEAD, COLLEAGUE)))
    assert gets(lists) == (LEAD.xwing_public,)
    assert gets(lists, timedelta(days=1)) == (COLLEAGUE.xwing_public,)
    assert gets(lists, timedelta(days=9)) == ()
    assert gets(lists, witnessed=timedelta(days=9)) == ()  # its clock is behind: a witness says that it has ended
    assert gets(lists, witnessed=timedelta(days=8)) == (LEAD.xwing_public,)


@pytest.mark.parametrize("wrong", ["no key", "another key", "low order"])
def test_a_reader_who_does_not_hold_is_left_out_and_the_item_is_sealed(
    lists: PhoneLists, vault: keys.Identity, wrong: str
) -> None:
    shown = answer(a_list(vault, lists.case, LEAD, COLLEAGUE), readers=(LEAD, COLLEAGUE))
    match wrong:
        case "no key":
            del shown["readers"][COLLEAGUE.kid]
        case "another key":
            shown["readers"][COLLEAGUE.kid] = published.opens(keys.Identity.generate())
        case _:
            shown["readers"][COLLEAGUE.kid] = published.unfit()[-1]
    lists.hear(shown)
    assert lists.readers(incident(), None) == (LEAD.xwing_public,)
    assert lists.left_out
    lists.hear(answer(readers=(COLLEAGUE,)))
    assert lists.readers(incident(), None) == (LEAD.xwing_public, COLLEAGUE.xwing_public)
    assert not lists.left_out


def test_a_rescue_key_is_sealed_to_like_a_reader_but_for_what_is_hers_alone(
    lists: PhoneLists, vault: keys.Identity
) -> None:
    rescue = keys.Identity.generate()
    lists.hear(answer(a_list(vault, lists.case, LEAD, rescue=published.opens(rescue)), readers=(LEAD,)))
    assert gets(lists) == (LEAD.xwing_public, rescue.xwing_public)
    assert lists.recipients(incident(only_mine=True), ids.time_of(NOW), None).keys == ()
    lists.hear(answer(a_list(vault, lists.case, number=2, rescue=published.opens(rescue)), readers=()))
    assert gets(lists) == (rescue.xwing_public,)  # nobody reads; somebody may, by two
    assert gets(lists, timedelta(days=10)) == ()


def test_a_rescue_key_that_nothing_is_wrapped_to_is_left_out(lists: PhoneLists, vault: keys.Identity) -> None:
    for number, rescue in enumerate(published.unfit(), 1):
        lists.hear(answer(a_list(vault, lists.case, LEAD, number=number, rescue=rescue), readers=(LEAD,)))
        assert gets(lists) == (LEAD.xwing_public,)
        whom = lists.recipients(incident(), ids.time_of(NOW), None)
        assert whom.left_out == (keys.opening_kid(canonical.unb64(rescue)),)
