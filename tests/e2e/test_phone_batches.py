"""Proves that her phone drains its outbox in batches, and that one refused entry keeps no other from arriving."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import ids
from evidence.statements import statement as statements
from evidence.statements.statement import Chain
from server.clients.errors import RefusedError, UnreachableError
from server.clients.phone import Phone
from server.clients.phone_chain import Chained, Pending
from server.clients.phone_folder import open_phone
from tests.support.breaking import breaking
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import World

MANY = 12


@pytest.fixture
def her(world: World) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        yield her


def state(phone: Phone) -> dict[ids.ItemId, str]:
    return {one.item: one.state for one in phone.states()}


def test_what_waited_offline_arrives_in_order_and_is_committed_together(her: PhoneOwner, tmp_path: Path) -> None:
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        added = [phone.add(incident(f"nummer {number}")) for number in range(MANY)]
        assert phone.sync() == MANY
        arrived = sorted((one.index, one.item, one.received_at) for one in phone.states() if one.index is not None)
        assert [item for _, item, _ in arrived] == added
        assert len({moment for _, _, moment in arrived}) < MANY, "one moment of one commit for several"
        assert phone.chain.known().next.seq == MANY + 1
        assert phone.sync() == 0


def test_a_refused_entry_is_set_aside_and_the_others_arrive(her: PhoneOwner, tmp_path: Path) -> None:
    """Somebody has sealed an item of that name: this one never arrives, and is kept with the reason."""
    with new_case(her.world) as stranger, open_phone(stranger.enrol(tmp_path / "other")) as other:
        taken = other.add(incident("van een ander"))
        assert other.sync() == 1
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        good = [phone.add(incident("eerste"))]
        phone.add(incident("zelfde naam"), item=taken)
        good += [phone.add(incident(title)) for title in ("tweede", "derde")]
        with pytest.raises(RefusedError):
            phone.sync()
        assert state(phone) == {**dict.fromkeys(good, "arrived"), taken: "kept here"}
        assert [one.why is not None for one in phone.states() if one.item == taken] == [True]
        later = phone.add(incident("later"))
        with pytest.raises(RefusedError):
            phone.sync()
        assert state(phone)[later] == "arrived"
        assert phone.chain.known() == Chained(Chain(len(good) + 2, phone.chain.known().next.prev))
        assert not list(phone.strangers())


def test_an_entry_over_which_the_server_breaks_is_set_aside_and_the_others_arrive(
    her: PhoneOwner, tmp_path: Path
) -> None:
    """Sent again with each later turn, it costs no other anything; it arrives when the server is mended."""
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        good = [phone.add(incident("eerste"))]
        bad = phone.add(incident("breekt"))
        good += [phone.add(incident(title)) for title in ("tweede", "derde")]
        with breaking("rule", "item.seal", lambda one: one.body.named("item") == bad):
            for _ in range(3):
                with pytest.raises(RefusedError) as refused:
                    phone.sync()
                assert refused.value.name == "unjudged"
                assert state(phone) == {**dict.fromkeys(good, "arrived"), bad: "kept here"}
                (why,) = [str(one.why) for one in phone.states() if one.item == bad]
                assert "not stored and is not lost" in why
                good.append(phone.add(incident("later")))
        assert phone.sync() == 2
        assert state(phone) == dict.fromkeys([*good, bad], "arrived")
        assert not list(phone.strangers())


def test_what_was_refused_and_is_shown_later_is_adopted_and_no_stranger(her: PhoneOwner, tmp_path: Path) -> None:
    """A server said that it refused two statements, and stored them: they are this phone's own words."""
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        items = [phone.add(incident(title)) for title in ("een", "twee")]
        link, said, on_their_way = phone.chain.known().next, [], []
        for item in items:
            entry = phone.outbox.find(item)
            assert entry is not None
            phone._upload(entry, None, announce=False)
            body = entry.seal_body()
            made = statements.sign(phone.signer.identity, "item.seal", body, case=phone.case, chain=link)
            link = Chain(link.seq + 1, made.id)
            said.append(made)
            on_their_way.append(Pending(made.envelope.to_bytes(), item))
        phone.chain._keep_refused(said, on_their_way)
        for made in said:
            phone.signer.post(made)
        assert phone.sync() == 2
        assert state(phone) == dict.fromkeys(items, "arrived")
        assert not list(phone.strangers())
        phone.add(incident("drie"))
        assert phone.sync() == 1


def test_a_phone_that_dies_before_the_answer_sends_the_same_batch_again(her: PhoneOwner, tmp_path: Path) -> None:
    folder = her.enrol(tmp_path / "phone")
    with open_phone(folder) as phone:
        items = [phone.add(incident(title)) for title in ("een", "twee", "drie")]
        entries = list(phone.outbox.entries())
        for entry in entries:
            phone._upload(entry, None, announce=False)
        phone.chain._sign("item.seal", [(entry, entry.seal_body()) for entry in entries])
        said = [statements.parse(one.statement) for one in phone.chain.known().pending]
        answered = phone.signer.post_all(said)  # and here it died
        assert answered.refused is None
    with open_phone(folder) as phone:
        assert phone.sync() == 3
        assert {one.item: one.index for one in phone.states()} == {
            item: one.receipt.index for item, one in zip(items, answered.receipted, strict=True)
        }


def test_without_a_network_everything_is_kept_with_its_reason(her: PhoneOwner, tmp_path: Path) -> None:
    with open_phone(her.enrol(tmp_path / "phone")) as phone:
        items = [phone.add(incident(title)) for title in ("een", "twee")]
        reached, phone.signer.api.url = phone.signer.api.url, "http://127.0.0.1:9"
        with pytest.raises(UnreachableError):
            phone.sync()
        assert state(phone) == dict.fromkeys(items, "kept here")
        phone.signer.api.url = reached
        assert phone.sync() == 2
