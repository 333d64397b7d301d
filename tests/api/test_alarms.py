"""Proves that a console hears of presses through the server, and hears within seconds when it is not live.

The bridge here is a small feed of our own that speaks its protocol over real HTTP (the real bridge is tried with the
whole in tests/e2e); the server, its streams and the dispatcher's signatures are the real ones.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from evidence import ids, keys
from evidence.envelope import wraps
from evidence.statements import bodies, catalogue
from tests.support import published
from tests.support.feed_of_a_bridge import ALARM, TOKEN, Bridge
from tests.support.ports import free_port
from tests.support.server_world import Person, World, problem, running, seal, settings_in
from tests.support.timeline_page import timeline
from tests.support.waiting import patience, until


@pytest.fixture(scope="module")
def bridge() -> Bridge:
    return Bridge(free_port())


@pytest.fixture(scope="module")
def console(bridge: Bridge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server of its own whose bridge is `bridge`."""
    folder: Path = tmp_path_factory.mktemp("console")
    token = folder / "token"
    token.write_text(TOKEN)
    settings = settings_in(folder / "data", bridge=f"http://127.0.0.1:{bridge.port}", bridge_feed_token_file=token)
    with running(settings) as root:
        yield World(settings, Person(settings.public_url, identity=root))


def listed(who: Person) -> dict[str, Any]:
    out: dict[str, Any] = who.http.get("/api/v1/alarms").json()
    return out


