"""What may be wished beside a style: all of them at once, a mended region, single surfaces."""

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.page_actions import DONE, job_of, long, metadata_of, opened, restyled, room
from tests.browser.system import CHROMIUM, System, chosen, violations
from tests.fixtures.image_files import saved

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no browser: needs `chromium`, a package of Debian's"),
    pytest.mark.asyncio(loop_scope="module"),
]


@long
async def test_all_styles_side_by_side_and_what_is_no_room(system: System) -> None:
    async with system.context(locale="en-GB") as context:
        page, sent = await opened(context, system.url)

        # what shows no room is asked about first
        await chosen(page, saved(Image.new("RGB", (640, 480), (200, 30, 30)), "JPEG"))
        await page.click("#go")
        await expect(page.locator("#room-dialog")).to_contain_text("does not look like the photo of a room")
        await page.locator("#room-dialog").press("Escape")
        assert not any("submit" in request.url for request in sent)

        await page.click("#another")
        await chosen(page, room())
        await page.click("#all-styles")
        tiles = page.locator("#sheet li")
        await expect(tiles).to_have_count(20)
        await page.wait_for_selector("#sheet .tile:not(:disabled)")
        assert await violations(page) == []
        await page.get_by_role("button", name="Not Wabi-sabi").click()
        await expect(tiles).to_have_count(19)
        await page.wait_for_selector("#sheet li:nth-child(2) .tile:not(:disabled)")
        await page.click("#sheet-stop")
        await expect(page.locator("#sheet-stop")).to_be_hidden()
        ready = await tiles.count()
        assert 2 <= ready < 19
        submitted = len([request for request in sent if request.url.endswith("/submit")])
        assert submitted < 10, "a few at a time, and no more once they are not wanted"
        await page.reload()
        await expect(page.locator("#sheet .tile:not(:disabled)")).to_have_count(ready)

        # one of them, large and with the same look
        await page.locator("#sheet .tile").nth(1).click()
        await page.wait_for_selector(DONE)
        seed = await page.input_value("#seed")
        await page.click("#same-look")
        assert await page.input_value("#seed") == seed

        # several pictures at once
        await page.evaluate("document.querySelector('input[name=variants][value=\"2\"]').click()")
        await restyled(page, "modern")
        await expect(page.locator("#variants button")).to_have_count(2)
        one = await page.get_attribute("#compare .after", "src")
        await page.locator("#variants button").nth(1).click()
        await expect(page.locator("#compare .after")).not_to_have_attribute("src", str(one))
        assert "modomo-modern-2.jpg" in str(await page.get_attribute("#save", "href"))


@long
async def test_one_tap_mends_a_region(system: System) -> None:
    async with system.context(locale="en-GB") as context:
        page, _sent = await opened(context, system.url)
        await chosen(page, room())
        first = await restyled(page)
        await page.click("#mend")
        await expect(page.locator("#mend-note")).to_contain_text("Tap what was left or wrongly painted")
        assert await violations(page) == []
        frame = await page.locator("#compare .frame").bounding_box()
        assert frame is not None
        await page.mouse.click(frame["x"] + frame["width"] * 0.7, frame["y"] + frame["height"] * 0.25)
        await expect(page.locator(".mend-menu button")).to_have_text(["Wall", "Floor", "Ceiling", "Leave as it was"])
        assert await violations(page) == []
        await page.click(".mend-menu [data-label=leave]")
        await page.wait_for_url(lambda url: first not in url)
        await page.wait_for_selector(DONE)
        metadata = await metadata_of(page, system.url, system.holder.headers)
        (heeded,) = metadata["corrections"]
        assert (heeded["label"], abs(heeded["x"] - 0.7) < 0.01, abs(heeded["y"] - 0.25) < 0.01) == ("leave", True, True)

        # the same by keys; both count from now on
        await page.click("#mend")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        second = job_of(page)
        await page.wait_for_url(lambda url: second not in url)
        await page.wait_for_selector(DONE)
        await restyled(page, "modern")
        metadata = await metadata_of(page, system.url, system.holder.headers)
        assert [one["label"] for one in metadata["corrections"]].count("leave") == 1


@long
async def test_single_surfaces_are_repainted(system: System) -> None:
    async with system.context(locale="en-GB") as context:
        page, _sent = await opened(context, system.url)
        await chosen(page, room())

        # by keys alone: a material for the walls, a colour for the floor
        await page.focus("#surfaces-details summary")
        await page.keyboard.press("Enter")
        await page.focus("#paint-list input[value='']")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#paint-list input:checked")).to_have_attribute("value", "warm-limewash")
        await page.focus("#surface-names [data-surface=floor]")
        await page.keyboard.press("Enter")
        await expect(page.locator("#surface-names [data-surface=floor]")).to_be_focused()
        await page.locator("#paint-list input[value=colour]").check(force=True)
        await page.fill("#surface-colour", "#705040")
        await expect(page.locator("#surfaces-note")).to_have_text("Only this is repainted: Walls and Floor.")
        await expect(page.locator("#go")).to_have_text("Repaint")
        await expect(page.locator("#all-styles")).to_be_hidden()
        await expect(page.locator("#paint-list img").first).to_have_js_property("naturalWidth", 128)
        assert await violations(page) == []
        await page.click("#go")
        await page.wait_for_selector(DONE)
        await expect(page.locator("#facts")).to_contain_text("Walls and Floor repainted")
        await expect(page.locator("#compare .after")).to_have_attribute("alt", "The room with new Walls and Floor")
        await expect(page.locator("#history-list a").first).to_contain_text("Walls and Floor")
        metadata = await metadata_of(page, system.url, system.holder.headers)
        painted = {one["label"]: one["material"] for one in metadata["surfaces"] if one["material"]}
        assert painted == {"wall": "warm white limewash", "floor": "paint #705040"}

        # what was chosen comes back with its result, in the other language too, and goes where a style is wanted again
        await page.reload()
        await page.wait_for_selector(DONE)
        await page.get_by_role("button", name="Deutsch").click()
        await expect(page.locator("#surfaces-note")).to_have_text("Nur das wird neu: Wände und Boden.")
        await page.click("#surfaces-clear")
        await expect(page.locator("#go")).to_have_text("Umgestalten")
        await restyled(page, "boho")
        metadata = await metadata_of(page, system.url, system.holder.headers)
        assert painted.items().isdisjoint({one["label"]: one["material"] for one in metadata["surfaces"]}.items())
