"""The torch engine on tiny models: what a caller gets, and what happens when things go wrong."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from diffusion.domain import SEEDS, Maps, PreviewFrame, Progress, Restyling, Result, Tier
from diffusion.engine import Step
from diffusion.engine.torch import TorchEngine, variants_that_fit
from diffusion.palette_distance import palette_delta_e
from diffusion.sd.deep_cache import SplitUNet
from diffusion.sd.options import Control, Options, Structure
from diffusion.sd.recipes import FINISH_STRENGTH
from diffusion.sd.tiers import HYPER_SD, LCM, QUALITY
from servicekit.errors import Exhausted, FailedPrecondition, ServiceError
from servicekit.inference.executor import DeviceExecutor
from servicekit.types import ade20k
from servicekit.types.modes import RoomMode
from tests.fixtures.compute_device import DEVICE
from tools.gpu.requests import restyling, style

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models


@pytest.fixture(scope="module")
def engine(tiny_diffusion: Path) -> Iterator[TorchEngine]:
    """Loaded once; every test has an event loop of its own."""
    engine = asyncio.run(loaded(Options(weights=tiny_diffusion, device=DEVICE, variants_at_once=1)))
    yield engine
    asyncio.run(engine.close())


async def loaded(options: Options, *, queue_limit: int = 16) -> TorchEngine:
    engine = TorchEngine(options, DeviceExecutor("diffusion", queue_limit=queue_limit))
    await engine.load()
    return engine


async def steps_of(engine: TorchEngine, request: Restyling) -> list[Step]:
    async with aclosing(engine.transform(request)) as steps:
        return [step async for step in steps]


async def result_of(engine: TorchEngine, request: Restyling) -> Result:
    last = (await steps_of(engine, request))[-1]
    assert isinstance(last, Result)
    return last


def quick(**changes: Any) -> Restyling:
    """Three steps of the quality tier."""
    return restyling(**{"strength": 3.5 / QUALITY.steps, **changes})


@contextmanager
def calls_of(kind: type[torch.nn.Module], act: Callable[[int], None] = lambda _count: None) -> Iterator[list[int]]:
    """Counts forward passes of a class of models, and does something at each."""
    counts: list[int] = []

    def hook(module: torch.nn.Module, _inputs: object) -> None:
        if isinstance(module, kind):
            counts.append(len(counts) + 1)
            act(len(counts))

    handle = register_module_forward_pre_hook(hook)
    try:
        yield counts
    finally:
        handle.remove()


async def test_progress_counts_up_previews_come_between_and_the_result_last(engine: TorchEngine) -> None:
    steps = await steps_of(engine, quick(height=90, width=120, previews=2, variants=2))
    progress = [step for step in steps if isinstance(step, Progress)]
    assert [(step.step, step.total_steps) for step in progress] == [(number, 6) for number in range(1, 7)]
    previews = [step for step in steps if isinstance(step, PreviewFrame)]
    assert [preview.step for preview in previews] == [1, 2]
    assert all(preview.image.shape == (90, 120, 3) for preview in previews)
    result = steps[-1]
    assert isinstance(result, Result)
    assert [image.shape for image in result.images] == [(90, 120, 3)] * 2
    assert result.manifest.steps == 6
    assert result.manifest.device_seconds > 0


async def test_kept_pixels_are_the_originals(engine: TorchEngine) -> None:
    keep = np.zeros((90, 120), dtype=np.bool_)
    keep[30:70, 40:80] = True
    request = quick(height=90, width=120, keep=keep, palette=("#A3AD91",))
    (image,) = (await result_of(engine, request)).images
    assert np.array_equal(image[keep], request.photo[keep])
    changed = (image != request.photo).any(axis=2)
    assert changed[:20].mean() > 0.9


async def test_keeping_nearly_everything_is_refused(engine: TorchEngine) -> None:
    keep = np.ones((64, 64), dtype=np.bool_)
    keep[:4, :4] = False
    with pytest.raises(FailedPrecondition, match="NOTHING_TO_RESTYLE"):
        await result_of(engine, quick(keep=keep))


async def test_same_seed_same_bytes_other_seed_other_bytes(engine: TorchEngine) -> None:
    first, again, other = [await result_of(engine, quick(seed=seed)) for seed in (4, 4, 5)]
    assert np.array_equal(first.images[0], again.images[0])
    assert not np.array_equal(first.images[0], other.images[0])


async def test_a_variant_is_the_request_with_a_later_seed(engine: TorchEngine) -> None:
    both = await result_of(engine, quick(seed=SEEDS - 1, variants=2))
    second = await result_of(engine, quick(seed=0))
    assert np.array_equal(both.images[1], second.images[0])


async def test_a_batch_of_variants_agrees_with_one_by_one(engine: TorchEngine, tiny_diffusion: Path) -> None:
    batched = await loaded(Options(weights=tiny_diffusion, device=DEVICE, variants_at_once=4))
    request = quick(variants=3)
    with calls_of(UNet2DConditionModel) as together:
        one = await result_of(batched, request)
    with calls_of(UNet2DConditionModel) as apart:
        other = await result_of(engine, request)
    assert (len(together), len(apart)) == (3, 9)
    for left, right in zip(one.images, other.images, strict=True):
        assert np.abs(left.astype(int) - right).max() <= 1
    await batched.close()


async def test_controlnets_run_within_their_windows_only(engine: TorchEngine) -> None:
    with calls_of(ControlNetModel) as calls:
        result = await result_of(engine, quick(strength=10 / QUALITY.steps))
    assert len(calls) == 5 + 1
    (drawn,) = result.manifest.passes
    assert [(one.control, one.scale, one.start, one.end) for one in drawn.controls] == [
        ("segmentation", 0.4, 0.0, 0.5),
        ("mlsd", 0.2, 0.1, 0.25),
    ]


async def test_only_what_has_something_to_show_runs_and_is_named(tiny_diffusion: Path) -> None:
    engine = await loaded(
        Options(weights=tiny_diffusion, device=DEVICE, base="sd15", structure=Structure.EDGES, finished_side=0)
    )
    maps = Maps(depth=restyling().maps.depth)
    with calls_of(ControlNetModel) as calls:
        result = await result_of(engine, quick(maps=maps, photo=np.full((64, 64, 3), 90, np.uint8)))
    names = [model.name for model in result.manifest.engine.models]
    assert names == ["stable-diffusion-v1-5/stable-diffusion-v1-5", "lllyasviel/control_v11f1p_sd15_depth"]
    assert len(calls) == 2
    await engine.close()


async def test_a_photo_larger_than_the_canvas_gets_a_second_pass_at_its_own_size(engine: TorchEngine) -> None:
    request = quick(height=104, width=160, strength=0.4)
    result = await result_of(engine, request)
    assert result.images[0].shape == (104, 160, 3)
    drawn, finished = result.manifest.passes
    assert (drawn.stage, finished.stage) == ("draw", "finish")
    assert drawn.width * drawn.height < 1.2 * 96**2 < finished.width * finished.height
    assert (finished.width, finished.height, finished.strength) == (160, 104, FINISH_STRENGTH)
    assert [(one.control, one.scale) for one in finished.controls] == [("tile", 1.0)]
    assert result.manifest.steps == drawn.steps + finished.steps
    fast = await result_of(engine, replace(request, tier=Tier.FAST))
    assert [one.stage for one in fast.manifest.passes] == ["draw"]


async def test_windows_and_doors_stay_unless_the_caller_says_otherwise(engine: TorchEngine) -> None:
    labels = np.full((64, 64), ade20k.index("wall"), np.uint8)
    labels[8:40, 16:40] = ade20k.index("windowpane")
    request = quick(maps=Maps(segmentation=labels), repaint_openings=False)
    window = labels == ade20k.index("windowpane")
    (stays,) = (await result_of(engine, request)).images
    assert np.array_equal(stays[window], request.photo[window])
    (goes,) = (await result_of(engine, replace(request, repaint_openings=True))).images
    assert not np.array_equal(goes[window], request.photo[window])


async def test_strength_zero_is_the_original(engine: TorchEngine) -> None:
    request = restyling(strength=0.0, variants=2)
    result = await result_of(engine, request)
    assert all(np.array_equal(image, request.photo) for image in result.images)
    assert result.manifest.steps == 0


async def test_a_palette_is_approached_and_its_distance_told(engine: TorchEngine) -> None:
    palette = ("#1F7A7A", "#F3E9D2")
    labels = np.full((64, 64), ade20k.index("wall"), np.uint8)
    labels[:16] = ade20k.index("ceiling")
    walls = labels == ade20k.index("wall")
    request = quick(maps=Maps(segmentation=labels))
    without = await result_of(engine, request)
    steered = await result_of(engine, replace(request, palette=palette))
    assert steered.manifest.palette_delta_e == palette_delta_e(steered.images[0], walls, palette)
    before = palette_delta_e(without.images[0], walls, palette)
    assert before is not None
    assert steered.manifest.palette_delta_e is not None
    assert steered.manifest.palette_delta_e < before - 2
    assert without.manifest.palette_delta_e is None
    assert ", teal walls, cream textiles, color palette of teal and cream, " in steered.manifest.prompt


@pytest.mark.parametrize(
    ("lora", "preset", "name"),
    [("hyper-sd", HYPER_SD, "ByteDance/Hyper-SD"), ("lcm-lora", LCM, "latent-consistency/lcm-lora-sdv1-5")],
)
async def test_the_fast_tier_takes_the_loras_few_steps(tiny_diffusion: Path, lora: Any, preset: Any, name: str) -> None:
    engine = await loaded(Options(weights=tiny_diffusion, device=DEVICE, fast_lora=lora, controlnets=(Control.DEPTH,)))
    fast = await result_of(engine, restyling(tier=Tier.FAST, strength=1.0))
    assert fast.manifest.steps == preset.steps
    assert name in [model.name for model in fast.manifest.engine.models]
    plain = await result_of(engine, quick())
    assert name not in [model.name for model in plain.manifest.engine.models]
    await engine.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"height": 32, "width": 1024},
        {"height": 333, "width": 16},
        {"photo": np.full((64, 64, 3), 128, np.uint8), "palette": ("#808080",)},
        {"keep": np.zeros((64, 64), np.bool_)},
        {"maps": Maps(depth=np.zeros((64, 64), np.uint8), segmentation=np.full((64, 64), 255, np.uint8))},
        {"maps": Maps()},
        {"style": style(positive="oak floor, " * 1000, negative="")},
        {"strength": 1e-6},
    ],
    ids=["panorama", "sliver", "grey", "nothing kept", "black maps", "no maps", "4,000 tokens", "least strength"],
)
async def test_odd_requests_come_out_clean(engine: TorchEngine, changes: dict[str, Any]) -> None:
    request = quick(**changes)
    (image,) = (await result_of(engine, request)).images
    assert image.shape == request.photo.shape


async def test_reduced_four_steps_without_guidance_and_one_controlnet(
    tiny_diffusion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    engine = await loaded(
        Options(weights=tiny_diffusion, device="cpu", base="sd15", structure=Structure.DEPTH, reduced=True)
    )
    keep = np.zeros((90, 120), dtype=np.bool_)
    keep[30:70, 40:80] = True
    request = restyling(height=90, width=120, strength=0.9, previews=1, keep=keep)
    with calls_of(UNet2DConditionModel) as unet, calls_of(ControlNetModel) as net:
        steps = await steps_of(engine, request)
    assert (len(unet), len(net)) == (4, 3)
    assert [one.step for one in steps if isinstance(one, Progress)] == [1, 2, 3, 4]
    assert sum(isinstance(one, PreviewFrame) for one in steps) == 1
    result = steps[-1]
    assert isinstance(result, Result)
    assert np.array_equal(result.images[0][keep], request.photo[keep])
    assert [model.name.rpartition("/")[2] for model in result.manifest.engine.models] == [
        *("stable-diffusion-v1-5", "taesd", "control_v11f1p_sd15_depth", "lcm-lora-sdv1-5"),
    ]
    (drawn,) = result.manifest.passes
    assert drawn.stage == "draw"
    with calls_of(UNet2DConditionModel) as unet:
        async with aclosing(engine.transform(request)) as left:
            async for _step in left:
                if unet:
                    break
    assert len(unet) == 1
    with pytest.raises(ServiceError, match="cannot declutter; it can restyle, stage"):
        await result_of(engine, replace(request, mode=RoomMode.DECLUTTER))
    await engine.close()


async def test_shortcuts_leave_out_half_the_batches_and_controlnets_where_deep_blocks_are_reused(
    tiny_diffusion: Path,
) -> None:
    engine = await loaded(
        Options(
            weights=tiny_diffusion,
            device=DEVICE,
            fast_lora="none",
            conditional_controls=True,
            guidance_end=0.5,
            deep_cache=3,
            variants_at_once=1,
        )
    )
    batches: dict[type, list[int]] = {SplitUNet: [], ControlNetModel: []}

    def hook(module: torch.nn.Module, inputs: Any) -> None:
        if type(module) in batches:
            batches[type(module)].append(len(inputs[0]))

    handle = register_module_forward_pre_hook(hook)
    try:
        result = await result_of(engine, quick(height=104, width=160, strength=10 / QUALITY.steps))
    finally:
        handle.remove()
    drawn, finished = result.manifest.passes
    assert (drawn.steps, finished.steps) == (10, 8)
    # the second pass sees two windows; of ControlNets segmentation runs in steps 0 and 3, tile in 0, 3 and 6
    assert batches[SplitUNet] == [2] * 5 + [1] * 5 + [2, 2] * 4 + [1, 1] * 4
    assert batches[ControlNetModel] == [1] * 2 + [1, 1] * 3
    plain = await result_of(engine, quick(style_image=None))
    styled = await result_of(engine, quick(style_image=restyling(seed=8).photo))
    assert styled.manifest.style_image_used
    assert not np.array_equal(styled.images[0], plain.images[0])
    await engine.close()


async def test_leaving_stops_within_one_step(engine: TorchEngine) -> None:
    with calls_of(UNet2DConditionModel) as calls:
        async with aclosing(engine.transform(restyling(strength=1.0))) as steps:
            async for _step in steps:
                if len(calls) == 2:
                    break
        ran = len(calls)
        await result_of(engine, quick())
    assert ran == 2
    assert len(calls) == ran + 3


@pytest.mark.parametrize("real", [False, True], ids=["as CUDA says it", "as the host says it"])
async def test_out_of_memory_is_told_and_the_next_request_works(engine: TorchEngine, real: bool) -> None:
    def fail(count: int) -> None:
        if count == 2:
            if real:
                torch.empty(1 << 58, dtype=torch.uint8)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    with calls_of(UNet2DConditionModel, fail), pytest.raises(Exhausted, match="OUT_OF_MEMORY"):
        await result_of(engine, quick())
    assert len((await result_of(engine, quick())).images) == 1


async def test_memory_is_free_again_when_the_error_is_raised(engine: TorchEngine) -> None:
    """What a failed request held is gone although its exception is still being handled."""
    held: list[Any] = []

    def fail(count: int) -> None:
        if count == 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    def tensors() -> int:
        return sum(isinstance(one, torch.Tensor) for one in gc.get_objects())

    gc.collect()
    before = tensors()
    with calls_of(UNet2DConditionModel, fail):
        try:
            await result_of(engine, quick())
        except Exhausted as error:
            held.append(error)
            after = tensors()
    assert held
    assert after <= before


async def test_numbers_that_are_none_are_an_error_and_the_next_request_works(engine: TorchEngine) -> None:
    def poison(module: torch.nn.Module, _inputs: object, output: Any) -> Any:
        return (output[0] * float("nan"),) if isinstance(module, UNet2DConditionModel) else None

    handle = register_module_forward_hook(poison)
    try:
        with pytest.raises(ServiceError, match="NOT_A_PICTURE"):
            await result_of(engine, quick(previews=1))
    finally:
        handle.remove()
    assert len((await result_of(engine, quick())).images) == 1


async def test_ten_at_once_queue_and_more_than_that_are_refused(tiny_diffusion: Path) -> None:
    engine = await loaded(
        Options(weights=tiny_diffusion, device=DEVICE, controlnets=(), fast_lora="none"), queue_limit=9
    )
    requests = [quick(seed=seed) for seed in range(11)]
    outcomes = await asyncio.gather(*(result_of(engine, one) for one in requests), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exhausted)]
    assert len(refused) == 1
    assert sum(isinstance(outcome, Result) for outcome in outcomes) == 10
    await engine.close()


def test_as_many_variants_as_fit_go_into_a_batch() -> None:
    gigabyte = 1 << 30
    assert variants_that_fit(None, 0) == 1
    assert variants_that_fit(11 * gigabyte, 20 * gigabyte) == 1
    assert variants_that_fit(11 * gigabyte, 4 * gigabyte) == 2
    assert variants_that_fit(75 * gigabyte, 4 * gigabyte) == 4
