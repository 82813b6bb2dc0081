"""`python -m tools.page_screenshot`: the page as the README shows it, with our own rendered room restyled.

Real processes with the lite engines, and Chromium, a package of Debian's.
"""

import asyncio
import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import async_playwright

from deploy.local import ports
from deploy.local.options import on_port
from deploy.local.stack import running

OUT: Final = Path(__file__).parents[1] / "docs" / "images" / "page.jpg"
SIZE: Final = (1280, 800)
STYLE: Final = "scandinavian"
SPLIT_STEPS: Final = 4
"""Presses of the key that shows less of the old room."""
MAX_BYTES: Final = 150_000


def encoded(png: bytes) -> bytes:
    """A JPEG of at most MAX_BYTES, in the best quality that fits; raises ValueError where none does."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    for quality in range(90, 40, -4):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= MAX_BYTES:
            return buffer.getvalue()
    raise ValueError(f"no picture of {MAX_BYTES} bytes")


async def taken() -> bytes:
    """A PNG of the page with a finished room."""
    (port,) = ports.free(1)
    with tempfile.TemporaryDirectory(prefix="modomo-page-") as directory:
        async with running(on_port(port, data=Path(directory))) as stack, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium") or None, args=["--no-sandbox"]
            )
            page = await browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, locale="en-GB")
            page.set_default_timeout(60_000)
            await page.goto(stack.layout.url)
            await page.wait_for_selector(".style img")
            await page.click("#sample")
            await page.wait_for_selector("#photo-note:not(.reading)")
            await page.check(f"input[value={STYLE}]", force=True)
            await page.click("#go")
            await page.wait_for_selector("body[data-view=done]")
            handle = page.get_by_role("slider", name="How much of the old room")
            for _ in range(SPLIT_STEPS):
                await handle.press("ArrowLeft")
            await page.evaluate("document.activeElement.blur()")
            await page.locator(f".style:has(input[value={STYLE}])").scroll_into_view_if_needed()
            await page.evaluate("scrollTo(0, 0)")
            await page.wait_for_load_state("networkidle")
            png = await page.screenshot()
            await browser.close()
            return png


def main() -> int:
    """Returns the exit status."""
    OUT.write_bytes(encoded(asyncio.run(taken())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
