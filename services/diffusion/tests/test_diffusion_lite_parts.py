"""The parts of the lite engine's graphics: colours, light, perspective, materials, doubt."""

from dataclasses import replace
from math import atan2, cos, radians, sin

import cv2
import numpy as np
import pytest

from diffusion.lite import camera, light
from diffusion.lite.bedding import blankets
from diffusion.lite.edge_evidence import edges, without_strangers
from diffusion.lite.furnishings import is_motley, is_opaque
from diffusion.lite.materials import catalogue
from diffusion.lite.recolouring import BRIGHTEST, DARKER, LIGHTER, turns_grey, within_reach
from diffusion.lite.regions import Layout, Region
from diffusion.lite.rug import find_place
from diffusion.lite.sizes import enlarged, sampled
from diffusion.lite.trim import trim
from diffusion.styles import read_styles
from servicekit.imaging import colour
from servicekit.imaging.arrays import floats

STYLES = read_styles()


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
        assert FINISHES[name].pattern in {"plain", "fabric", "leather"}
        return
    color = colour.from_hex(FINISHES[name].color)
    np.testing.assert_allclose(texture.albedo.mean(axis=(0, 1)), color, rtol=0.05)
    for axis in (0, 1):
        steps = np.abs(np.diff(texture.albedo, axis=axis)).mean(axis=(1 - axis, 2))
        seam = np.abs(np.take(texture.albedo, 0, axis) - np.take(texture.albedo, -1, axis)).mean()
        assert seam <= steps.max() * 1.25, "the seam is no more visible than the pattern's own joints"


def test_seen_is_the_inverse_of_floor() -> None:
    view = camera.Camera(focal=500.0, horizon=180.0, centre=(320.0, 240.0), turn=0.3, certainty=1.0)
    over, along = floats([0.0, -1.2, 2.0]), floats([3.0, 2.5, 6.0])
    columns, rows = view.seen(over, along)
    for number, point in enumerate(zip(over, along, strict=True)):
        assert (round(columns[number]), round(rows[number])) == _pixel(view, *point)
    back = view.floor(columns, rows)
    np.testing.assert_allclose(back, (over, along), rtol=1e-3, atol=1e-3)


def test_highlights_of_dark_leather_do_not_grow_with_its_new_colour() -> None:
    white, leather = floats([0.7, 0.7, 0.7]), 0.03
    shade = floats([[1.0], [4.0]])
    matt, glossy = light.lit(white, shade), light.lit(white, shade, gloss=leather)
    assert (glossy[0] == matt[0]).all()
    assert 0.7 < glossy[1].max() < matt[1].min()


def test_the_lights_colour_comes_from_afar() -> None:
    base, mask = floats([0.4, 0.4, 0.4]), np.ones((64, 64), dtype=np.uint8)
    photo = np.broadcast_to(base, (64, 64, 3)).copy()
    photo[:, :32] *= floats([1.3, 1.0, 0.7])  # lamplight
    photo[31:33, 60] *= floats([1.6, 1.0, 0.5])  # a fringe
    cast = light.tint(photo, mask, base, amount=1.0)
    assert cast[32, 4, 0] > 1.2
    assert cast[32, 60, 0] < 1.05


def test_sampling_at_places_is_enlarging() -> None:
    plane = np.random.default_rng(0).random((7, 11, 3), dtype=np.float32)
    index = np.arange(0, 50 * 80, 3)
    np.testing.assert_allclose(
        sampled(plane, index, (50, 80)), enlarged(plane, (50, 80)).reshape(-1, 3)[index], atol=2e-2
    )


def test_a_picture_on_the_wall_is_a_stranger_and_a_brick_is_not() -> None:
    lab = np.full((300, 400, 3), (70.0, 4.0, 8.0), dtype=np.float32)
    lab[100:160, 100:200] = (50.0, -30.0, 20.0)
    lab[200:204, 300:308] = (50.0, 35.0, 30.0)
    wall = np.ones((300, 400), dtype=np.uint8)
    free = without_strangers(lab, edges(lab), wall)
    assert not free[105:155, 105:195].any()
    assert free[195:210, 295:315].all()
    assert free.mean() > 0.9


def test_coloured_light_is_no_stranger() -> None:
    lab = np.full((300, 400, 3), (70.0, 4.0, 8.0), dtype=np.float32)
    glow = np.hypot(*np.meshgrid(np.arange(400) - 200.0, np.arange(300) - 150.0)).astype(np.float32)
    lab[..., 2] -= 45.0 * np.exp(-((glow / 60) ** 2))
    wall = np.ones((300, 400), dtype=np.uint8)
    assert (np.hypot(lab[..., 1] - 4.0, lab[..., 2] - 8.0) > 30).mean() > 0.02
    np.testing.assert_array_equal(without_strangers(lab, edges(lab), wall), wall)


def test_a_rim_of_mixed_colour_is_no_stranger() -> None:
    lab = np.full((300, 400, 3), (70.0, 4.0, 8.0), dtype=np.float32)
    wall = np.zeros((300, 400), dtype=np.uint8)
    wall[:200] = 1
    lab[198:200] = (50.0, 40.0, 30.0)
    np.testing.assert_array_equal(without_strangers(lab, edges(lab), wall), wall)


