"""A whole system as compose's settings have it, with pictures in a store of its own and a key, and a browser."""

import base64
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from deploy.local.stack import Stack
from servicekit.config import env
from servicekit.storage import bucket
from servicekit.storage.settings import StorageSettings
from tests.fixtures.api_keys import KeyHolder, key_file, key_holder
from tests.fixtures.local_stack import start

ROOT: Final = Path(__file__).parents[2]
CHROMIUM: Final = shutil.which("chromium") or ""
AXE: Final = ROOT / "build" / "node" / "node_modules" / "axe-core" / "axe.min.js"
SECONDS: Final = 60_000
"""Milliseconds that anything may take here: machines are busy."""


@dataclass(frozen=True, kw_only=True)
class System:
    """What runs."""

    stack: Stack
    browser: Browser
    holder: KeyHolder
    store: str
    """`http://127.0.0.1:…`, where pictures are."""

    @property
    def url(self) -> str:
        """Of the page."""
        return f"{self.stack.layout.url}/"

    @asynccontextmanager
    async def context(self, **options: Any) -> AsyncIterator[BrowserContext]:
        """A browser that knows nothing yet; `key=True` gives it the key, kept."""
        keeps = options.pop("key", True)
        context = await self.browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.set_default_timeout(SECONDS)
        if keeps:
            await context.add_init_script(f"localStorage.setItem('modomo-key', {self.holder.key!r})")
        try:
            yield context
        finally:
            await context.close()


def compose_environment(values: dict[str, str]) -> dict[str, str]:
    """What compose tells the gateway of its store and of keys, `values` being what `deploy/.env` would say."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    said: dict[str, str] = compose["services"]["gateway"]["environment"]

    def value(match: re.Match[str]) -> str:
        return values.get(match[1]) or match[2] or ""

    return {
        name: re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", value, text)
        for name, text in said.items()
        if name.startswith(("MODOMO_S3_", "MODOMO_STORAGE", "MODOMO_GATEWAY_API_KEYS"))
    }


@asynccontextmanager
async def running(folder: Path, s3_endpoint: str) -> AsyncIterator[System]:
    """Starts everything, the models of the lite engines included."""
    holder = key_holder("people")
    (folder / "keys.toml").write_text(key_file(holder))
    environment = compose_environment(
        {"S3_ENDPOINT": s3_endpoint, "S3_ACCESS_KEY_ID": "test", "S3_SECRET_ACCESS_KEY": "test"}
    )
    assert environment["MODOMO_S3_ENDPOINT"] == s3_endpoint
    environment["MODOMO_GATEWAY_API_KEYS_FILE"] = str(folder / "keys.toml")
    await bucket.make(env.read(StorageSettings, prefix="X_", environ=environment))
    async with start(folder / "stack", overrides=environment) as stack, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield System(stack=stack, browser=browser, holder=holder, store=s3_endpoint)
        finally:
            await browser.close()


def upload(name: str, data: bytes, media_type: str = "image/jpeg") -> Any:
    """A file as a person chooses it."""
    return {"name": name, "mimeType": media_type, "buffer": data}


async def chosen(page: Page, data: bytes, name: str = "room.jpg") -> None:
    """Chooses a photo and waits until it has been looked at."""
    await page.set_input_files("#file", upload(name, data))
    await page.wait_for_selector("#photo-note:not(.reading)")


async def given(page: Page, event: str, files: Sequence[tuple[str, bytes]], *, target: str = "body") -> None:
    """Drops files somewhere, or pastes them."""
    encoded = [[name, base64.b64encode(data).decode()] for name, data in files]
    await page.evaluate(
        """([event, target, files]) => {
          const transfer = new DataTransfer();
          for (const [name, text] of files) {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
          }
          const made = event === "paste"
            ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
            : new DragEvent(event, { dataTransfer: transfer, bubbles: true, cancelable: true });
          const place = document.querySelector(target);
          return place.dispatchEvent(made);
        }""",
        [event, target, encoded],
    )


async def violations(page: Page) -> list[tuple[str, str]]:
    """What axe objects to; nothing where there is no npm to take axe from."""
    if not AXE.exists():
        return []
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run()")
    return [(one["id"], one["nodes"][0]["html"][:160]) for one in found["violations"]]
