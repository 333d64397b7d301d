"""Break-glass on the review page: who asked, who agreed, why and until when, with words for who is next to act."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from evidence import ids, keys
from evidence.statements import bodies, statement
from tests.support import published
from tests.support.page_world import TEAM
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

TURNED = "Zij is vermist \u202esinds gisteren"
"""A reason that would turn the words after it round."""


async def test_a_request_and_then_a_use_stand_above_the_case(browser: Browser, server: StandIn) -> None:
    world, colleague, rescue = server.world, keys.Identity.generate(), keys.Identity.generate()
    lead, name = world.people["marit"], rescue.opening_kid

    def hers(kind: str, body: bodies.Body) -> None:
        link = world.standing.next_link(world.vault.kid)
        world.record(statement.sign(world.vault, kind, body, case=world.case, chain=link))

    certificate = published.certificate(colleague, "caseworker", "B. IJstaan", TEAM)
    world.record(statement.sign(world.root, "key.publish", certificate))
    for number, who in enumerate((lead, colleague), 1):
        hers("rescue.share", bodies.RescueShare(name, number, who.kid, who.opening_kid, ids.Base64("AAAA"), 2))
    soon, later = (ids.time_of(datetime.now(UTC) + timedelta(hours=hours)) for hours in (4, 48))
    number = len(world.standing.lists.get(world.case, ())) + 1
    hers("list.set", bodies.ListSet(number, ids.now(), later, (), rescue=published.opens(rescue)))
    asked = statement.sign(colleague, "rescue.use", bodies.RescueUse(name, TURNED, soon), case=world.case)
    world.record(asked)
    async with visit(browser, server.url, viewport={"width": 390, "height": 900}) as marit:
        await marit.review()
        banner = marit.page.locator("[data-rescue]")
        await expect(banner).to_have_count(1)
        await expect(banner).to_have_attribute("data-rescue", "asked")
        await expect(banner).to_contain_text("B. IJstaan vraagt om met de noodsleutel te lezen")
        await expect(banner.locator("bdi")).to_contain_text("Zij is vermist")
        assert "\u202e" not in await banner.inner_text()
        await expect(banner).to_contain_text("Bel eerst met uw collega")
        await marit.sound()
    assert isinstance(asked.body, bodies.RescueUse)
    agreed = replace(asked.body, agrees=asked.id, share=ids.Base64("AAAA"))
    world.record(statement.sign(lead, "rescue.use", agreed, case=world.case))
    async with visit(browser, server.url) as marit:
        await marit.review()
        banner = marit.page.locator("[data-rescue]")
        await expect(banner).to_have_count(1)
        await expect(banner).to_have_attribute("data-rescue", "used")
        await expect(banner).to_contain_text("B. IJstaan mocht met de noodsleutel lezen; ")
        await expect(banner).to_contain_text("haar telefoon zegt hier niets over")
        await marit.sound()