@pytest.mark.parametrize(("frame", "apart"), [((18.0, 10.0, 14.0), True), ((60.0, 2.0, 8.0), False)])
def test_a_blanket_is_told_from_a_dark_frame(frame: tuple[float, float, float], apart: bool) -> None:
    lab = np.full((200, 300, 3), (40.0, 0.0, 0.0), dtype=np.float32)
    bed = np.zeros((200, 300), dtype=np.uint8)
    bed[60:180, 40:260] = 1
    lab[60:140, 40:260], lab[140:180, 40:260] = (85.0, 0.0, 4.0), frame
    cloth = blankets(lab, edges(lab), bed)
    assert cloth[70:130, 50:250].all()
    assert bool(cloth[150:170, 50:250].any()) is not apart


def test_light_and_shade_on_one_blanket_are_one_blanket() -> None:
    lab = np.zeros((200, 300, 3), dtype=np.float32)
    lab[..., 0] = np.linspace(8, 90, 300)
    bed = np.ones((200, 300), dtype=np.uint8)
    np.testing.assert_array_equal(blankets(lab, edges(lab), bed), bed)


def test_light_and_shade_on_a_dyed_blanket_and_its_figures_are_one_blanket() -> None:
    lab = np.zeros((200, 300, 3), dtype=np.float32)
    lab[:100], lab[100:] = (56.0, 14.0, 20.0), (14.0, 6.0, 8.0)
    bed = np.ones((200, 300), dtype=np.uint8)
    np.testing.assert_array_equal(blankets(lab, edges(lab), bed), bed)
    figured = np.where((np.indices((200, 300)).sum(axis=0) // 3 % 2)[..., None], (80.0, 0, 2), (15.0, 0, 0))
    np.testing.assert_array_equal(blankets(floats(figured), edges(floats(figured)), bed), bed)


def test_skirting_is_trim_and_light_on_the_wall_is_not() -> None:
    lab = np.full((300, 400, 3), (60.0, 0.0, 5.0), dtype=np.float32)
    labels = np.full((300, 400), Region.WALL, dtype=np.uint8)
    labels[250:] = Region.FLOOR
    lab[243:250] = (90.0, 0.0, 2.0)
    glow = np.hypot(*np.meshgrid(np.arange(400) - 200.0, np.arange(300) - 220.0)).astype(np.float32)
    lab[:243, :, 0] += 18.0 * np.exp(-((glow[:243] / 25) ** 2))
    found = trim(lab, edges(lab), labels, np.asarray(labels == Region.WALL, dtype=np.uint8))
    assert found[244:249].mean() > 0.9
    assert not found[:230].any()


def test_glass_doors_are_not_painted() -> None:
    door = np.ones((120, 60), dtype=np.uint8)
    wood = np.full((120, 60, 3), (35.0, 15.0, 20.0), dtype=np.float32)
    wood[::20] -= floats([8.0, 0.0, 0.0])
    assert is_opaque(wood, door)
    garden = np.random.default_rng(1).uniform((20, -25, -20), (95, 10, 30), (120, 60, 3)).astype(np.float32)
    assert not is_opaque(garden, door)
    assert not is_opaque(np.full((120, 60, 3), (97.0, 0.0, 0.0), dtype=np.float32), door), "daylight"


def test_a_chair_with_table_and_rug_is_motley_and_a_sofa_is_not() -> None:
    part = np.ones((90, 120), dtype=np.uint8)
    sofa = np.full((90, 120, 3), (50.0, 5.0, 12.0), dtype=np.float32)
    sofa[:, :, 0] += np.linspace(-30, 30, 120, dtype=np.float32)
    assert not is_motley(sofa, part)
    sofa[:, 40:80], sofa[:, 80:] = (40.0, -15.0, 12.0), (35.0, 35.0, 20.0)
    assert is_motley(sofa, part)


def test_things_change_their_lightness_only_so_far() -> None:
    black, dark, white = (colour.from_hex(color) for color in ("#101010", "#505050", "#F2F2F0"))
    for one, other, limit in ((white, dark, LIGHTER), (black, white, DARKER)):
        lightness = colour.lab(np.stack([within_reach(one, other), other]))[:, 0]
        assert abs(lightness[0] - lightness[1]) == pytest.approx(limit, abs=0.5)
    brighter = float(within_reach(white, black).max() / black.max())
    assert brighter == pytest.approx(BRIGHTEST, rel=0.02), "what is nearly black becomes dusty"
    assert turns_grey(white, black)
    assert not turns_grey(colour.from_hex("#B4623E"), black)
    assert not turns_grey(white, colour.from_hex("#C0C0C0"))


def test_a_rug_finds_the_empty_part_of_the_floor() -> None:
    view = camera.Camera(focal=800.0, horizon=280.0, centre=(512.0, 384.0), turn=0.2, certainty=1.0)
    floor = np.zeros((768, 1024), dtype=np.uint8)
    floor[380:] = 1
    floor[:, :420] = 0
    place = find_place(floor, view)
    assert place is not None
    corners = place.corners(view)
    assert (corners[:, 0] > 420).all()
    assert (corners < (1024, 768)).all()
    assert corners[:, 1].min() > 380
    assert find_place(np.zeros_like(floor), view) is None
