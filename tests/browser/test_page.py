"""The page for people in a real browser, on a whole system with compose's settings: from a photo to a saved picture."""

import os
import signal
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.page_actions import DONE, job_of, posts, restyled, room, tap
from tests.browser.system import CHROMIUM, System, chosen, upload, violations
from tests.fixtures.image_files import quarters, saved

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no browser: needs `chromium`, a package of Debian's"),
    pytest.mark.asyncio(loop_scope="module"),
]

REMEMBER_PREFERENCES = """
  const append = FormData.prototype.append;
  FormData.prototype.append = function (name, ...rest) {
    if (name === "preferences") window.preferencesSent = rest[0];
    return append.call(this, name, ...rest);
  };
"""
"""What a browser sends with a file in it, it does not tell tests."""


async def test_from_a_photo_to_a_saved_picture(system: System, tmp_path: Path) -> None:
    async with system.context(key=False, accept_downloads=True, locale="en-GB") as context:
        page = await context.new_page()
        await page.add_init_script(REMEMBER_PREFERENCES)
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
        sent = posts(page)
        await page.goto(system.url)
        await page.wait_for_selector(".style img")
        assert await violations(page) == []

        # what is no photo is refused in words, before it is sent
        await page.set_input_files("#file", upload("notes.jpg", b"words, words"))
        await expect(page.locator("#problem-text")).to_contain_text("no photo that we can read")
        await page.set_input_files("#file", upload("small.jpg", saved(quarters(300, 200), "JPEG")))
        await expect(page.locator("#problem-text")).to_contain_text("256 pixels or more")
        assert sent == []

        # a large photo is scaled down before it is sent; the key is asked for where one is needed
        large = room(3200, 2400, quality=97)
        await page.set_input_files("#file", upload("large.jpg", large))
        await page.fill("#key", system.holder.key)
        await page.click("#key-dialog .primary")
        await page.wait_for_selector("#objects button")
        sizes = [(await request.sizes())["requestBodySize"] for request in sent]
        assert len(large) > 1_500_000
        assert max(sizes) < 400_000

        # a tap keeps a thing, on the photo as in the list
        await tap(page, "door-1")
        await expect(page.locator("#objects [data-id=door-1]")).to_have_attribute("aria-pressed", "true")
        await page.click("#objects [data-id=door-1]")
        await expect(page.locator("#outlines .kept")).to_have_count(0)
        await tap(page, "door-1")
        await expect(page.locator("#photo-note")).to_have_text("Stays as it is: Door.")
        await page.locator("#details").evaluate("details => { details.open = true }")
        assert await violations(page) == []

        first = await restyled(page)
        assert await page.evaluate("JSON.parse(window.preferencesSent).keep") == ["door-1"]

        # pictures come from the store, which answers at plain http
        after = page.locator("#compare .after")
        assert str(await after.get_attribute("src")).startswith(f"{system.store}/modomo/")
        assert await after.evaluate("image => image.naturalWidth") == 1024
        assert "quality" not in (await page.inner_text("body")).lower()
        assert refused == []

        # before and after: the handle alone takes the pointer, and speaks
        handle = page.get_by_role("slider", name="How much of the old room")
        frame = await page.locator("#compare .frame").bounding_box()
        assert frame is not None
        under = [
            await page.evaluate(
                "([x, y]) => document.elementFromPoint(x, y).className", [frame["x"] + frame["width"] * share, 300]
            )
            for share in (0.25, 0.75)
        ]
        assert under == ["before", "after"]
        await handle.press("ArrowLeft")
        await expect(handle).to_have_attribute("aria-valuetext", "45 % of the old room")
        grip = await handle.bounding_box()
        assert grip is not None
        await page.mouse.move(grip["x"] + 24, grip["y"] + 24)
        await page.mouse.down()
        await page.mouse.move(frame["x"] + frame["width"] * 0.8, grip["y"] + 24)
        await page.mouse.up()
        await expect(handle).to_have_attribute("aria-valuenow", "80")
        await expect(page.locator("#compare .old")).to_have_text("Before")
        await expect(page.locator("#compare .new")).to_have_text("After")

        # saved, both
        for button, name, wide in (
            ("#save", "modomo-boho.jpg", 1024),
            ("#save-both", "modomo-boho-before-after.jpg", 1025),
        ):
            async with page.expect_download() as downloading:
                await page.click(button)
            download = await downloading.value
            assert download.suggested_filename == name
            await download.save_as(tmp_path / name)
            with Image.open(tmp_path / name) as picture:
                assert (picture.format, picture.width >= wide) == ("JPEG", True)
        assert await violations(page) == []

        # again like this: the same seed, said and shown
        await page.click("#same-look")
        seed = await page.input_value("#seed")
        await expect(page.locator("#facts")).to_contain_text(seed)
        await page.locator("#snippet-details").evaluate("details => { details.open = true }")
        await page.get_by_role("button", name="Python").click()
        program = await page.inner_text("#snippet")
        compile(program, "snippet", "exec")
        assert f"seed={seed}" in program
        assert 'keep=["door-1"]' in program
        await page.get_by_role("button", name="JavaScript").click()
        assert f'"seed":{seed}' in await page.inner_text("#snippet")
        await page.get_by_role("button", name="curl").click()
        assert "Authorization: Bearer" in await page.inner_text("#snippet")

        # undo, back and forward
        second = await restyled(page, "coastal")
        assert second != first
        await page.click("#undo")
        await page.wait_for_url(f"**job={first}&share=*")
        await page.go_back()
        await page.wait_for_url(f"**job={second}&share=*")
        await expect(page.locator("#compare .after")).to_have_attribute("alt", "The room in the style Coastal")
        assert await page.evaluate("localStorage.getItem('modomo-key')") is None, "nobody asked to keep it"

        # reloaded: there it is; a new one asks for the key, which is kept where that is asked for
        await page.reload()
        await page.wait_for_selector(DONE)
        await page.click("#edit")
        await page.fill("#key", system.holder.key)
        await page.check("#key-keep")
        await page.click("#key-dialog .primary")
        await page.wait_for_selector("#objects button")
        await page.go_back()
        await page.wait_for_selector(DONE)
        await expect(page.locator("#history-list a")).to_have_count(2)

        # another tab, and a page that begins anew, bring jobs back
        other = await context.new_page()
        await other.goto(page.url)
        await other.wait_for_selector(DONE)
        await other.goto(system.url)
        await other.locator("#history-list a").last.click()
        await other.wait_for_selector(DONE)
        assert job_of(other) == first
        async with system.context(key=False) as friends:
            friend = await friends.new_page()
            await friend.goto(other.url)
            await friend.wait_for_selector(DONE)
        await other.click("#edit")
        await expect(other.locator("#objects [data-id=door-1]")).to_have_attribute("aria-pressed", "true")


