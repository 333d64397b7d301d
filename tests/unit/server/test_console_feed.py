"""The feed of consoles: large snapshots arrive whole, a slow one hears the newest, no line fills the memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.alarms import link
from server.alarms.feed import BridgeFeed
from server.alarms.link import Message
from server.errors import ServerError
from server.settings import Settings

MANY = 1_000


def alarm(number: int, revision: int = 0) -> dict[str, Any]:
    return {"alarm": f"{number:032x}", "raised_at": f"{number:04d}", "revision": revision, "state": "raised"}


def heard_by(told: list[list[dict[str, Any]]]) -> list[Message]:
    """Let one bridge tell these snapshots in turn; return what a console hears that reads only afterwards."""

    async def listen() -> list[Message]:
        feed = BridgeFeed(Settings.model_validate({"bridge_feed_url": "http://127.0.0.1:1"}))
        messages, heard = feed.listen(), list[Message]()
        coming = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0)
        for snapshot in told:
            feed._links[0]._hear("snapshot", {"alarms": snapshot, "health": {"ok": True, "troubles": []}})
        heard.append(await coming)
        await feed.close()
        heard.extend([message async for message in messages])
        return heard

    return asyncio.run(listen())


def test_a_snapshot_of_a_thousand_alarms_throws_no_console_out() -> None:
    heard = heard_by([[alarm(number) for number in range(MANY)]])
    assert {one.data["alarm"] for one in heard if one.name == "alarm"} == {alarm(n)["alarm"] for n in range(MANY)}
    assert heard[-1].name == "health"


def test_a_console_that_is_slow_hears_the_newest_of_each_alarm_once() -> None:
    heard = heard_by([[alarm(number, revision) for number in range(3)] for revision in range(MANY)])
    assert [one.data["revision"] for one in heard if one.name == "alarm"] == [MANY - 1] * 3


def test_a_line_without_an_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "MAX_LINE_CHARS", 100)

    async def pieces() -> AsyncIterator[str]:
        yield "event: alarm\ndata: "
        for _ in range(20):
            yield "x" * 10

    async def read() -> list[str]:
        return [line async for line in link._lines(pieces())]

    with pytest.raises(ServerError, match="without an end"):
        asyncio.run(read())
