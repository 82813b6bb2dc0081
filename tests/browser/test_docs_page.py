"""/docs in a real browser: what "Try it out" sends, and whether everybody can use the page."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, async_playwright

from servicekit.jobstore import Claim
from tests.fixtures.gateway import Gateway, photo

CHROMIUM = shutil.which("chromium") or ""
AXE = Path(__file__).parents[2] / "build" / "node" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no browser: needs `chromium`, a package of Debian's"),
]
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="no axe: `make test` takes it from npm where there is one")


@asynccontextmanager
async def opened(gateway: Gateway) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(bypass_csp=True)  # for axe, which is none of the page's
        await page.goto(f"{gateway.url}/docs")
        await page.wait_for_selector("#operations-transform-submit")
        yield page
        await browser.close()


async def test_try_it_out_sends_nothing_that_nobody_chose(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "room.jpg").write_bytes(photo())
    async with opened(gateway) as page:
        operation = page.locator("#operations-transform-submit")
        await operation.locator(".opblock-summary-control").click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.locator("input[type=file]").first.set_input_files(tmp_path / "room.jpg")
        async with page.expect_request("**/transform/submit*") as sending:
            await operation.get_by_role("button", name="Execute").click()
        request = await sending.value
        response = await request.response()
        assert response is not None
        assert response.status == 202, await response.text()
        assert urlsplit(request.url).query in ("", "wait=0"), "no more than what is so anyhow"
        sent = request.post_data_buffer or b""
    claim: Claim = await gateway.jobstore.queue.claim()
    asked: dict[str, Any] = json.loads(claim.job.payload)
    assert asked["style"] == "modern"
    chosen = {
        name: value
        for name, value in asked["preferences"].items()
        if value not in (None, False, [], {}, 1, "", "restyle")
    }
    assert chosen == {}
    values = dict(re.findall(rb'name="(\w+)"(?:; [^\r]*)?(?:\r\n[^\r]+)*\r\n\r\n([^\r]{0,60})', sent))
    for name in (b"webhook_url", b"webhook_events", b"image_url"):
        assert values.get(name, b"") == b""


@needs_axe
async def test_everybody_can_use_the_page(gateway: Gateway) -> None:
    async with opened(gateway) as page:
        await page.add_script_tag(path=AXE)
        for prepare in (
            "",
            "#operations-transform-submit .opblock-summary-control",
            "#operations-transform-jobs .opblock-summary-control",
        ):
            if prepare:
                await page.locator(prepare).first.click()
            found = await page.evaluate("axe.run()")
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []
