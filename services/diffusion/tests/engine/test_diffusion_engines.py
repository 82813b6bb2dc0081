"""What holds for every engine of diffusion, whatever computes it."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diffusion.__main__ import build_engine
from diffusion.domain import Maps, PreviewFrame, Progress, Restyling, Result, Started, Tier
from diffusion.engine import Engine, Step
from diffusion.engine.lite import LiteEngine
from diffusion.keep import SEAM
from diffusion.settings import Settings
from diffusion.styles import Finish, Pattern, read_styles
from servicekit.errors import FailedPrecondition, ServiceError
from servicekit.imaging import colour
from servicekit.inference.executor import DeviceExecutor
from servicekit.types import ade20k
from servicekit.types.corrections import Correction, CorrectionLabel
from servicekit.types.modes import RoomMode
from servicekit.types.surfaces import SurfaceName
from tests.fixtures.compute_device import DEVICE
from tests.fixtures.modal_app import Deploy
from tests.fixtures.rooms import draw_room

ROOM = draw_room(96, 64)


def lite() -> Engine:
    return LiteEngine(DeviceExecutor("diffusion"))


def torch_on_tiny_models(weights: Path) -> Engine:
    from diffusion.engine.torch import TorchEngine
    from diffusion.sd.options import Options

    return TorchEngine(Options(weights=weights, device=DEVICE), DeviceExecutor("diffusion"))


@pytest.fixture(
    scope="module",
    params=["lite", pytest.param("torch", marks=pytest.mark.slow), pytest.param("modal", marks=pytest.mark.slow)],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "torch":
        if find_spec("torch") is None:
            pytest.skip("diffusion's torch extra is not installed")
        engine = torch_on_tiny_models(request.getfixturevalue("tiny_diffusion"))
    elif request.param == "modal":
        deploy: Deploy = request.getfixturevalue("modal_app")
        deploy(["diffusion"], request.getfixturevalue("tiny_diffusion"))
        engine = build_engine(Settings(engine="modal"))
    else:
        engine = lite()
    asyncio.run(engine.load())
    yield engine
    asyncio.run(engine.close())


STRENGTH = {"lite": 0.9, "torch": 0.25, "modal": 0.25}
"""Tiny models with random weights have nothing to show; only their steps take time."""


def restyling(engine: Engine, **changes: Any) -> Restyling:
    segmentation = np.full(ROOM.floor.shape, ade20k.index("wall"), dtype=np.uint8)
    segmentation[ROOM.floor] = ade20k.index("floor")
    segmentation[ROOM.window] = ade20k.index("windowpane")
    segmentation[ROOM.sofa] = ade20k.index("sofa")
    whole = Restyling(
        photo=ROOM.photo,
        style=read_styles()["boho"],
        maps=Maps(segmentation=segmentation, confidence=np.full(segmentation.shape, 0.9, dtype=np.float32)),
        strength=STRENGTH[engine.info.name],
        seed=5,
        tier=Tier.FAST,
    )
    return replace(whole, **changes)


async def steps_of(engine: Engine, asked: Restyling) -> list[Step]:
    async with aclosing(engine.transform(asked)) as steps:
        return [step async for step in steps]


async def result_of(engine: Engine, asked: Restyling) -> Result:
    last = (await steps_of(engine, asked))[-1]
    assert isinstance(last, Result)
    return last


async def test_says_first_and_once_that_it_has_started(engine: Engine) -> None:
    steps = await steps_of(engine, restyling(engine))
    assert [number for number, step in enumerate(steps) if isinstance(step, Started)] == [0]


@pytest.mark.parametrize("mode", list(RoomMode))
async def test_a_mode_is_done_or_refused_by_name(engine: Engine, mode: RoomMode) -> None:
    asked = restyling(engine, mode=mode, remove=ROOM.sofa if mode is RoomMode.DECLUTTER else None)
    if mode in engine.modes:
        result = await result_of(engine, asked)
        assert result.manifest.mode is mode
        return
    with pytest.raises(ServiceError, match=f"The engine {engine.info.name} cannot {mode}") as caught:
        await steps_of(engine, asked)
    assert (caught.value.reason, caught.value.metadata["field"]) == ("MODE_NOT_SUPPORTED", "mode")


async def test_what_is_not_removed_stays_exactly(engine: Engine) -> None:
    if RoomMode.DECLUTTER not in engine.modes:
        pytest.skip("this engine removes nothing")
    result = await result_of(engine, restyling(engine, mode=RoomMode.DECLUTTER, remove=ROOM.sofa))
    far = ~_grown(ROOM.sofa, SEAM + 4)
    np.testing.assert_array_equal(result.images[0][far], ROOM.photo[far])
    assert (result.images[0] != ROOM.photo)[ROOM.sofa].mean() > 0.5


async def test_counts_its_steps_and_ends_with_one_result(engine: Engine) -> None:
    steps = await steps_of(engine, restyling(engine, previews=2))
    progress = [step for step in steps if isinstance(step, Progress)]
    assert [step.step for step in progress] == list(range(1, len(progress) + 1))
    assert {step.total_steps for step in progress} == {len(progress)}
    assert sum(isinstance(step, PreviewFrame) for step in steps) <= 2
    assert [isinstance(step, Result) for step in steps] == [False] * (len(steps) - 1) + [True]


async def test_result_has_the_photos_size_and_is_another_picture(engine: Engine) -> None:
    result = await result_of(engine, restyling(engine))
    (image,) = result.images
    assert (image.shape, image.dtype.name) == (ROOM.photo.shape, "uint8")
    assert np.abs(image.astype(int) - ROOM.photo).mean() > 3
    assert result.manifest.engine.name == engine.info.name
    assert set(result.manifest.engine.models) <= set(engine.info.models)
    assert result.manifest.steps > 0


async def test_same_request_gives_the_same_bytes(engine: Engine) -> None:
    first, second = [await result_of(engine, restyling(engine, variants=2)) for _ in range(2)]
    assert [image.tobytes() for image in first.images] == [image.tobytes() for image in second.images]
    other = await result_of(engine, restyling(engine, variants=2, seed=6))
    assert first.images[0].tobytes() != other.images[0].tobytes()


async def test_variants_differ(engine: Engine) -> None:
    images = (await result_of(engine, restyling(engine, variants=3))).images
    assert len({image.tobytes() for image in images}) == len(images) == 3


async def test_no_strength_leaves_the_photo(engine: Engine) -> None:
    (image,) = (await result_of(engine, restyling(engine, strength=0.0))).images
    np.testing.assert_array_equal(image, ROOM.photo)


async def test_kept_pixels_come_out_exactly_and_the_seam_is_narrow(engine: Engine) -> None:
    free, kept = await result_of(engine, restyling(engine)), await result_of(engine, restyling(engine, keep=ROOM.sofa))
    np.testing.assert_array_equal(kept.images[0][ROOM.sofa], ROOM.photo[ROOM.sofa])
    outside = ~_grown(ROOM.sofa | ROOM.window, SEAM + 2)
    assert (kept.images[0] != ROOM.photo)[outside].any()
    assert (free.images[0] != ROOM.photo)[ROOM.sofa].any()


async def test_windows_stay_with_what_is_kept_unless_they_may_change(engine: Engine) -> None:
    corner = np.zeros(ROOM.floor.shape, dtype=bool)
    corner[:6, :6] = True
    stays = (await result_of(engine, restyling(engine, keep=corner))).images[0]
    level = 3 if engine.info.name == "lite" else 0  # its light falls on what is not painted, too
    np.testing.assert_allclose(stays[ROOM.window].astype(int), ROOM.photo[ROOM.window], atol=level)
    changes = (await result_of(engine, restyling(engine, keep=corner, repaint_openings=True))).images[0]
    np.testing.assert_array_equal(changes[corner], ROOM.photo[corner])


async def test_nothing_left_to_restyle_is_refused(engine: Engine) -> None:
    keep = np.ones(ROOM.floor.shape, dtype=bool)
    keep[0, 0] = False
    with pytest.raises(FailedPrecondition):
        await steps_of(engine, restyling(engine, keep=keep))


async def test_asked_palette_is_steered_to_and_measured(engine: Engine) -> None:
    assert (await result_of(engine, restyling(engine))).manifest.palette_delta_e is None
    made = await result_of(engine, restyling(engine, palette=("#1040C0",)))
    assert made.manifest.palette_delta_e is not None
    assert made.manifest.palette_delta_e >= 0


async def test_look_of_a_picture_is_taken_and_told_or_refused_by_name(engine: Engine) -> None:
    blue = np.full((48, 48, 3), (40, 70, 150), dtype=np.uint8)
    if not engine.takes_style_image:
        with pytest.raises(ServiceError, match="STYLE_IMAGE_NOT_SUPPORTED") as caught:
            await steps_of(engine, restyling(engine, style_image=blue))
        assert caught.value.metadata["field"] == "style_image"
        return
    plain, styled = [await result_of(engine, restyling(engine, style_image=image)) for image in (None, blue)]
    assert (plain.manifest.style_image_used, styled.manifest.style_image_used) == (False, True)
    assert (plain.images[0] != styled.images[0]).any()


async def test_what_is_said_of_regions_is_done_or_refused_by_name(engine: Engine) -> None:
    said = (Correction(x=0.5, y=0.3, label=CorrectionLabel.LEAVE),)
    if not engine.knows_regions:
        with pytest.raises(ServiceError, match="CORRECTIONS_NOT_SUPPORTED") as caught:
            await steps_of(engine, restyling(engine, corrections=said))
        assert caught.value.metadata["field"] == "corrections"
        return
    corrected = (await result_of(engine, restyling(engine, corrections=said))).manifest
    assert [one.correction for one in corrected.corrections] == list(said)


async def test_named_surfaces_alone_are_repainted(engine: Engine) -> None:
    sage = Finish(name="sage", pattern=Pattern.PLAIN, color="#A3B18A")
    oak = Finish(name="oak boards", pattern=Pattern.BOARDS, color="#BE9462", size=0.16)
    named = {SurfaceName.WALL: sage, SurfaceName.FLOOR: oak, SurfaceName.RUG: oak}
    asked = restyling(engine, surfaces=named, strength=1.0, keep=ROOM.sofa)
    made = await result_of(engine, asked)
    (image,) = made.images
    stays = ROOM.sofa | ROOM.window if engine.info.name != "lite" else ROOM.sofa
    np.testing.assert_array_equal(image[stays], ROOM.photo[stays])
    wall, floor = ~(ROOM.floor | ROOM.window | ROOM.sofa), ROOM.floor & ~ROOM.sofa
    for where in (wall, floor):
        assert (image != ROOM.photo)[where].any(axis=1).mean() > 0.9
    assert {one.label: one.material for one in made.manifest.surfaces if one.material} == {
        "wall": "sage",
        "floor": "oak boards",
    }
    if engine.info.name == "lite":
        return  # its paint is lit by the photo's light
    for where, finish in ((wall, sage), (floor, oak)):
        inner = ~_grown(~where, SEAM)
        reached = colour.lab(colour.linear(image[inner])).mean(axis=0)
        assert float(colour.delta_e(reached, colour.lab_of_hex([finish.color])[0])) < 2.0
    (rug,) = [one for one in made.manifest.surfaces if one.label == "rug"]
    assert (rug.material, rug.area) == ("", 0.0)


async def test_surfaces_that_are_nowhere_leave_the_photo_as_it_is(engine: Engine) -> None:
    bed = {SurfaceName.BED: Finish(name="linen", pattern=Pattern.FABRIC, color="#C8B8A0")}
    made = await result_of(engine, restyling(engine, surfaces=bed, variants=2))
    for image in made.images:
        np.testing.assert_array_equal(image, ROOM.photo)
    assert not any(one.material for one in made.manifest.surfaces)


async def test_closing_stops_between_two_steps_and_frees_the_device(engine: Engine) -> None:
    async with aclosing(engine.transform(restyling(engine, variants=4))) as steps:
        assert isinstance(await anext(steps), Started)
        first = await anext(steps)
        assert isinstance(first, Progress)
        assert first.step < first.total_steps
    assert (await result_of(engine, restyling(engine))).images


@pytest.mark.parametrize("missing", [Maps(), None])
async def test_missing_maps_are_no_error(engine: Engine, missing: Maps | None) -> None:
    whole = restyling(engine)
    maps = missing or replace(whole.maps, confidence=None)
    assert (await result_of(engine, replace(whole, maps=maps))).images


def _grown(region: np.ndarray[Any, np.dtype[np.bool_]], pixels: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    grown = region.copy()
    for _ in range(pixels):
        padded = np.pad(grown, 1)
        grown = padded[1:-1, 1:-1] | padded[2:, 1:-1] | padded[:-2, 1:-1] | padded[1:-1, 2:] | padded[1:-1, :-2]
    return grown
