"""Signs of a key in two hands on the review page: which phone, what it means, what to do, and which items to look at.

What the server writes down is shown in `tests/e2e/test_copied_key.py`; here it is a list that the stand-in hands out.
"""

import pytest
from playwright.async_api import Browser, expect

from evidence.statements import bodies
from tests.support.stand_in import StandIn
from tests.support.visitor import visit

pytestmark = [pytest.mark.need("chromium"), pytest.mark.asyncio(loop_scope="session")]

FIRST, LAST = "2026-11-02T08:15:00.000Z", "2026-11-09T20:40:00.000Z"
SAID = {
    "number-taken": ("kopie van de sleutel", "Praat alleen met haar, op een veilige plek, en niet via deze telefoon"),
    "seen-contradicts": ("ander logboek", "Meld dit vandaag aan de beheerder"),
    "closed-to-readers": ("geen lezer kan openen", "Doe de controle"),
    "seen-beyond": ("langer logboek", "Meld dit vandaag aan de beheerder"),
}


@pytest.mark.parametrize("width", [1440, 1200, 390])
async def test_a_caseworker_reads_what_a_sign_means_and_what_to_do(
    browser: Browser, server: StandIn, width: int
) -> None:
    world = server.world
    (phone,) = (one.body.device for one in world.statements if isinstance(one.body, bodies.DeviceEnrol))
    hers = [item for item, one in world.standing.items.items() if one.by == world.phone.kid]
    server.signs = [{"kind": kind, "by": world.phone.kid, "first": FIRST, "last": LAST} for kind in SAID]
    async with visit(browser, server.url, viewport={"width": width, "height": 900}) as marit:
        await marit.review()
        for kind, words in SAID.items():
            banner = marit.page.locator(f"[data-sign={kind}]")
            await expect(banner.locator("h2")).to_contain_text(phone[:8])
            for one in words:
                await expect(banner).to_contain_text(one)
            await expect(banner).to_contain_text("Voor het eerst op 2 nov 2026, 09:15, het laatst op 9 nov 2026, 21:40")
            box = await banner.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        await marit.keep(f"signs-{width}", full_page=True)
        await marit.sound()

        number = marit.page.locator("[data-sign=number-taken] [data-figure]")
        await expect(number).to_have_text(f"{len(hers)} items van deze telefoon")
        await number.click()
        rows = await marit.page.locator(".row[id^=row-]").evaluate_all("(rows) => rows.map(({ id }) => id.slice(4))")
        assert set(rows) == set(hers)
        await expect(marit.page.locator(".filter-bar")).to_contain_text(f"Telefoon van de zaak {phone[:8]}")

        await marit.page.get_by_role("button", name="EN", exact=True).click()
        await expect(marit.page.locator("[data-sign=number-taken]")).to_contain_text("Speak to her alone")
        await marit.sound()


async def test_a_case_without_a_sign_says_nothing(browser: Browser, server: StandIn) -> None:
    async with visit(browser, server.url) as marit:
        await marit.review()
        await expect(marit.page.locator(".sign")).to_have_count(0)
