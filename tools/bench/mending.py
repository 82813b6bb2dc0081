"""How long a person waits after one tap on the page: a click on what a region is → the room, painted anew.

`python -m tools.bench.mending`: real processes with the lite engines, the page in a real browser, our own sample photo.
It is restyled once; then the same place is called wall and left by turns, and the time runs from the click until the
new picture has been loaded and is shown, and until it has been judged and can be saved. CPU time is each process's
own, by job; the browser's is left out.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import psutil  # type: ignore[import-untyped]  # it publishes no types
from playwright.async_api import Page, async_playwright
from rich.console import Console

from deploy.local import ports
from deploy.local.options import on_port
from deploy.local.stack import Stack, running
from tools.bench import document
from tools.bench.figures import Row, Samples

LABELS: Final = ("leave", "wall")
PLACE: Final = (0.7, 0.25)
NOTES: Final = """\
A click on what a region is → the page shows the room painted anew, in Chromium, with our sample photo of 1,024 pixels
and the lite engines; CPU time is of all processes but the browser's, for a job."""


def cpu_seconds(stack: Stack) -> Counter[str]:
    """That each process has used."""
    used: Counter[str] = Counter()
    for name, child in stack.children.items():
        times = psutil.Process(child.process.pid).cpu_times()
        used[name] = times.user + times.system
    return used


async def mended(page: Page, label: str) -> tuple[float, float, dict[str, Any]]:
    """Seconds from the click until the picture is seen and until it is judged, and what the job says of itself."""
    await page.click("#mend")
    frame = await page.locator("#compare .frame").bounding_box()
    if frame is None:
        raise RuntimeError("there is no result to mend")
    await page.mouse.click(frame["x"] + frame["width"] * PLACE[0], frame["y"] + frame["height"] * PLACE[1])
    seen, done = await page.evaluate(
        """async (label) => {
          const before = document.querySelector("#compare .after").src;
          const shown = document.querySelector("#work-picture");
          const begun = performance.now();
          let seen = 0;
          document.querySelector(`.mend-menu [data-label=${label}]`).click();
          for (;;) {
            await new Promise(requestAnimationFrame);
            const now = performance.now() - begun;
            const previewed = shown.src.includes("preview") && shown.complete;
            if (!seen && document.body.dataset.view === "work" && previewed) seen = now;
            const image = document.querySelector("#compare .after");
            if (document.body.dataset.view === "done" && image.src !== before && image.complete) break;
          }
          const done = performance.now() - begun;
          return [(seen || done) / 1000, done / 1000];
        }""",
        label,
    )
    job = await page.evaluate(
        "fetch('transform/status/' + new URLSearchParams(location.search).get('job')).then((answer) => answer.json())"
    )
    metadata: dict[str, Any] = job["data"]["result"]["metadata"]
    return float(seen), float(done), metadata


async def measure(console: Console, *, count: int) -> list[Row]:
    """Rows of the table."""
    (port,) = ports.free(1)
    seen, done, stages = Samples(), Samples(), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="modomo-mending-") as directory:
        layout = on_port(port, data=Path(directory), overrides={"MODOMO_GATEWAY_UNITS_PER_MINUTE": "0"})
        async with running(layout) as stack, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium") or None, args=["--no-sandbox"]
            )
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(60_000)
            await page.goto(layout.url)
            await page.click("#sample")
            await page.wait_for_selector("#photo-note:not(.reading)")
            await page.click("#go")
            await page.wait_for_selector("body[data-view=done]")
            await mended(page, LABELS[0])  # the first one finds nothing warm
            await asyncio.sleep(1)  # until what is done in the background is done
            before, begun = cpu_seconds(stack), time.perf_counter()
            for number in range(count):
                first, last, metadata = await mended(page, LABELS[number % 2])
                console.log(f"seen {first:.2f} s, done {last:.2f} s, job {metadata['processing_time']:.2f} s")
                seen.seconds.append(first)
                done.seconds.append(last)
                stages.update(metadata["stage_seconds"])
            await asyncio.sleep(1)  # as above
            used, took = cpu_seconds(stack), time.perf_counter() - begun
            used.subtract(before)
            await browser.close()
    console.log(f"{took:.1f} s in all")
    by_process = ", ".join(f"{name} {seconds / count:.2f}" for name, seconds in used.most_common(7))
    by_stage = ", ".join(f"{name} {seconds / count:.2f}" for name, seconds in stages.most_common())
    return [
        Row(what=f"click → the room painted anew, {count} times", figure=quantiles(seen)),
        Row(what="click → it is judged, and can be saved", figure=quantiles(done)),
        Row(what="CPU time of a mended picture", figure=f"{sum(used.values()) / count:.2f} s ({by_process})"),
        Row(what="of the worker's time, by stage", figure=f"{by_stage} s"),
    ]


def quantiles(samples: Samples) -> str:
    """Median and 95th percentile."""
    return f"p50 {samples.quantile(0.5):.2f} s, p95 {samples.quantile(0.95):.2f} s"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.mending", description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="taps")
    parser.add_argument("--write", action="store_true", help="write the table to BENCHMARKS.md")
    parser.add_argument("--remark", default="", help="what is to be known of the run, for BENCHMARKS.md")
    options = parser.parse_args()
    console = Console()
    rows = asyncio.run(measure(console, count=options.count))
    for row in rows:
        console.print(f"{row.what}: {row.figure}", soft_wrap=True)
    if options.write:
        command = "python -m tools.bench.mending --write"
        notes = f"{NOTES} {options.remark}".strip()
        document.write("mending", title="One tap", command=command, rows=rows, notes=notes)


if __name__ == "__main__":
    main()
