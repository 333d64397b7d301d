"""The QR code of a list: read from her vault's screen, a phone has the list that a server keeps back, and no other.

THREATS.md: "list: by another vault key; older number; same number, other bytes".
"""

import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from evidence import canonical, ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from server.clients import list_code
from server.clients.errors import DistrustError
from server.clients.invitation import to_text
from server.clients.list_code import ListCodeError
from server.clients.phone_lists import PhoneLists
from tests.support import published
from tests.support.incidents import incident

VAULT, LEAD, COLLEAGUE = (keys.Identity.generate() for _ in range(3))
CASE = ids.CaseId(ids.new_id())
NOW = datetime.now(UTC)


def a_list(
    number: int,
    *readers: keys.Identity,
    vault: keys.Identity = VAULT,
    agreed: bool = False,
    rescue: ids.Base64 | None = None,
) -> Statement:
    rows = tuple(bodies.StandingReader(one.kid, published.sha256_of(one)) for one in readers)
    body = bodies.ListSet(number, ids.time_of(NOW), ids.time_of(NOW + timedelta(days=90)), rows, rescue=rescue)
    chain = Chain(number, FIRST_PREV)
    if not agreed:
        return statements.sign(vault, "list.set", body, case=CASE, chain=chain)
    both = replace(body, agreed=LEAD.kid)
    return statements.sign(vault, "list.set", both, case=CASE, chain=chain, cosigner=LEAD)


@pytest.fixture
def lists(tmp_path: Path) -> PhoneLists:
    """A phone that heard of a list with two readers, and of nothing since."""
    lists = PhoneLists(tmp_path, CASE, VAULT.sign_public, 0)
    told = {one.kid: published.opens(one) for one in (LEAD, COLLEAGUE)}
    lists.hear({"lists": [canonical.b64(a_list(1, LEAD, COLLEAGUE).envelope.to_bytes())], "readers": told})
    return lists


def gets(lists: PhoneLists) -> tuple[bytes, ...]:
    return lists.recipients(incident(), ids.time_of(NOW), None).keys


def scan(lists: PhoneLists, said: Statement) -> bool:
    return lists.scan(list_code.parse(list_code.text_of(said)))


@pytest.mark.parametrize("agreed", [False, True])
def test_a_phone_takes_from_the_screen_what_the_server_keeps_back(lists: PhoneLists, agreed: bool) -> None:  # noqa: FBT001
    assert scan(lists, a_list(2, LEAD, agreed=agreed))
    assert gets(lists) == (LEAD.xwing_public,)
    held_back = canonical.b64(a_list(1, LEAD, COLLEAGUE).envelope.to_bytes())
    lists.hear({"lists": [held_back], "readers": {COLLEAGUE.kid: published.opens(COLLEAGUE)}})
    assert gets(lists) == (LEAD.xwing_public,)
    assert scan(lists, a_list(3))
    assert gets(lists) == ()


def test_an_older_list_and_another_of_the_same_number_change_nothing(lists: PhoneLists) -> None:
    assert scan(lists, a_list(3, LEAD))
    assert (scan(lists, a_list(2, COLLEAGUE)), lists.two) == (False, False)
    assert (scan(lists, a_list(3, COLLEAGUE)), lists.two) == (False, True)
    assert gets(lists) == (LEAD.xwing_public,)


def test_a_list_of_another_vault_is_not_believed(lists: PhoneLists) -> None:
    with pytest.raises(DistrustError):
        scan(lists, a_list(2, COLLEAGUE, vault=keys.Identity.generate()))
    forged = replace(a_list(2, LEAD).envelope.signatures[0], sig=a_list(9).envelope.signatures[0].sig)
    said = a_list(2, LEAD)
    with pytest.raises(DistrustError):
        scan(lists, replace(said, envelope=replace(said.envelope, signatures=(forged,))))
    assert gets(lists) == (LEAD.xwing_public, COLLEAGUE.xwing_public)


def test_a_reader_whose_key_the_phone_has_not_is_left_out_until_the_server_tells_it(lists: PhoneLists) -> None:
    new = keys.Identity.generate()
    assert scan(lists, a_list(2, LEAD, new))
    assert lists.readers(incident(), None) == (LEAD.xwing_public,)
    assert lists.left_out
    lists.hear({"lists": [], "readers": {new.kid: published.opens(new)}})
    assert lists.readers(incident(), None) == (LEAD.xwing_public, new.xwing_public)


def test_eight_readers_fit() -> None:
    many = a_list(2, *(keys.Identity.generate() for _ in range(8)), agreed=True)
    text = list_code.text_of(many)
    assert len(text) <= list_code.MAX_TEXT_CHARACTERS
    assert list_code.parse(text).id == many.id
    assert list_code.terminal_qr(text).strip()


def test_a_rescue_key_fits_beside_eight_readers_and_the_phone_seals_to_it(lists: PhoneLists) -> None:
    rescue, others = keys.Identity.generate(), [keys.Identity.generate() for _ in range(7)]
    text = list_code.text_of(a_list(2, LEAD, *others, agreed=True, rescue=published.opens(rescue)))
    assert len(text) <= list_code.MAX_TEXT_CHARACTERS
    assert list_code.terminal_qr(text).strip()
    assert lists.scan(list_code.parse(text))
    assert gets(lists) == (LEAD.xwing_public, rescue.xwing_public)


def test_what_is_damaged_or_something_else_is_no_list() -> None:
    text = list_code.text_of(a_list(2, LEAD))
    packed, signature = text.removeprefix(list_code.PREFIX).split("&")
    bomb = {"p": to_text(zlib.compress(bytes(10_000_000))), "s": to_text(bytes(64))}
    other = {"p": to_text(zlib.compress(canonical.encode({"by": VAULT.kid}))), "s": to_text(bytes(64))}
    for odd in (
        "",
        "getuige-invite-1?c=x",
        text[:-1],
        text.replace("p=", "q="),
        f"{text}&x=1",
        list_code.PREFIX + packed,
        list_code.PREFIX + signature,
        list_code.PREFIX + f"{packed}&{signature[:-4]}",
        list_code.PREFIX + f"{packed[:-8]}&{signature}",
        list_code.PREFIX + f"p=AAAA&{signature}",
        list_code.PREFIX + urlencode(bomb),
        list_code.PREFIX + urlencode(other),
        list_code.PREFIX + "a" * list_code.MAX_TEXT_CHARACTERS,
    ):
        with pytest.raises(ListCodeError):
            list_code.parse(odd)
