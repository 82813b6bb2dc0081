"""A photo of a room goes in, the same room in another style comes out, through six real processes."""

import io
import itertools
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from deploy.local.stack import Stack
from tests.e2e.app import App
from tests.fixtures.sample_room import sample_room

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

STYLES = ("modern", "scandinavian", "boho", "industrial", "minimalist")
BANDS = {
    "queued": (0.0, 0.0, "Your transformation is queued..."),
    "analyzing": (0.1, 0.2, "Analyzing your room..."),
    "detecting": (0.2, 0.3, "Detecting furniture..."),
    "generating": (0.3, 0.5, "Generating control images..."),
    "transforming": (0.5, 0.9, "Applying modern style..."),
    "finalizing": (0.9, 0.95, "Finalizing your design..."),
    "completed": (1.0, 1.0, "Your new room is ready!"),
}


async def picture(app: App, url: str) -> NDArray[np.uint8]:
    """Downloads a picture as RGB."""
    answer = await app.http.get(url)
    assert answer.status_code == 200, url
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def gradient_correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How well the edges of two pictures agree, -1 to 1."""
    magnitudes: list[NDArray[np.float32]] = []
    for pixels in (one, other):
        grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 1.5).astype(np.float32)
        magnitudes.append(
            np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)).ravel().astype(np.float32)
        )
    return float(np.corrcoef(magnitudes[0], magnitudes[1])[0, 1])


async def test_events_and_result_are_as_the_contract_says(stack: Stack) -> None:
    async with App(stack.layout.url) as app:
        accepted = await app.submit(sample_room())
        assert accepted["success"] is True
        assert accepted["estimated_time"] >= 1
        events = await app.events(accepted["websocket_url"])
        data = await app.status(accepted["job_id"])
        seen = list(dict.fromkeys(event["status"] for event in events))
        assert seen == list(BANDS)
        for event in events:
            low, high, message = BANDS[event["status"]]
            assert event["job_id"] == accepted["job_id"]
            assert low <= event["progress"] <= high, event
            assert event["message"] == message
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert all(one["progress"] <= other["progress"] for one, other in itertools.pairwise(events))
        steps = [event for event in events if event.get("step")]
        assert steps
        assert all(event["status"] == "transforming" and event["step"] <= event["total_steps"] for event in steps)
        assert data["status"] == "completed"
        assert data["progress"] == 1.0
        assert data["error"] is None
        metadata = data["result"]["metadata"]
        assert metadata["style"] == "modern"
        assert 0.0 <= metadata["quality_score"] <= 1.0
        assert metadata["processing_time"] > 0
        assert metadata["engine"] == "lite"
        assert set(events[-1]["result"]) == set(data["result"])


async def test_every_style_restyles_the_same_room(stack: Stack) -> None:
    async with App(stack.layout.url) as app:
        jobs = [await app.submit(sample_room(), style=style, preferences={"seed": 7}) for style in STYLES]
        results = [(await app.ended(job["job_id"]))["result"] for job in jobs]
        original = await picture(app, results[0]["original_url"])
        rooms = [await picture(app, result["transformed_url"]) for result in results]
        for style, room in zip(STYLES, rooms, strict=True):
            assert room.shape == original.shape
            assert gradient_correlation(original, room) > 0.6, style
            assert np.abs(room.astype(int) - original).mean() > 5, style
        for (one, first), (other, second) in itertools.combinations(zip(STYLES, rooms, strict=True), 2):
            assert np.abs(first.astype(int) - second).mean() > 4, (one, other)
        thumbnail = await picture(app, results[0]["thumbnail_url"])
        assert max(thumbnail.shape) < max(original.shape)


async def test_kept_furniture_comes_out_as_it_went_in(stack: Stack) -> None:
    async with App(stack.layout.url) as app:
        first = await app.ended((await app.submit(sample_room(), style="industrial"))["job_id"])
        found = first["result"]["detections"]
        sofas = [one for one in found if one["label"] == "sofa"]
        assert sofas, "the sample room has one"
        largest = max(sofas, key=lambda one: _area(one["box"]))
        job = await app.submit(sample_room(), style="industrial", preferences={"keep": [largest["id"]], "seed": 1})
        result = (await app.ended(job["job_id"]))["result"]
        original, room = [await picture(app, result[name]) for name in ("original_url", "transformed_url")]
        left, top, right, bottom = (round(edge) for edge in _edges(largest["box"]))
        inside = (
            slice((3 * top + bottom) // 4, (top + 3 * bottom) // 4),
            slice((3 * left + right) // 4, (left + 3 * right) // 4),
        )
        changed = np.abs(room.astype(int) - original).mean(axis=2)
        assert np.median(changed[inside]) <= 2  # what JPEG makes of a cloth; the next line's is the paint's
        assert changed.mean() > np.median(changed[inside])


async def test_same_seed_same_bytes(stack: Stack) -> None:
    async with App(stack.layout.url) as app:
        downloads = []
        for _time in range(2):
            job = await app.submit(sample_room(), style="boho", preferences={"seed": 11})
            result = (await app.ended(job["job_id"]))["result"]
            downloads.append((await app.http.get(result["transformed_url"])).content)
        assert downloads[0] == downloads[1]


async def test_a_link_with_a_changed_signature_is_refused(stack: Stack) -> None:
    async with App(stack.layout.url) as app:
        job = await app.submit(sample_room())
        result = (await app.ended(job["job_id"]))["result"]
        url = httpx.URL(result["transformed_url"])
        name, value = list(url.params.items())[-1]
        forged = url.copy_set_param(name, value[:-1] + ("0" if value[-1] != "0" else "1"))
        answer = await app.http.get(forged)
        assert answer.status_code in (403, 404)
        assert answer.headers["content-type"] == "application/problem+json"


def _edges(box: Any) -> tuple[float, float, float, float]:
    if isinstance(box, dict):
        return box["left"], box["top"], box["right"], box["bottom"]
    left, top, right, bottom = box
    return left, top, right, bottom


def _area(box: Any) -> float:
    left, top, right, bottom = _edges(box)
    return (right - left) * (bottom - top)
