"""What people do on the page, and what tests look at afterwards."""

import io
import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.async_api import BrowserContext, Page, Request

from tests.fixtures.image_files import saved
from tests.fixtures.sample_room import sample_room

DONE: Final = "body[data-view=done]"
long = pytest.mark.skipif(
    not os.environ.get("MODOMO_TEST_BROWSER"), reason="takes a minute: `make browser` runs it, with the others"
)


def room(width: int = 640, height: int = 480, **options: Any) -> bytes:
    """Our sample room in another size."""
    with Image.open(io.BytesIO(sample_room())) as opened:
        return saved(opened.convert("RGB").resize((width, height)), "JPEG", **options)


def posts(page: Page) -> list[Request]:
    """What the page sends from now on."""
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.method == "POST" else None)
    return found


async def opened(context: BrowserContext, url: str) -> tuple[Page, list[Request]]:
    """The page with its styles on it, and what it sends from now on."""
    page = await context.new_page()
    sent = posts(page)
    await page.goto(url)
    await page.wait_for_selector(".style img")
    return page, sent


async def metadata_of(page: Page, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """What is told of the result that the page shows."""
    answer = await page.context.request.get(f"{url}transform/status/{job_of(page)}", headers=dict(headers))
    metadata: dict[str, Any] = (await answer.json())["data"]["result"]["metadata"]
    return metadata


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
