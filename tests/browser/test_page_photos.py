"""Photos come to the page in every way, and connections go: it says what happens and loses nothing."""

import base64
import io
import os
import re
import signal

import pytest
from PIL import Image
from playwright.async_api import expect

from gateway.api.uploads.icc import Chromaticities, gamma_profile
from tests.browser.page_actions import DONE, job_of, long, posts, room
from tests.browser.system import CHROMIUM, System, chosen, given, violations
from tests.fixtures.image_files import CORNERS, heic, quarters, saved

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no browser: needs `chromium`, a package of Debian's"),
    pytest.mark.asyncio(loop_scope="module"),
]
P3 = Chromaticities(white=(0.3127, 0.329), red=(0.68, 0.32), green=(0.265, 0.69), blue=(0.15, 0.06))


@long
async def test_photos_of_every_kind_come_in_every_way(system: System) -> None:
    async with system.context(locale="en-GB") as context:
        page = await context.new_page()
        await page.goto(system.url)
        await page.wait_for_selector(".style img")

        # upright, and with the colours that it was taken with
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = saved(quarters(1600, 1200), "JPEG", exif=exif)
        wide = Image.new("RGB", (300, 300), (234, 51, 35))
        red = saved(wide, "PNG", icc_profile=gamma_profile(P3, file_gamma=1 / 2.2))
        prepared = """async (text) => {
            const { prepare } = await import("/page/photo.js");
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const { blob, width, height } = await prepare(new Blob([bytes]), { long_side: 1024, min_side: 256 });
            const canvas = new OffscreenCanvas(width, height).getContext("2d");
            canvas.drawImage(await createImageBitmap(blob), 0, 0);
            return [width, height, ...canvas.getImageData(10, 10, 1, 1).data];
        }"""
        width, height, *corner = await page.evaluate(prepared, base64.b64encode(turned).decode())
        assert (width, height) == (768, 1024)
        assert max(abs(got - meant) for got, meant in zip(corner[:3], CORNERS[2], strict=True)) < 12, (
            "bottom left came up"
        )
        *_size, r, g, b, _a = await page.evaluate(prepared, base64.b64encode(red).decode())
        assert (r > 240, g < 30, b < 30) == (True, True, True), (r, g, b)

        # HEIC is shown even where the browser cannot
        with Image.open(io.BytesIO(room())) as opened:
            await chosen(page, heic(opened.convert("RGB")), "IMG_1.HEIC")
        assert await page.evaluate("document.getElementById('photo').naturalWidth") == 640

        # dropped beside everything, pasted, and our own
        await page.click("#home")
        await given(page, "drop", [("a.jpg", room()), ("b.jpg", room())], target="footer")
        await expect(page.locator("#problem-text")).to_contain_text("One photo at a time")
        await expect(page.locator("#photo")).to_be_visible()
        await page.click("#home")
        await given(page, "paste", [("a.jpg", room())])
        await expect(page.locator("#photo")).to_be_visible()
        await page.click("#home")
        await page.click("#sample")
        await expect(page.locator("#photo")).to_be_visible()

        # two languages, one catalogue
        keys = "async (code) => Object.keys((await import(`/page/strings/${code}.js`)).default)"
        english, german = await page.evaluate(keys, "en"), await page.evaluate(keys, "de")
        assert english == german
        named = set(await page.evaluate("[...document.querySelectorAll('[data-t]')].map((one) => one.dataset.t)"))
        assert named <= set(english)
        await page.get_by_role("button", name="Deutsch").click()
        await expect(page.locator("#go")).to_have_text("Umgestalten")
        assert await page.get_attribute("html", "lang") == "de"

        # where nothing is
        await page.goto(f"{system.url}nothing")
        await expect(page.locator("h1")).to_have_text("There is nothing here")
        assert await violations(page) == []
        await page.get_by_role("link", name="To the start").click()
        await page.wait_for_selector(".style img")

    async with system.context(java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(system.url)
        await expect(page.locator(".noscript")).to_contain_text("needs JavaScript")


@long
async def test_interruptions(system: System) -> None:
    diffusion = system.stack.children["diffusion"].process.pid
    async with system.context(locale="en-GB") as context:
        page = await context.new_page()
        await page.goto(system.url)
        await page.wait_for_selector(".style img")
        await chosen(page, room())

        # a slow network: a bar, and cancelling while the photo is on its way
        throttle = await context.new_cdp_session(page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 30_000}
        await throttle.send("Network.emulateNetworkConditions", slow)
        await page.click("#go")
        await expect(page.locator("#work-more")).to_have_text(re.compile(r"[1-9]\d? % sent"))
        await page.click("#cancel")
        await expect(page.locator("#photo-note")).to_have_text("Cancelled. Your photo is still here.")
        await throttle.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
        assert "job=" not in page.url
        assert await page.locator("#history-list a").count() == 0

        # a job that is cancelled leaves nothing of its bar
        os.kill(diffusion, signal.SIGSTOP)
        await page.click("#go")
        await page.wait_for_url("**job=*")
        await page.click("#cancel")
        await expect(page.locator("#photo")).to_be_visible()
        await expect(page.locator("#work-progress")).to_be_hidden()
        assert "job=" not in page.url

        # the server goes in mid-job, and comes back
        await page.click("#go")
        await page.wait_for_url("**job=*")
        job = job_of(page)
        await page.wait_for_selector("#work-message >> text=Looking")
        gateway = system.stack.children["gateway"]
        gateway.process.kill()
        await gateway.process.wait()
        await expect(page.locator("#work-message")).to_have_text("Reconnecting…", timeout=6_000)
        await expect(page.locator("#work-more")).to_contain_text("your photo is safe")
        sent = posts(page)
        await system.stack.start_child("gateway")
        os.kill(diffusion, signal.SIGCONT)
        await page.wait_for_selector(DONE)
        assert job_of(page) == job
        assert sent == [], "nothing was sent anew"

        # nobody is there at all: what happened is said, and trying again makes one job
        await context.set_offline(True)
        await page.click("#go")
        await expect(page.locator("#problem-text")).to_contain_text("No connection to the service")
        await expect(page.locator("#photo")).to_be_visible()
        await context.set_offline(False)
        await page.click("#problem-again")
        await page.wait_for_selector(DONE)
        assert job_of(page) != job