async def test_a_phone(system: System) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "de-DE"}
    async with system.context(**phone, color_scheme="dark") as context:
        page = await context.new_page()
        await page.goto(system.url)
        await page.wait_for_selector(".style img")
        await expect(page.get_by_role("button", name="Foto aufnehmen")).to_be_visible()
        assert await page.get_attribute("#shot", "capture") == "environment"
        assert await violations(page) == []
        await chosen(page, room(600, 800))
        assert await violations(page) == []
        await page.evaluate("scrollTo(0, 300)")
        os.kill(system.stack.children["diffusion"].process.pid, signal.SIGSTOP)
        try:
            await page.tap("#go")
            await expect(page.locator("#work-progress")).to_be_in_viewport()
            await expect(page.get_by_role("button", name="Abbrechen")).to_be_in_viewport()
            assert await violations(page) == []
        finally:
            os.kill(system.stack.children["diffusion"].process.pid, signal.SIGCONT)
        await page.wait_for_selector(DONE)
        frame = await page.locator("#compare .frame").bounding_box()
        assert frame is not None
        assert frame["height"] > frame["width"], "a portrait"
        assert 0 <= frame["y"] < frame["y"] + frame["height"] <= 844, "all of it is on the screen"
        wide = await page.evaluate(
            """[...document.querySelectorAll("body *")].filter((one) => one.checkVisibility())
               .filter((one) => one.getBoundingClientRect().right > 391)
               .filter((one) => !one.closest(".styles, .chips, #history-list")).map((one) => one.outerHTML)"""
        )
        assert (await page.evaluate("document.documentElement.scrollWidth"), wide) == (390, []), "nothing is cut off"
        await expect(page.locator("#compare .new")).to_have_text("Nachher")
        low = await page.evaluate(
            """[...document.querySelectorAll("button, a.button, select")].filter((one) => one.checkVisibility())
               .filter((one) => one.getBoundingClientRect().height < 43).map((one) => one.outerHTML)"""
        )
        assert low == [], "targets are large enough for thumbs"
        assert await violations(page) == []
