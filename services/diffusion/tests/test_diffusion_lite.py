"""The lite engine's graphics: colours, light, perspective, materials, doubt, and what they make of a drawn room."""

from dataclasses import replace
from math import atan2, cos, radians, sin

import cv2
import numpy as np
import pytest

from diffusion.domain import RGB, Maps, Restyling, Result, Tier
from diffusion.domain import Region as Mask
from diffusion.keep import composite
from diffusion.lite import camera, colour, light
from diffusion.lite.arrays import Bits, Floats, floats
from diffusion.lite.choice import choose
from diffusion.lite.guess import CONFIDENCE
from diffusion.lite.materials import catalogue
from diffusion.lite.order import in_order
from diffusion.lite.regions import Layout, Region
from diffusion.lite.restyle import restyle
from diffusion.styles import read_styles
from servicekit import ade20k
from servicekit.engine import EngineInfo
from servicekit.testing.rooms import DrawnRoom, draw_room
from servicekit.vocabulary import RoomType

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
        room_type=None,
        maps=Maps(segmentation=labels, confidence=np.full(labels.shape, 0.9, dtype=np.float32)),
        keep=None,
        repaint_openings=False,
        palette=(),
        strength=1.0,
        seed=1,
        variants=1,
        tier=Tier.QUALITY,
        previews=0,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # the callers name real fields


def result(asked: Restyling) -> Result:
    last = list(restyle(asked, EngineInfo(name="lite")))[-1]
    assert isinstance(last, Result)
    return last


