"""What the lite engine makes of a drawn room."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from diffusion.domain import Maps, Restyling, Result
from diffusion.keep import composite
from diffusion.lite.choice import choose
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import FALLBACK
from diffusion.lite.restyle import restyle
from diffusion.styles import read_styles
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, Mask, floats
from servicekit.inference.engine import EngineInfo
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType
from tests.fixtures.rooms import DrawnRoom, draw_room

STYLES = read_styles()


def segmented(room: DrawnRoom) -> Bits:
    height = len(room.floor)
    labels = np.full(room.floor.shape, ade20k.index("wall"), dtype=np.uint8)
    bright = room.photo.min(axis=2) > 200
    labels[bright & (np.arange(height)[:, None] < 0.2 * height)] = ade20k.index("ceiling")
    labels[room.floor] = ade20k.index("floor")
    labels[room.window] = ade20k.index("windowpane")
    labels[room.sofa] = ade20k.index("sofa")
    return labels


def restyling(room: DrawnRoom, style: str = "boho", **changes: object) -> Restyling:
    labels = segmented(room)
    whole = Restyling(
        photo=room.photo,
        style=STYLES[style],
        maps=Maps(segmentation=labels, confidence=np.full(labels.shape, 0.9, dtype=np.float32)),
        strength=1.0,
        seed=1,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # the callers name real fields


def result(asked: Restyling) -> Result:
    last = list(restyle(asked, EngineInfo(name="lite")))[-1]
    assert isinstance(last, Result)
    return last


def mean_lab(image: RGB, inside: Mask) -> Floats:
    eroded = cv2.erode(inside.astype(np.uint8), np.ones((7, 7), dtype=np.uint8)).astype(bool)
    return floats(colour.lab(colour.linear(image))[eroded].mean(axis=0))


def test_a_blind_that_a_map_sees_on_a_plain_wall_leaves_no_patch(drawn_room: DrawnRoom) -> None:
    labels = segmented(drawn_room)
    plain = np.pad(drawn_room.wall, 1).astype(np.uint8)
    row, column = np.array(cv2.minMaxLoc(cv2.distanceTransform(plain, cv2.DIST_C, 3))[3])[::-1] - 1
    labels[row - 14 : row + 14, column - 14 : column + 14] = ade20k.index("blind")
    asked = restyling(drawn_room)
    made = result(replace(asked, maps=replace(asked.maps, segmentation=labels))).images[0].astype(float)
    patch, around = made[row - 8 : row + 8, column - 8 : column + 8], made[row - 8 : row + 8, column + 22 : column + 36]
    assert np.abs(patch.mean(axis=(0, 1)) - around.mean(axis=(0, 1))).max() < 8
    assert np.abs(patch.mean(axis=(0, 1)) - drawn_room.photo[row, column]).max() > 20


@pytest.mark.parametrize("style", ["boho", "industrial", "minimalist", "modern", "scandinavian", "brutalist"])
@pytest.mark.slow
def test_surfaces_take_on_the_styles_colours(style: str) -> None:
    room = draw_room()
    made = result(restyling(room, style))
    chosen = choose(restyling(room, style), 0)
    for region, finish in ((room.wall, chosen.wall), (room.floor, chosen.floor)):
        wanted = colour.lab(colour.from_hex(finish.color)[None])[0]
        before = float(colour.delta_e(mean_lab(room.photo, region), wanted))
        after = float(colour.delta_e(mean_lab(made.images[0], region), wanted))
        assert after < max(12.0, 0.5 * before)
    materials = {surface.label: surface.material for surface in made.manifest.surfaces}
    assert materials["floor"] == chosen.floor.name


def test_view_through_the_window_is_untouched(drawn_room: DrawnRoom) -> None:
    image = result(restyling(drawn_room)).images[0]
    inside = cv2.erode(drawn_room.window.astype(np.uint8), np.ones((9, 9), dtype=np.uint8)).astype(bool)
    assert np.abs(image.astype(int) - drawn_room.photo)[inside].mean() <= 2


@pytest.mark.parametrize("style", ["scandinavian", "industrial"])
@pytest.mark.slow
def test_a_shadow_stays_on_wall_and_floor(drawn_room: DrawnRoom, style: str) -> None:
    shadow = np.zeros(drawn_room.floor.shape, dtype=np.float32)
    cv2.ellipse(shadow, (480, 400), (90, 40), 0, 0, 360, (1.0,), -1)
    cv2.rectangle(shadow, (220, 110), (300, 240), (1.0,), -1)
    factor = 1.0 - 0.4 * cv2.GaussianBlur(shadow, (0, 0), 6)
    shaded = np.rint(drawn_room.photo * factor[..., None]).astype(np.uint8)
    lit, dim = (result(restyling(replace(drawn_room, photo=photo), style)) for photo in (drawn_room.photo, shaded))
    core = cv2.erode((shadow > 0).astype(np.uint8), np.ones((25, 25), dtype=np.uint8)).astype(bool)
    for region in (drawn_room.wall, drawn_room.floor):
        before, after = (
            float(np.log(image[core & region].astype(np.float32).mean())) for image in (drawn_room.photo, shaded)
        )
        fresh, shady = (float(np.log(made.images[0][core & region].astype(np.float32).mean())) for made in (lit, dim))
        assert shady - fresh == pytest.approx(after - before, rel=0.4)


def test_unsure_surface_is_left_alone_and_told(drawn_room: DrawnRoom) -> None:
    whole = restyling(drawn_room)
    confidence = np.where(drawn_room.floor, 0.4, 0.95).astype(np.float32)
    made = result(replace(whole, maps=replace(whole.maps, confidence=confidence)))
    floors = [surface for surface in made.manifest.surfaces if surface.label == "floor"]
    assert sum(surface.area for surface in floors) > 0.2
    assert {surface.material for surface in floors} == {""}
    assert floors[0].confidence == pytest.approx(0.4, abs=0.05)
    before, after = mean_lab(drawn_room.photo, drawn_room.floor), mean_lab(made.images[0], drawn_room.floor)
    assert float(colour.delta_e(before, after)) < 12


def test_without_maps_it_paints_what_place_colour_and_edges_agree_on(drawn_room: DrawnRoom) -> None:
    made = result(restyling(drawn_room, "industrial", maps=Maps()))
    painted = {surface.label: surface for surface in made.manifest.surfaces if surface.material}
    assert {"floor", "ceiling"} <= set(painted)
    assert all(surface.confidence == pytest.approx(FALLBACK.confidence) for surface in painted.values())
    assert painted["floor"].area == pytest.approx(drawn_room.floor.mean(), abs=0.05)
    wanted = colour.lab(colour.from_hex(choose(restyling(drawn_room, "industrial"), 0).floor.color)[None])[0]
    assert float(colour.delta_e(mean_lab(made.images[0], drawn_room.floor), wanted)) < 12
    sofa_before, sofa_after = (mean_lab(image, drawn_room.sofa) for image in (drawn_room.photo, made.images[0]))
    assert float(colour.delta_e(sofa_before, sofa_after)) < 12, "nobody said that it is a sofa"


def test_without_maps_and_without_edges_nothing_is_painted() -> None:
    photo = np.repeat(np.linspace(90, 160, 120, dtype=np.uint8)[:, None], 160, axis=1)[..., None].repeat(3, axis=2)
    asked = replace(restyling(draw_room(160, 120)), photo=photo, maps=Maps())
    assert not [surface for surface in result(asked).manifest.surfaces if surface.material]


def test_asked_colours_are_the_ones_that_are_painted(drawn_room: DrawnRoom) -> None:
    palette = ("#2E6F4E", "#E8D9B5")
    made = result(restyling(drawn_room, "modern", palette=palette))
    plain = result(restyling(drawn_room, "modern"))
    assert made.manifest.palette_delta_e is not None
    assert made.manifest.palette_delta_e < 10
    wanted = colour.lab_of_hex(palette)

    def distance(of: Result) -> float:
        found = np.stack([mean_lab(of.images[0], region) for region in (drawn_room.wall, drawn_room.sofa)])
        return float(colour.delta_e(found[:, None], wanted[None]).min(axis=1).mean())

    assert distance(made) < 12 < distance(plain)


@pytest.mark.parametrize(
    ("palette", "asked", "own"),
    [
        (("#7B2D43",), {"wall", "rug", "accent"}, {"floor", "upholstery", "cabinet"}),
        (("#FFFFFF", "#101010"), {"wall", "upholstery", "bedding"}, {"floor", "cabinet", "curtain"}),
        (tuple(f"#{level:02X}4080" for level in range(0, 240, 30)), {"wall", "floor", "upholstery", "cabinet"}, set()),
    ],
)
def test_few_colours_dress_walls_and_textiles_and_many_everything(
    palette: tuple[str, ...], asked: set[str], own: set[str]
) -> None:
    room = draw_room(96, 64)
    plain, chosen = choose(restyling(room), 0), choose(restyling(room, palette=palette), 0)
    assert all(getattr(chosen, kind).color in palette for kind in asked)
    assert all(getattr(chosen, kind) == getattr(plain, kind) for kind in own)


def test_every_asked_colour_is_given_out() -> None:
    palette = tuple(f"#{level:02X}4080" for level in range(0, 240, 30))
    for count in range(1, len(palette) + 1):
        chosen = choose(restyling(draw_room(96, 64), palette=palette[:count]), 0)
        kinds = ("wall", "floor", "upholstery", "bedding", "cabinet", "curtain", "rug", "accent")
        assert {getattr(chosen, kind).color for kind in kinds} >= set(palette[:count])


def test_bathroom_gets_tiles(drawn_room: DrawnRoom) -> None:
    made = result(restyling(drawn_room, "scandinavian", room_type=RoomType.BATHROOM))
    (floor,) = (surface for surface in made.manifest.surfaces if surface.label == "floor")
    assert floor.material == "pale stone tiles"


def test_variants_differ_visibly(drawn_room: DrawnRoom) -> None:
    one, other = result(restyling(drawn_room, "industrial", variants=2)).images
    painted = drawn_room.floor | drawn_room.wall
    assert float(colour.delta_e(mean_lab(one, painted), mean_lab(other, painted))) > 3


def test_nothing_of_the_old_colours_is_left_where_two_surfaces_meet() -> None:
    photo = np.full((480, 640, 3), (60, 150, 70), dtype=np.uint8)
    labels = np.full((480, 640), ade20k.index("wall"), dtype=np.uint8)
    cv2.ellipse(labels, (320, 300), (201, 103), 7, 0, 360, (ade20k.index("sofa"),), -1)
    photo[labels == ade20k.index("sofa")] = (190, 40, 40)
    maps = Maps(segmentation=labels, confidence=np.full(labels.shape, 0.9, dtype=np.float32))
    made = result(replace(restyling(draw_room(), "minimalist"), photo=photo, maps=maps)).images[0]
    lab = colour.lab(colour.linear(made))
    assert np.hypot(lab[..., 1], lab[..., 2]).max() < 30.0, "old paint has a chroma of 55 and more"


def test_every_surface_is_a_step_that_can_be_the_last(drawn_room: DrawnRoom) -> None:
    steps = restyle(restyling(drawn_room, variants=2), EngineInfo(name="lite"))
    next(steps)
    next(steps)
    steps.close()
    assert next(steps, None) is None


@pytest.mark.parametrize(("width", "height"), [(4096, 256), (256, 4096), (16, 16), (37, 211), (640, 17)])
def test_odd_sizes(width: int, height: int) -> None:
    image = result(restyling(draw_room(width, height), "modern")).images[0]
    assert image.shape == (height, width, 3)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_pictures_without_anything_in_them(level: int) -> None:
    photo = np.full((90, 120, 3), level, dtype=np.uint8)
    for label in ("wall", "floor", "sofa", "windowpane"):
        labels = np.full((90, 120), ade20k.index(label), dtype=np.uint8)
        asked = replace(restyling(draw_room(120, 90)), photo=photo, maps=Maps(segmentation=labels))
        assert result(asked).images[0].shape == photo.shape


def test_seam_lies_outside_of_what_is_kept() -> None:
    original, painted = np.zeros((9, 40, 3), dtype=np.uint8), np.full((9, 40, 3), 200, dtype=np.uint8)
    keep = np.zeros((9, 40), dtype=bool)
    keep[:, :20] = True
    row = composite(original, painted, keep)[4, :, 0]
    assert (row[:20] == 0).all()
    assert (row[24:] == 200).all()
    assert (np.diff(row[19:25].astype(int)) >= 0).all()
