"""The path tracer against what can be worked out by hand."""

import math

import numpy as np
import pytest

from research.roomnet.renderer import library
from research.roomnet.renderer.trace import Buffers, Quality, Tracer, render
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.light import Light, LightKind, Sky
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part, Scene
from research.roomnet.scene.solids import ball, box, lathe, rectangle, tube

GREY = Material(colour=(0.5, 0.5, 0.5), specular=0.0, detail=(0.0, 0.0))
DARK = Sky(zenith=(0, 0, 0), horizon=(0, 0, 0), haze=(0, 0, 0), ground=(0, 0, 0), foliage=(0, 0, 0), daylight=(0, 0, 0))
LAMP = Light(kind=LightKind.RECTANGLE, corner=(-1, -1, 1), edge_u=(0, 2, 0), edge_v=(2, 0, 0), radiance=(3.0, 3.0, 3.0))
DOWN = Camera(eye=(0, 0, 0.9), heading=0, pitch=-90, focal=400, width=12, height=8)


def plate(*bodies: Body, lights: tuple[Light, ...] = (LAMP,)) -> Scene:
    floor = Body(part=Part(label="floor")).add(GREY, rectangle((-3, -3, 0), (6, 0, 0), (0, 6, 0)))
    return Scene(bodies=[floor, *bodies], lights=list(lights), sky=DARK)


def look(scene: Scene, camera: Camera = DOWN, *, samples: int = 256, bounces: int = 0, threads: int = 1) -> Buffers:
    return render(scene, camera, Quality(samples=samples, bounces=bounces, passes=0, threads=threads), seed=3)


def test_a_square_lamp_lights_a_plate_by_its_form_factor() -> None:
    # differential element below the middle of a 2×2 m square at 1 m: F = 4/π · atan(1/√2)/√2
    expected = 0.5 * 3.0 * 4 / math.pi * math.atan(1 / math.sqrt(2)) / math.sqrt(2)
    assert look(plate()).light.mean() == pytest.approx(expected, rel=0.02)


def test_a_lit_ball_lights_a_plate_by_the_inverse_square() -> None:
    # radiance L of a ball of radius r at distance d: irradiance π L (r/d)², radiance out albedo/π of it
    lamp = Light(kind=LightKind.SPHERE, corner=(0, 0, 2.0), radius=0.1, radiance=(100.0, 100.0, 100.0))
    assert look(plate(lights=(lamp,))).light.mean() == pytest.approx(0.5 * 100 * (0.1 / 2.0) ** 2, rel=0.02)


def test_what_stands_in_the_way_casts_a_shadow() -> None:
    lid = Body(part=Part(label="table")).add(GREY, box((5, 5, 0.02), (0, 0, 0.95)))
    assert look(plate(lid)).light.max() == 0.0


def test_clear_panes_let_their_share_of_light_through() -> None:
    pane = Body(part=Part(label="windowpane")).add(
        Material(colour=(1, 1, 1), clear=0.6, specular=0.0), rectangle((-3, -3, 0.95), (6, 0, 0), (0, 6, 0))
    )
    assert look(plate(pane)).light.mean() == pytest.approx(0.6 * look(plate()).light.mean(), rel=0.02)


def test_light_is_reflected_on() -> None:
    wall = Body(part=Part(label="wall")).add(GREY, rectangle((-3, 0.3, 0), (6, 0, 0), (0, 0, 0.9)))
    scene = plate(wall)
    assert look(scene, bounces=3).light.mean() > 1.02 * look(scene, bounces=0).light.mean()


def test_buffers_add_up_to_the_picture() -> None:
    buffers = look(plate(), bounces=2, samples=16)
    np.testing.assert_allclose(buffers.light, buffers.albedo * buffers.shading + buffers.gloss, rtol=1e-5)


def test_depth_is_measured_along_the_axis_of_the_camera() -> None:
    camera = Camera(eye=(0, -2, 1), heading=0, focal=20, width=40, height=30)
    back = Body(part=Part(label="wall")).add(GREY, rectangle((-9, 1, -9), (18, 0, 0), (0, 0, 18)))
    buffers = look(Scene(bodies=[back], lights=[LAMP], sky=DARK), camera, samples=1)
    np.testing.assert_allclose(buffers.depth, 3.0, atol=1e-4)
    np.testing.assert_allclose(buffers.normal, np.broadcast_to([0, -1, 0], buffers.normal.shape), atol=1e-4)


def test_the_number_of_threads_changes_nothing() -> None:
    one, two = (look(plate(), bounces=3, samples=9, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.light, two.light)


@pytest.mark.slow
def test_denoising_keeps_the_mean_and_takes_the_noise() -> None:
    camera = Camera(eye=(0, -2, 1.0), heading=0, pitch=-30, focal=30, width=64, height=48)
    noisy = look(plate(), camera, samples=4)
    clean = render(plate(), camera, Quality(samples=4, bounces=0), seed=3)
    exact = look(plate(), camera, samples=1024).light
    assert clean.light.mean() == pytest.approx(exact.mean(), rel=0.03)
    assert np.abs(clean.light - exact).mean() < 0.65 * np.abs(noisy.light - exact).mean()


def test_a_glance_agrees_with_the_first_sample() -> None:
    thing = Body(part=Part(label="box")).add(GREY, box((0.4, 0.4, 0.4)), ball(0.3).moved(z=0.5))
    thing.add(GREY, tube([(0.5, 0, 0), (0.5, 0, 0.6)], 0.05), lathe([(0.2, 0), (0.1, 0.5)]).moved(x=-0.6))
    camera = Camera(eye=(0.4, -2, 1.0), heading=5, pitch=-20, focal=30, width=64, height=48)
    buffers = look(plate(thing), camera, samples=2)
    with Tracer(plate(thing)) as tracer:
        glance = tracer.glance(camera)
    assert set(np.unique(glance.part)) >= {0, 1}
    np.testing.assert_array_equal(glance.part, buffers.part)
    np.testing.assert_allclose(glance.depth, buffers.depth, atol=1e-4)


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    library.load.cache_clear()
    try:
        with pytest.raises(library.CompilerError, match="no-such-compiler"):
            library.load()
    finally:
        library.load.cache_clear()