def mean_lab(image: RGB, inside: Mask) -> Floats:
    eroded = cv2.erode(inside.astype(np.uint8), np.ones((7, 7), dtype=np.uint8)).astype(bool)
    return floats(colour.lab(colour.linear(image))[eroded].mean(axis=0))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    # pairs 1, 7, 13, 17, 20 and 25 of the table in Sharma, Wu and Dalal (2005)
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, -0.0010, 2.4900), (50.0, 0.0011, -2.4900), 4.7461),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (50.0, 3.1736, 0.5854), 1.0),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_colour_difference_agrees_with_the_published_table(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    assert float(colour.delta_e(floats(one), floats(other))) == pytest.approx(expected, abs=2e-3)


def test_every_srgb_level_survives_linear_light() -> None:
    levels = np.arange(256, dtype=np.uint8)
    assert np.abs(colour.srgb(colour.linear(levels)).astype(int) - levels).max() <= 1


def test_new_paint_keeps_the_shading_and_never_clips() -> None:
    base = floats([0.4, 0.35, 0.3])
    shade = np.linspace(0.1, 6.0, 200, dtype=np.float32)[:, None]
    painted = light.lit(floats([0.8, 0.2, 0.05]), light.brightness(base * shade, base)[:, None])
    assert (np.diff(painted, axis=0) > 0).all()
    assert painted.max() < 1.0
    np.testing.assert_allclose(
        painted[shade[:, 0] < 1], floats([0.8, 0.2, 0.05]) * shade[shade < 1][:, None], rtol=0.02
    )


def test_camera_finds_the_horizon_and_the_rooms_direction() -> None:
    true = camera.Camera(focal=480.0, horizon=210.0, centre=(320.0, 240.0), turn=radians(18), certainty=1.0)
    photo = np.full((480, 640), 200, dtype=np.uint8)
    for offset in np.arange(-4.0, 4.0, 0.5):
        for start, end in (((offset, 2.0), (offset, 9.0)), ((-3.0, offset + 6.5), (3.0, offset + 6.5))):
            cv2.line(photo, _pixel(true, *start), _pixel(true, *end), (60,), 2, cv2.LINE_AA)
    labels = np.zeros(photo.shape, dtype=np.uint8)
    labels[260:] = Region.FLOOR
    found = camera.find(photo, Layout(labels=labels, confidence=np.ones(photo.shape, dtype=np.float32)))
    assert found.certainty > camera.LEAST_CERTAINTY
    assert found.horizon == pytest.approx(true.horizon, abs=30)
    turns = np.degrees(found.turn - true.turn) % 90
    assert min(turns, 90 - turns) < 8


def _pixel(view: camera.Camera, over: float, along: float) -> tuple[int, int]:
    """Where a floor point is seen: the inverse of Camera.floor, worked out on its own."""
    pitch = atan2(view.centre[1] - view.horizon, view.focal)
    right = over * cos(view.turn) + along * sin(view.turn)
    ahead = along * cos(view.turn) - over * sin(view.turn)
    down = camera.EYE_HEIGHT * cos(pitch) - ahead * sin(pitch)
    depth = camera.EYE_HEIGHT * sin(pitch) + ahead * cos(pitch)
    return round(view.centre[0] + view.focal * right / depth), round(view.centre[1] + view.focal * down / depth)


def test_floor_points_are_where_they_are_seen() -> None:
    view = camera.Camera(focal=500.0, horizon=180.0, centre=(320.0, 240.0), turn=0.3, certainty=1.0)
    for point in ((0.0, 3.0), (-1.2, 2.5), (2.0, 6.0)):
        column, row = _pixel(view, *point)
        over, along = view.floor(floats([column]), floats([row]))
        assert (over[0], along[0]) == pytest.approx(point, rel=0.03, abs=0.03)


def test_floor_points_turn_with_the_room() -> None:
    straight = camera.Camera(focal=500.0, horizon=200.0, centre=(320.0, 240.0), turn=0.0, certainty=1.0)
    turned = replace(straight, turn=0.3)
    pixel = floats([400.0]), floats([420.0])
    over, along = straight.floor(*pixel)
    assert turned.floor(*pixel)[0] == pytest.approx(over * cos(0.3) - along * sin(0.3), abs=1e-4)
    assert float(straight.floor(floats([320.0]), floats([1e6]))[1][0]) < 1.0, "straight down lies at one's feet"


FINISHES = {
    finish.name: finish
    for style in STYLES.values()
    for materials in (style.materials, *(room.materials for room in style.rooms.values()))
    for finish in (*materials.wall, *materials.floor, *materials.rug)
}


@pytest.mark.parametrize("name", sorted(FINISHES))
def test_textures_repeat_without_a_seam_in_the_colour_asked_for(name: str) -> None:
    texture = catalogue.texture(FINISHES[name], 3)
    if texture is None:
        assert FINISHES[name].pattern in {"plain", "fabric", "leather", "panels"}
        return
    color = colour.from_hex(FINISHES[name].color)
    np.testing.assert_allclose(texture.albedo.mean(axis=(0, 1)), color, rtol=0.05)
    for axis in (0, 1):
        steps = np.abs(np.diff(texture.albedo, axis=axis)).mean(axis=(1 - axis, 2))
        seam = np.abs(np.take(texture.albedo, 0, axis) - np.take(texture.albedo, -1, axis)).mean()
        assert seam <= steps.max() * 1.25, "the seam is no more visible than the pattern's own joints"


def test_walls_over_a_ceiling_and_under_a_floor_are_not_walls() -> None:
    labels = np.full((100, 3), Region.WALL, dtype=np.uint8)
    labels[10:30, 0] = Region.CEILING
    labels[60:90, 1] = Region.FLOOR
    labels[70:72, 2] = Region.CEILING  # a label lost in the middle of a wall
    ordered = in_order(labels)
    assert (ordered[:30, 0] == Region.CEILING).all()
    assert (ordered[30:, 0] == Region.WALL).all()
    assert (ordered[60:, 1] == Region.FLOOR).all()
    assert (ordered[:70, 2] == Region.WALL).all()


@pytest.mark.parametrize("style", sorted(STYLES))
def test_surfaces_take_on_the_styles_colours(style: str) -> None:
    room = draw_room()
    made = result(restyling(room, style))
    chosen = choose(restyling(room, style), 0)
    for region, finish in ((room.wall, chosen.wall), (room.floor, chosen.floor)):
        wanted = colour.lab_of(colour.from_hex(finish.color)[None])[0]
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
    confidence = np.where(drawn_room.floor, 0.1, 0.95).astype(np.float32)
    made = result(replace(whole, maps=replace(whole.maps, confidence=confidence)))
    (floor,) = (surface for surface in made.manifest.surfaces if surface.label == "floor")
    assert floor.material == ""
    assert floor.confidence == pytest.approx(0.1, abs=0.05)
    before, after = mean_lab(drawn_room.photo, drawn_room.floor), mean_lab(made.images[0], drawn_room.floor)
    assert float(colour.delta_e(before, after)) < 12


def test_without_maps_it_paints_what_place_colour_and_edges_agree_on(drawn_room: DrawnRoom) -> None:
    made = result(restyling(drawn_room, "industrial", maps=Maps()))
    painted = {surface.label: surface for surface in made.manifest.surfaces if surface.material}
    assert {"floor", "ceiling"} <= set(painted)
    assert all(surface.confidence == pytest.approx(CONFIDENCE) for surface in painted.values())
    assert painted["floor"].area == pytest.approx(drawn_room.floor.mean(), abs=0.05)
    wanted = colour.lab_of(colour.from_hex(choose(restyling(drawn_room, "industrial"), 0).floor.color)[None])[0]
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
    wanted = colour.lab_of(np.stack([colour.from_hex(color) for color in palette]))

    def distance(of: Result) -> float:
        found = np.stack([mean_lab(of.images[0], region) for region in (drawn_room.wall, drawn_room.floor)])
        return float(colour.delta_e(found[:, None], wanted[None]).min(axis=1).mean())

    assert distance(made) < 12 < distance(plain)


def test_bathroom_gets_tiles(drawn_room: DrawnRoom) -> None:
    made = result(restyling(drawn_room, "scandinavian", room_type=RoomType.BATHROOM))
    (floor,) = (surface for surface in made.manifest.surfaces if surface.label == "floor")
    assert floor.material == "pale stone tiles"


def test_variants_differ_visibly(drawn_room: DrawnRoom) -> None:
    one, other = result(restyling(drawn_room, "industrial", variants=2)).images
    painted = drawn_room.floor | drawn_room.wall
    assert float(colour.delta_e(mean_lab(one, painted), mean_lab(other, painted))) > 3


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
