"""What a server shows of an alarm that several bridges know, and of their health: never less than one of them knows."""

from typing import Any

from server.alarms import merging


def report(revision: int, state: str, **more: object) -> dict[str, Any]:
    return {"alarm": "9b" * 16, "revision": revision, "state": state, **more}


def shown(*told: tuple[bool, dict[str, Any]]) -> int:
    return merging.ahead(told)


def test_the_bridge_that_counted_more_is_shown() -> None:
    assert shown((True, report(1, "raised")), (True, report(2, "accepted"))) == 1
    assert shown((True, report(3, "closed")), (True, report(1, "raised"))) == 0


def test_of_two_that_counted_the_same_an_open_alarm_is_shown() -> None:
    assert shown((True, report(2, "closed")), (True, report(2, "raised"))) == 1
    assert shown((True, report(2, "raised")), (True, report(2, "accepted"))) == 1


def test_a_bridge_that_answers_goes_before_one_that_does_not() -> None:
    assert shown((False, report(5, "closed")), (True, report(4, "raised"))) == 1
    assert shown((False, report(5, "closed"))) == 0, "but what nobody else knows stays"


def test_who_saw_more_presses_may_act_at_a_bridge_that_is_behind() -> None:
    push = {"boot": 1, "counter": 7}
    ahead, behind = report(4, "accepted", last_press=push, repeats=2), report(3, "raised", last_press=push, repeats=2)
    assert merging.covers(ahead, behind)
    assert not merging.covers(ahead, {**behind, "last_press": {"boot": 1, "counter": 8}})
    assert not merging.covers(ahead, {**behind, "repeats": 3})


def item(boot: int, counter: int) -> dict[str, Any]:
    return {"item": f"{boot}.{counter}", "boot": boot, "counter": counter, "head": "", "wraps": []}


def test_where_she_is_comes_from_whichever_bridge_heard_it_last() -> None:
    ahead, behind = report(4, "accepted", item=item(2, 9)), report(3, "raised", item=item(2, 10))
    assert merging.with_newest_item(ahead, [behind]) == {**ahead, "item": item(2, 10)}
    assert merging.with_newest_item(ahead, [report(3, "raised", item=item(1, 99)), report(3, "raised")]) == ahead
    assert merging.with_newest_item(report(4, "closed", item=None), [behind])["item"] is None, "what is let go is gone"
    older = report(4, "raised", item={"item": "from a bridge that tells no number", "head": "", "wraps": []})
    assert merging.with_newest_item(older, [older]) == older


def health(name: str, *, broker: bool, journal: str | None, route: str | None) -> dict[str, Any]:
    return {
        "bridge": name,
        "ok": broker and not journal and not route,
        "troubles": [one for one in (None if broker else "broker a is not connected", journal, route) if one],
        "brokers": [{"name": "a", "connected": broker}],
        "routes": [{"route": "dc09-c1", "trouble": route}],
        "journal": {"trouble": journal, "waiting": 0, "refused": 0},
    }


def test_a_part_works_while_it_works_for_one_bridge_and_every_trouble_is_named() -> None:
    first = health("1", broker=False, journal="locked", route=None)
    second = health("2", broker=True, journal=None, route="no answer")
    both = merging.health([first, second])
    assert both["brokers"] == [{"name": "a", "connected": True}]
    assert both["routes"] == [{"route": "dc09-c1", "trouble": None}]
    assert both["journal"]["trouble"] is None
    assert both["ok"] is False
    assert both["troubles"] == ["broker a is not connected", "locked", "no answer"]
    assert both["bridge"] == "1, 2"


def test_a_dead_bridge_is_a_trouble_and_the_list_stays_live() -> None:
    dead = {"ok": False, "reachable": False, "troubles": ["the bridge cannot be reached"]}
    both = merging.health([dead, health("2", broker=True, journal=None, route=None)])
    assert (both["reachable"], both["ok"]) == (True, False)
    assert merging.health([dead, dead])["reachable"] is False


def test_a_device_stands_as_the_bridge_says_that_heard_it_last() -> None:
    old = {"device": "d", "heard_at": None, "state": "fault"}
    new = {"device": "d", "heard_at": "2026", "state": "ready"}
    assert merging.devices([{"d": old}, {"d": new}]) == {"d": new} == merging.devices([{"d": new}, {"d": old}])
