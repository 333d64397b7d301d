"""Her vault makes a rescue key, two colleagues use it once, she is told at her vault, and the next key takes its place.

THREATS.md: "rescue key: one share; two shares without the statement; used twice", "a wrong share".
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, ids, keys
from evidence.envelope import rescue_shares
from evidence.statements import bodies
from server.clients import rescue, timeline
from server.clients.errors import ClientError, DistrustError, RefusedError
from server.clients.phone_folder import open_phone
from server.clients.standing_list import Reading
from tests.support import starter
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case
from tests.support.server_world import Person, World

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
Run = Callable[..., str]


@pytest.fixture
def her(world: World, tmp_path: Path) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        her.enrol(tmp_path / "phone")
        yield her


@pytest.fixture
def one(world: World) -> Person:
    return world.certify("caseworker", "S. Tand-In", world.team)


@pytest.fixture
def two(world: World) -> Person:
    return world.certify("caseworker", "B. Ijstaan", world.team)


def add(folder: Path, title: str, **more: Any) -> None:  # noqa: ANN401 - members of an incident
    """Add something on her phone, which hears of a list when it sends: so it seals by the one before."""
    with open_phone(folder / "phone") as phone:
        phone.add(incident(title, **more))
        phone.sync()


def read(her: PhoneOwner, who: Person) -> list[timeline.Moment]:
    return timeline.read(her.connect(who.identity), her.case, [who.identity])


def soon(hours: int = 4) -> ids.Time:
    return ids.time_of(datetime.now(UTC) + timedelta(hours=hours))


def use(her: PhoneOwner, asker: Person, other: Person) -> None:
    """Have one colleague ask, and the other one agree."""
    request, _ = rescue.ask(her.connect(asker.identity), her.case, read(her, asker), "zij is vermist", soon())
    rescue.agree(her.connect(other.identity), her.case, read(her, other), request)


def titles(her: PhoneOwner, who: Person) -> list[str]:
    """Return what somebody reads with the rescue key."""
    found = rescue.opened(her.connect(who.identity), her.case, read(her, who))
    return [each.opened.meta.title for each in found if each.opened]


def test_two_read_what_is_sealed_to_it_and_nobody_reads_what_is_hers_alone(
    her: PhoneOwner, tmp_path: Path, one: Person, two: Person
) -> None:
    add(tmp_path, "Daarvoor")
    body, count = her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    assert (body.readers, count) == ((), 1)
    add(tmp_path, "Niet gehoord")
    add(tmp_path, "Daarna")
    add(tmp_path, "Voor mij alleen", only_mine=True)
    assert her.vault.wrap_missing() == 1
    assert her.vault.wrap_missing() == 0
    with pytest.raises(ClientError, match="One share alone opens nothing"):
        titles(her, one)
    use(her, one, two)
    assert titles(her, one) == ["Daarvoor", "Niet gehoord", "Daarna"]
    with pytest.raises(ClientError, match="One share alone opens nothing"):
        titles(her, two)
    assert [each.opened.meta.title for each in read(her, one) if each.opened] == []
    (known,) = rescue.read(her.vault.items())
    assert known.use is not None
    assert (known.use.asked.by, known.use.agreed.by) == (one.kid, two.kid)


def test_her_next_list_keeps_it_and_after_a_use_brings_the_next(
    her: PhoneOwner, tmp_path: Path, one: Person, two: Person
) -> None:
    her.vault.set_readers({her.world.caseworker.kid: None})
    body, _ = her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    assert [row.reader for row in body.readers] == [her.world.caseworker.kid]
    first = rescue.current(her.vault.items())
    assert first is not None
    her.vault.set_readers({her.world.caseworker.kid: None}, 30)
    assert rescue.current(her.vault.items()) == first
    add(tmp_path, "Eerst")
    add(tmp_path, "Voor de eerste")
    use(her, one, two)
    assert "Voor de eerste" in titles(her, one)
    with pytest.raises(RefusedError, match="spent"):
        rescue.ask(her.connect(two.identity), her.case, read(her, two), "nog eens", soon())
    body, _ = her.vault.set_readers({her.world.caseworker.kid: None})
    second = rescue.current(her.vault.items())
    assert second is not None
    assert (body.rescue is not None, second.name != first.name) == (True, True)
    assert {share.reader for share in second.shares} == {one.kid, two.kid}
    with pytest.raises(ClientError, match="One share alone opens nothing"):
        titles(her, one)  # the old one is served no more
    assert her.vault.wrap_missing() >= 2
    use(her, two, one)
    assert set(titles(her, two)) >= {"Eerst", "Voor de eerste"}


def test_when_a_holder_leaves_the_next_list_goes_on_without_it(
    her: PhoneOwner, one: Person, two: Person, world: World
) -> None:
    her.vault.set_readers({world.caseworker.kid: None})
    her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    world.caseworker.act("readers.exclude", bodies.ReadersExclude((two.kid,)), her.case)
    body, _ = her.vault.set_readers({world.caseworker.kid: None})
    assert body.rescue is None
    with pytest.raises(ClientError, match="agreed to no rescue key"):
        rescue.ask(her.connect(one.identity), her.case, read(her, one), "x", soon())


def test_nobody_holds_a_share_whom_the_root_did_not_certify_or_who_is_excluded(
    her: PhoneOwner, one: Person, two: Person, world: World
) -> None:
    for kid in (world.investigator.kid, world.dispatcher.kid, keys.Identity.generate().kid):
        with pytest.raises(DistrustError, match="not a caseworker's"):
            her.vault.share_rescue([one.kid, kid], her.vault.items())
    world.caseworker.act("readers.exclude", bodies.ReadersExclude((two.kid,)), her.case)
    with pytest.raises(DistrustError, match="excluded"):
        her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    with pytest.raises(ClientError, match="at least 2 colleagues"):
        her.vault.share_rescue([one.kid, one.kid], her.vault.items())
    assert Reading.of(her.vault.items()).lists == ()
    assert not [each for each in her.vault.items() if isinstance(each.act, bodies.RescueShare)]


def test_a_list_about_a_rescue_key_undoes_nothing_that_she_said_of_her_readers(
    her: PhoneOwner, one: Person, two: Person, world: World
) -> None:
    her.vault.set_readers({world.caseworker.kid: None})
    later, _ = her.vault.set_readers({})
    assert later.since > ids.now()
    with pytest.raises(ClientError, match="begins"):
        her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    with pytest.raises(ClientError, match="begins"):
        her.vault.end_rescue(her.vault.items())
    assert Reading.of(her.vault.items()).lists[-1] == later


def test_a_new_key_in_a_list_that_begins_tomorrow_is_sealed_to_from_then_on(
    her: PhoneOwner, tmp_path: Path, one: Person, two: Person
) -> None:
    her.vault.set_readers({her.world.caseworker.kid: None})
    her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    add(tmp_path, "Eerst")
    add(tmp_path, "Daarna")
    use(her, one, two)
    later, _ = her.vault.set_readers({})
    first, second = rescue.read(her.vault.items())
    assert (first.public, second.since) != (second.public, first.since)
    assert later.since == second.since > ids.now()
    assert her.vault.wrap_missing() == 1  # to her lead; to no rescue key, of which one is spent and one to come
    assert "Daarna" in titles(her, one)  # until its end, which was agreed


@pytest.mark.parametrize("whose", ["own", "other"])
def test_a_wrong_share_opens_nothing_and_is_said(her: PhoneOwner, one: Person, two: Person, whose: str) -> None:
    """A vault that was made to do it, or a colleague, gives something else than a share."""
    made, other = keys.Identity.generate(), keys.Identity.generate()
    for who, share in zip((one, two), rescue_shares.split(made, 2, 2), strict=True):
        wrong = rescue_shares.split(other, 2, 2)[share.number - 1]
        given = wrong if (who is one) == (whose == "own") else share
        sealed = rescue_shares.seal(given, her.case, made.opening_kid, who.identity.xwing_public)
        name, to = made.opening_kid, who.identity.opening_kid
        body = bodies.RescueShare(name, share.number, who.kid, to, sealed, 2)
        her.vault.signer.act("rescue.share", body, her.case)
    reading = Reading.of(her.vault.items())
    listed = replace(reading.same_again(ids.now()), rescue=ids.Base64(_public(made)))
    her.vault.signer.act("list.set", listed, her.case)
    use(her, one, two)
    with pytest.raises(DistrustError, match="one of them is wrong"):
        titles(her, one)


def _public(who: keys.OpeningKey) -> str:

    return canonical.b64(who.xwing_public)


def test_a_share_of_another_place_is_not_taken(her: PhoneOwner, one: Person, two: Person) -> None:
    """A server, or whoever agreed, repeats a share that was sealed for another key or another number."""
    her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    request, _ = rescue.ask(her.connect(one.identity), her.case, read(her, one), "zij is vermist", soon())
    known = rescue.in_force(read(her, one))
    asked = rescue.find(known, request)
    replayed = replace(asked.body, agrees=request, share=known.share_of(one.kid).share)
    her.connect(two.identity).act("rescue.use", replayed, her.case)
    with pytest.raises(DistrustError, match="does not open that share"):
        titles(her, one)


# ------------------------------------------------------------------------------------------------------ by command
@pytest.fixture
def run(her: PhoneOwner, tmp_path: Path, one: Person, two: Person) -> Run:
    people = {"hers": her.identity, "one": one.identity, "two": two.identity}
    for name, identity in people.items():
        (tmp_path / name).write_bytes(keys.lock(identity, name, PHRASE, CHEAP).to_bytes())
    (tmp_path / "phrase").write_text(PHRASE)
    common = (
        *("--trust", her.world.settings.data / "trust", "--url", her.world.url),
        *("--phrase-file", tmp_path / "phrase", "--case", her.case),
    )

    def told(who: str, *words: object, code: int = 0) -> str:
        group = ("vault",) if who == "hers" else ("staff", "caseworker")
        line = (*group, *words, "--key", tmp_path / who, *common)
        ended = starter.run(*map(str, line), environment={**os.environ, "COLUMNS": "200"})
        assert ended.returncode == code, ended.stderr
        return ended.stdout + ended.stderr

    return told


def test_by_command(tmp_path: Path, one: Person, two: Person, run: Run) -> None:
    assert "no rescue key" in run("hers", "rescue", "show")
    assert "agreed to no rescue key" in run("one", "rescue", "ask", "--reason", "x", code=1)
    holders = ("--holder", one.kid, "--holder", two.kid)
    assert "needs 2 colleagues" in run("hers", "rescue", "make", "--holder", one.kid, code=1)
    assert "Nothing was changed" in run("hers", "rescue", "make", *holders)
    assert "Made. List 1" in run("hers", "rescue", "make", *holders, "--really")
    add(tmp_path, "Eerst")
    add(tmp_path, "De blauwe auto")
    shown = run("hers", "rescue", "show")
    assert "ready" in shown
    assert "S. Tand-In, B. Ijstaan" in shown
    ask = ("rescue", "ask", "--reason", "zij is vermist")
    assert "Nothing was asked" in run("one", *ask)
    request = run("one", *ask, "--really").split("Asked, until ")[1].split(": ")[1].split()[0]
    assert "Nobody agreed yet" in run("hers", "items")
    assert request in run("two", "rescue", "show")
    assert "One share alone opens nothing" in run("one", "rescue", "open", code=1)
    assert "Nothing was given" in run("two", "rescue", "agree", request)
    assert "Agreed." in run("two", "rescue", "agree", request, "--really")
    before = sorted(tmp_path.rglob("*"))
    opened = run("one", "rescue", "open")
    assert "De blauwe auto" in opened
    assert sorted(tmp_path.rglob("*")) == before  # nothing was kept
    told = run("hers", "items")
    assert "S. Tand-In (caseworker) read your case with your rescue key; B. Ijstaan (caseworker) agreed" in told
    assert "zij is vermist" in told
    assert "Made." in run("hers", "rescue", "replace", "--really")
    assert "One share alone opens nothing" in run("one", "rescue", "open", code=1)
    shown = run("hers", "rescue", "show")
    assert "ended" in shown
    assert "ready" in shown
    assert "Nothing was changed" in run("hers", "rescue", "end")
    assert "Ended" in run("hers", "rescue", "end", "--really")


def test_the_next_thing_that_her_vault_signs_makes_the_next_key(
    her: PhoneOwner, tmp_path: Path, one: Person, two: Person, run: Run
) -> None:
    her.vault.set_readers({her.world.caseworker.kid: None})
    her.vault.share_rescue([one.kid, two.kid], her.vault.items())
    add(tmp_path, "Eerst")
    first = rescue.current(her.vault.items())
    use(her, one, two)
    said = run("hers", "grant", "--reader", her.world.caseworker.kid, "--purpose", "overleg")
    assert "Made." in said
    second = rescue.current(her.vault.items())
    assert first is not None
    assert second is not None
    assert (second.name != first.name, second.use) == (True, None)
    use(her, one, two)
    said = run("hers", "set-readers", "--reader", her.world.caseworker.kid)
    assert "S. Tand-In (caseworker) read your case" in said
    assert "hold shares of a new one" in said
    third = rescue.current(her.vault.items())
    assert third is not None
    assert third.use is None
    her.vault.set_readers({})
    use(her, one, two)
    said = run("hers", "grant", "--reader", her.world.caseworker.kid, "--purpose", "overleg")
    assert "A later list is on its way" in said  # a list that takes the last reader away waits, and is not undone
