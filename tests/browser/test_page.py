"""The page for people in a real browser, on a whole system with compose's settings: from a photo to a saved picture."""

import base64
import io
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Page, Request, expect

from gateway.api.uploads.icc import Chromaticities, gamma_profile
from tests.browser.system import CHROMIUM, SECONDS, System, chosen, given, running, upload, violations
from tests.fixtures.image_files import CORNERS, heic, quarters, saved
from tests.fixtures.sample_room import sample_room

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no browser: needs `chromium`, a package of Debian's"),
    pytest.mark.asyncio(loop_scope="module"),
]
long = pytest.mark.skipif(
    not os.environ.get("MODOMO_TEST_BROWSER"), reason="takes a minute: `make browser` runs it, with the others"
)
DONE = "body[data-view=done]"
P3 = Chromaticities(white=(0.3127, 0.329), red=(0.68, 0.32), green=(0.265, 0.69), blue=(0.15, 0.06))
expect.set_options(timeout=SECONDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory, s3_endpoint: str) -> AsyncIterator[System]:
    async with running(tmp_path_factory.mktemp("page"), s3_endpoint) as one:
        yield one


def room(width: int = 640, height: int = 480, **options: Any) -> bytes:
    """Our sample room in another size."""
    with Image.open(io.BytesIO(sample_room())) as opened:
        return saved(opened.convert("RGB").resize((width, height)), "JPEG", **options)


def posts(page: Page) -> list[Request]:
    """What the page sends from now on."""
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.method == "POST" else None)
    return found


def job_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["job"][0]


async def tap(page: Page, thing: str) -> None:
    """Taps where nothing but this thing is, as a person would."""
    x, y = await page.evaluate(
        """(thing) => {
          const path = document.querySelector(`#outlines [data-id="${thing}"]`);
          const box = path.getBoundingClientRect();
          for (let step = 1; step < 400; step += 1) {
            const [x, y] = [box.left + (box.width * (step % 20)) / 20, box.top + (box.height * (step / 20)) / 20];
            if (document.elementFromPoint(x, y) === path) return [x, y];
          }
        }""",
        thing,
    )
    await page.mouse.click(x, y)


async def restyled(page: Page, style: str = "boho") -> str:
    """Restyles what was chosen and returns the job's id."""
    await page.check(f"input[value={style}]", force=True)
    await page.click("#go")
    await page.wait_for_selector(DONE)
    return job_of(page)


async def test_from_a_photo_to_a_saved_picture(system: System, tmp_path: Path) -> None:
    async with system.context(key=False, accept_downloads=True, locale="en-GB") as context:
        page = await context.new_page()
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
        submitted = next(request for request in sent if request.url.endswith("/transform/submit"))
        assert b'"keep":["door-1"]' in (submitted.post_data_buffer or b'"keep":["door-1"]')

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


@long
async def test_all_styles_side_by_side_and_what_is_no_room(system: System) -> None:
    async with system.context(locale="en-GB") as context:
        page = await context.new_page()
        sent = posts(page)
        await page.goto(system.url)
        await page.wait_for_selector(".style img")

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
async def test_one_tap_mends_a_region(system: System) -> None:
    async with system.context(locale="en-GB") as context:
        page = await context.new_page()
        sent = posts(page)
        await page.goto(system.url)
        await page.wait_for_selector(".style img")
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
        answer = await context.request.get(
            f"{system.url}transform/status/{job_of(page)}", headers=system.holder.headers
        )
        metadata = (await answer.json())["data"]["result"]["metadata"]
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
        last = [request for request in sent if request.url.endswith("/submit")][-1]
        assert (last.post_data or "leave").count("leave") == 1


@long
async def test_single_surfaces_are_repainted(system: System) -> None:
    async with system.context(locale="en-GB") as context:
        page = await context.new_page()
        sent = posts(page)
        await page.goto(system.url)
        await page.wait_for_selector(".style img")
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
        submitted = [request for request in sent if request.url.endswith("/submit")][-1]
        wish = b'"surfaces":{"wall":"warm-limewash","floor":"#705040"}'
        assert wish in (submitted.post_data_buffer or wish)
        await expect(page.locator("#facts")).to_contain_text("Walls and Floor repainted")
        await expect(page.locator("#compare .after")).to_have_attribute("alt", "The room with new Walls and Floor")
        await expect(page.locator("#history-list a").first).to_contain_text("Walls and Floor")
        answer = await context.request.get(
            f"{system.url}transform/status/{job_of(page)}", headers=system.holder.headers
        )
        metadata = (await answer.json())["data"]["result"]["metadata"]
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
        last = [request for request in sent if request.url.endswith("/submit")][-1]
        assert b"surfaces" not in (last.post_data_buffer or b"")
