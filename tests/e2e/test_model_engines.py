"""A whole job through six real processes whose engines are the mission's models, in miniature."""

import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deploy.local.stack import Stack
from servicekit.weights import Manifest, WeightStore
from tests.e2e.app import App
from tests.fixtures.local_stack import StartStack
from tests.fixtures.sample_room import sample_room
from tests.fixtures.triton import TritonServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # three processes load torch, after the tiny models were made
]

PREFERENCES = {
    "seed": 7,
    "variants": 2,
    "keep_furniture": True,
    "color_palette": ["#A3AD91", "#F3E9D2"],
    "strength": 0.5,
}
VISION = ("yolo11", "sam2", "siglip2", "dpt", "upernet")
TORCH: tuple[str, ...] = ("realistic-vision", "vae-ft-mse", "mlsd", "taesd")
TORCH += tuple(f"controlnet-{name}" for name in ("segmentation", "mlsd", "inpaint", "tile"))
CPU = ("sd15", "controlnet-depth", "lcm-lora", "taesd")
SEEN = ["queued", "analyzing", "detecting", "generating", "transforming", "finalizing", "completed"]


@pytest.fixture
def weights(tiny_vision: WeightStore, tmp_path: Path) -> Path:
    """One store with every service's models."""
    from tests.fixtures.tiny_diffusion import write_tiny_diffusion

    directory = Path(shutil.copytree(tiny_vision.directory, tmp_path / "weights"))
    write_tiny_diffusion(directory)
    return directory


def variables(weights: Path, *, vision: str, diffusion: str = "torch") -> dict[str, str]:
    """Random weights take any room for none, so that threshold is out of the way; there are few steps."""
    return {
        "MODOMO_WEIGHTS": str(weights),
        "MODOMO_DETECTION_ENGINE": vision,
        "MODOMO_CONTROLMAPS_ENGINE": vision,
        "MODOMO_DIFFUSION_ENGINE": diffusion,
        "MODOMO_CONTROLMAPS_ROOM_THRESHOLD": "0",
        "MODOMO_DIFFUSION_FINISHED_SIDE": "256",  # where tiny models draw at 96 pixels, 2,048 would be most of the time
        "OMP_NUM_THREADS": "1",
        **{f"MODOMO_{service}_DEVICE": "cpu" for service in ("DETECTION", "CONTROLMAPS", "DIFFUSION")},
    }


async def job(app: App, *, change: float) -> dict[str, Any]:
    """The result of one, whose way was the contract's; its pixels differ by `change` on average at least."""
    accepted = await app.submit(sample_room(), style="boho", preferences=PREFERENCES)
    events = await app.events(accepted["websocket_url"])
    assert list(dict.fromkeys(event["status"] for event in events)) == SEEN, events[-1]
    assert any(event.get("step") for event in events)
    pictures = [event["preview_url"] for event in events if event.get("preview_url")]
    assert "first-look.jpg" in pictures[0], "the lite engine's first look is the first picture, whoever makes the last"
    result: dict[str, Any] = (await app.status(accepted["job_id"]))["result"]
    original, made = [
        np.asarray(Image.open(io.BytesIO((await app.http.get(result[name])).content)).convert("RGB"))
        for name in ("original_url", "transformed_url")
    ]
    assert made.shape == original.shape
    assert np.abs(made.astype(int) - original).mean() > change
    assert {one["label"] for one in result["detections"]}
    return result


async def seen_through(stack: Stack, *, change: float = 2.0) -> tuple[dict[str, Any], dict[str, str | None]]:
    """A job's result, and the engine of every dependency that has one."""
    async with App(stack.layout.url) as app:
        result = await job(app, change=change)
        dependencies = (await app.http.get("/health")).json()["dependencies"]
    return result, {name: one["engine"] for name, one in dependencies.items() if one["engine"]}


def check_models(result: dict[str, Any], taking_part: Sequence[str]) -> None:
    """Every model that takes part is named, and what was asked for was done and measured."""
    metadata, manifest = result["metadata"], Manifest.shipped()
    assert {model["name"] for model in metadata["models"]} == {manifest[name].repository for name in taking_part}
    assert all(model["revision"] for model in metadata["models"])
    assert metadata["seed"] == 7
    assert metadata["palette_delta_e"] > 0
    assert metadata["attempts"][-1]["quality"]["keep"] > 0.9
    assert len(result["transformed_urls"]) == 2


async def test_torch_engines(start_stack: StartStack, weights: Path) -> None:
    async with start_stack(overrides=variables(weights, vision="torch")) as stack:
        result, engines = await seen_through(stack)
    assert engines == {"detection": "torch", "controlmaps": "torch", "diffusion": "torch"}
    assert result["metadata"]["engine"] == "torch"
    check_models(result, VISION + TORCH)


async def test_triton_engines_for_vision_and_diffusion_on_the_models_for_a_cpu(
    start_stack: StartStack, weights: Path, triton_server: TritonServer
) -> None:
    triton_server.load(["detection", "classification", "depth", "segmentation"])
    overrides = variables(weights, vision="triton", diffusion="cpu") | {"MODOMO_TRITON": triton_server.address}
    async with start_stack(overrides=overrides) as stack:
        result, engines = await seen_through(stack)
    assert engines == {"detection": "triton", "controlmaps": "triton", "diffusion": "torch"}
    check_models(result, VISION + CPU)


async def test_real_maps_under_the_lite_engines_paint(start_stack: StartStack, tiny_vision: WeightStore) -> None:
    """`make run MODOMO_CONTROLMAPS_ENGINE=cpu`: what is painted goes by maps of the small real models."""
    overrides = {
        "MODOMO_WEIGHTS": str(tiny_vision.directory),
        "MODOMO_CONTROLMAPS_ENGINE": "cpu",
        "OMP_NUM_THREADS": "1",
    }
    async with start_stack(overrides=overrides) as stack:
        result, engines = await seen_through(stack, change=0.5)  # little is sure in maps of random weights
    assert engines == {"detection": "lite", "controlmaps": "torch", "diffusion": "lite"}
    metadata = result["metadata"]
    assert metadata["engine"] == "lite"
    assert [model["name"].rpartition("/")[2] for model in metadata["models"]] == [
        "roomnet",
        "Depth-Anything-V2-Small-hf",
        "upernet-convnext-tiny",
        "modomo-lite",
    ]