def hear(who: Person, wanted: str, within_s: float = 10) -> dict[str, Any]:
    """Read the stream until an event of this name comes."""
    end = time.monotonic() + patience(within_s)
    with who.http.stream("GET", "/api/v1/alarms/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            assert time.monotonic() < end, f"no {wanted} within {within_s} s"
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data" and name == wanted:
                out: dict[str, Any] = json.loads(value)
                return out
    raise AssertionError("the stream ended")


def test_without_a_bridge_the_list_says_that_it_is_not_live(world: World) -> None:
    answer = listed(world.dispatcher)
    assert answer["alarms"] == []
    assert answer["health"]["ok"] is False
    assert answer["health"]["troubles"]
    assert hear(world.dispatcher, "health")["ok"] is False
    assert hear(world.dispatcher, "heartbeat")["at"]
    body = world.dispatcher.sign("alarm.claim", bodies.AlarmAct(ids.AlarmId(ALARM)), ids.CaseId(ids.new_id()))
    answer_to_act = world.dispatcher.http.post(f"/api/v1/alarms/{ALARM}/acts", content=body.envelope.to_bytes())
    assert (answer_to_act.status_code, problem(answer_to_act)) == (503, "bridge")


def test_presses_changes_and_the_end_of_the_bridge_are_heard(bridge: Bridge, console: World) -> None:
    who = console.dispatcher
    with bridge.running():
        until(lambda: listed(who)["health"]["ok"], "the server follows the bridge")
        assert [alarm["alarm"] for alarm in listed(who)["alarms"]] == [ALARM]
        assert hear(who, "alarm")["state"] == "raised"
        bridge.changes.append(("alarm", {"alarm": ALARM, "state": "delivered", "raised_at": ""}))
        until(lambda: listed(who)["alarms"][0]["state"] == "delivered", "a change comes through")
        check_acts(bridge, console)
        check_card(bridge, console)
    until(lambda: not listed(who)["health"]["ok"], "the end of the bridge is said")
    assert [alarm["alarm"] for alarm in listed(who)["alarms"]] == [ALARM]  # still shown, as not live


def check_acts(bridge: Bridge, console: World) -> None:
    who, case = console.dispatcher, ids.CaseId(ids.new_id())
    where = f"/api/v1/alarms/{ALARM}/acts"
    claim = who.sign("alarm.claim", bodies.AlarmAct(ids.AlarmId(ALARM)), case).envelope.to_bytes()
    assert who.http.post(where, content=claim).json()["state"] == "claimed"
    assert bridge.acts == [claim]  # the very bytes that she signed
    bridge.answer = (409, {"reason": "claimed-by-another"})
    refused = who.http.post(where, content=claim)
    assert (problem(refused), refused.json()["reason"]) == ("bridge-refused", "claimed-by-another")
    other = who.sign("alarm.claim", bodies.AlarmAct(ids.AlarmId("00" * 16)), case).envelope.to_bytes()
    assert problem(who.http.post(where, content=other)) == "statement"
    colleague = console.certify("dispatcher", "Meldkamer 2")
    assert problem(colleague.http.post(where, content=claim)) == "signer"
    assert len(bridge.acts) == 2
    present = {"alarm": ALARM, "state": "accepted", "revision": 4, "raised_at": "", "card": None}
    bridge.answer = (409, {"reason": "stale", "alarm": present})
    late = who.http.post(where, content=claim, headers={"if-match": '"3"'})
    assert (late.status_code, late.json()["reason"]) == (409, "stale")
    assert (late.json()["state"], late.json()["revision"]) == ("accepted", 4)
    assert bridge.seen == [None, None, '"3"']
    assert listed(who)["alarms"][0]["state"] == "accepted", "every console hears of the present state"
    check_lease(bridge, console)
    check_watching(bridge, console)


def check_lease(bridge: Bridge, console: World) -> None:
    """A claim is renewed for who asks, never for somebody else, and by dispatchers only."""
    where = f"/api/v1/alarms/{ALARM}/lease"
    bridge.answer = (200, {})
    assert console.dispatcher.http.post(where).status_code == 204
    assert bridge.leases == [console.dispatcher.identity.kid]
    bridge.answer = (409, {"reason": "state"})
    assert problem(console.dispatcher.http.post(where)) == "bridge-refused"
    assert problem(console.caseworker.http.post(where)) == "not-found"
    assert problem(console.dispatcher.http.post("/api/v1/alarms/..%2Fhealth/lease")) == "not-found"
    assert len(bridge.leases) == 2


def check_watching(bridge: Bridge, console: World) -> None:
    """Who has a shift running and says so is told to the bridge by name; who has none is not."""
    who, where = console.dispatcher, "/api/v1/alarms/watching"
    assert who.http.post(where).status_code == 204
    assert problem(console.caseworker.http.post(where)) == "not-found"
    told = len(bridge.watching)
    until(lambda: len(bridge.watching) > told + 1, "the server said what it sees")
    assert bridge.watching[-1] == [], "no shift runs"
    mark = bodies.ShiftMark(ids.ShiftId(ids.new_id()))
    who.act("shift.begin", mark)
    assert who.http.post(where).status_code == 204
    until(lambda: bridge.watching[-1] == [who.kid], "the bridge hears who watches")
    who.act("shift.end", mark)
    assert who.http.post(where).status_code == 204
    until(lambda: bridge.watching[-1] == [], "and that nobody does any more")


def check_card(bridge: Bridge, console: World) -> None:
    who, case, desk = console.dispatcher, console.open_case(), keys.Identity.generate()
    wrapped = wraps.wrap(desk.xwing_seed, wraps.NO_ID, wraps.NO_ID, who.identity.xwing_public)
    console.root.act("key.share", bodies.KeyShare(published.opens(desk), who.kid, wrapped, wraps.SUITE))
    readers = [case.vault.identity.xwing_public, desk.xwing_public]
    card = seal(console.caseworker, readers, "sleutel bij de buren", case=case.case)
    console.caseworker.upload(card.container, card.body)
    console.caseworker.act("item.seal", card.body, case.case)
    where = f"/api/v1/alarms/{ALARM}/card"
    assert problem(who.http.get(where)) == "not-found"  # this alarm has no card yet
    bridge.changes.append(("alarm", {"alarm": ALARM, "state": "claimed", "card": card.body.item}))
    answer = until(lambda: got if (got := who.http.get(where)).status_code == 200 else None, "the card is there")
    assert answer is not None
    (given,) = answer.json()["wraps"]
    assert wraps.unwrap(given["wrap"], case.case, card.body.item, desk) == card.key
    events = timeline(case.vault, case.case)["events"]
    assert next(one["body"]["reader"] for one in events if one["type"] == "read") == who.kid
    colleague = console.certify("dispatcher", "andere meldkamer")
    assert problem(colleague.http.get(where)) == "not-found"  # holds no key of that desk
    bridge.changes.append(("alarm", {"alarm": ALARM, "state": "closed", "card": card.body.item}))
    until(lambda: who.http.get(where).status_code == 404, "a closed alarm shows no card")


def test_only_dispatchers_see_alarms(world: World, console: World, phone: Person) -> None:
    for who in (phone, world.caseworker, world.investigator, world.root):
        for where in ("/api/v1/alarms", "/api/v1/alarms/stream", f"/api/v1/alarms/{ALARM}/card"):
            assert problem(who.http.get(where)) == "not-found"
    assert httpx.get(f"{console.url}/api/v1/alarms").status_code == 401


def test_an_act_cannot_pass_by_the_bridge(world: World) -> None:
    for act in catalogue.where(body=bodies.AlarmAct):
        said = world.dispatcher.sign(act, bodies.AlarmAct(ids.AlarmId(ALARM)), ids.CaseId(ids.new_id()))
        answer = world.dispatcher.post(said)
        assert (answer.status_code, problem(answer)) == (403, "not-allowed")
        assert answer.json()["reason"] == "door"


def test_a_day_is_told_to_dispatchers_and_to_caseworkers_of_the_team_only(bridge: Bridge, console: World) -> None:
    case = console.open_case()
    device = ids.DeviceId(ids.new_id())
    sign = ids.PublicKey(keys.Identity.generate().sign_public.hex())
    body = bodies.AlarmDeviceEnrol(device, sign, "3min", "AWARE-convenant (test)")
    console.caseworker.act("alarm_device.enrol", body, case.case)
    day = {"since": "2026-11-21T23:00:00.000Z", "until": "2026-11-22T23:00:00.000Z"}
    where = "/api/v1/alarms/report"
    dark = console.dispatcher.http.get(where, params=day).json()
    assert (dark["live"], dark["devices"]) == (False, []), "nothing known is no zero"
    counts = dict.fromkeys(
        ("again", "overdue", "open", "genuine", "accidental", "test", "technical", "late", "second_looks"), 0
    )
    row = {"device": device, "presses": 1, **counts, "tests": 0, "tampered": 0, "battery": 14}
    bridge.rows = [row, {**row, "device": "00" * 16}]
    with bridge.running():
        for who in (console.dispatcher, console.caseworker):
            answer = who.http.get(where, params=day).json()
            assert [one["device"] for one in answer["devices"]] == [device], (
                "what the journal does not know is not shown"
            )
            assert (answer["live"], answer["devices"][0]["battery"]) == (True, 14)
        assert bridge.asked[0] == day
        for who in (console.investigator, console.root, case.vault):
            assert problem(who.http.get(where, params=day)) == "not-found"
        for wrong in (
            {**day, "until": day["since"]},
            {**day, "since": "2026-09-01T00:00:00.000Z"},
            {**day, "since": "2026-02-30T00:00:00.000Z"},
        ):
            assert problem(console.dispatcher.http.get(where, params=wrong)) == "validation"
        console.caseworker.act("device.revoke", bodies.DeviceRevoke(device), case.case)
        assert console.dispatcher.http.get(where, params=day).json()["devices"] == [], "nor one that is out of use"


def test_a_caseworker_sees_how_the_devices_of_their_team_stand(bridge: Bridge, console: World) -> None:
    case = console.open_case()
    lent = [ids.DeviceId(ids.new_id()) for _ in range(3)]
    for device in lent:
        sign = ids.PublicKey(keys.Identity.generate().sign_public.hex())
        body = bodies.AlarmDeviceEnrol(device, sign, "3min", "AWARE-convenant (test)")
        console.caseworker.act("alarm_device.enrol", body, case.case)
    where = "/api/v1/devices"
    dark = console.caseworker.http.get(where).json()
    assert dark["live"] is False
    assert {one["state"] for one in dark["devices"]} == {"unknown"}, "silence of the bridge is not silence of devices"
    change = {"at": "2026-11-21T22:00:00.000Z", "state": "fault", "reasons": ["silent"]}
    bridge.standing = [
        {"device": lent[0], "state": "ready", "reasons": [], "battery": 90, "profile": "20s", "case": "00" * 16},
        {"device": lent[1], "state": "fault", "reasons": ["silent"], "since": change["at"], "history": [change]},
        {"device": "00" * 16, "state": "fault", "reasons": ["tamper"]},
    ]
    with bridge.running():
        answer = console.caseworker.http.get(where).json()
        assert answer["live"] is True
        shown = {one["device"]: one for one in answer["devices"]}
        assert next(iter(shown)) == lent[1], "what is in trouble stands first"
        assert shown.keys() == set(lent), "what the journal does not know is not shown"
        assert (shown[lent[0]]["case"], shown[lent[0]]["profile"]) == (case.case, "3min"), "the journal says whose"
        assert (shown[lent[1]]["since"], shown[lent[1]]["history"]) == (change["at"], [change])
        assert shown[lent[2]]["state"] == "unknown"
        for who in (console.dispatcher, console.investigator, console.root, case.vault):
            assert problem(who.http.get(where)) == "not-found"
