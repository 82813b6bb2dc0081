"""What makes rendered rooms look lived in keeps the truth true."""

import numpy as np
import pytest

from research.roomnet.furniture import finishes, seating
from research.roomnet.renderer.trace import Buffers, Quality, Tracer
from research.roomnet.rooms import flash, patterns, random, viewpoint, wild
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.material import Material
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell import panelling, roof, walls
from research.roomnet.shell.walls import Opening

ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)


def room(room_type: str, seed: int) -> Plan:
    return random.room(np.random.default_rng(seed), room_type)


def looked(plan: Plan) -> tuple[Camera, Buffers]:
    with Tracer(plan.scene) as tracer:
        camera = viewpoint.choose(plan, 96, 72, tracer.glance, furniture=0.5, ceiling=0.05)
        return camera, tracer.render(camera, ROUGH, seed=1)


def test_repainting_leaves_glass_lamps_and_shapes_alone() -> None:
    plan = room("living_room", seed=3)
    before = [(body.part, list(body.pieces)) for body in plan.scene.bodies]
    for _ in range(4):
        wild.repaint(plan)
    changed = 0
    for (part, pieces), body in zip(before, plan.scene.bodies, strict=True):
        assert body.part is part
        for (old_mesh, old), (new_mesh, new) in zip(pieces, body.pieces, strict=True):
            assert new_mesh is old_mesh
            if old.clear or any(old.emission) or old in {finishes.MIRROR, finishes.CHROME, finishes.SCREEN}:
                assert new == old
            assert (new.clear, new.translucency, new.emission) == (old.clear, old.translucency, old.emission)
            changed += new != old
    assert changed > 20


@pytest.mark.parametrize("seed", range(20))
def test_materials_by_chance_reflect_less_than_they_get(seed: int) -> None:
    shop = Workshop(rng=np.random.default_rng(seed), fine=False)
    colours = [patterns.any_colour(shop) for _ in range(3)]
    made = (patterns.loud(shop), patterns.wallpaper(shop, colours[0], loud=True), patterns.cloth(shop, *colours))
    for material in made:
        for colour in (material.colour, material.second, material.third):
            assert colour is not None
            assert all(0 <= channel <= 1 for channel in colour)
        assert min(material.size) > 0.005


def test_a_flash_adds_light_to_what_is_near_and_keeps_the_sum() -> None:
    plan = room("bedroom", seed=4)
    camera, buffers = looked(plan)
    lit = flash.fired(buffers, camera, np.random.default_rng(1))
    added = lit.shading - buffers.shading
    assert added.min() >= 0
    np.testing.assert_allclose(lit.light - buffers.light, buffers.albedo * added, atol=1e-3, rtol=1e-3)
    near = (buffers.depth > 0) & (buffers.depth < np.quantile(buffers.depth, 0.2))
    far = buffers.depth > np.quantile(buffers.depth, 0.8)
    assert added[near].mean() > 1.5 * added[far].mean()


def test_a_wainscot_leaves_doors_and_low_windows_free() -> None:
    shop = Workshop(rng=np.random.default_rng(1), fine=False)
    side = walls.four_sides(4.0, 3.0, 2.5)["back"]
    door = Opening(left=1.0, right=1.9, bottom=0.0, top=2.0)
    high = Opening(left=2.5, right=3.4, bottom=1.4, top=2.1)
    body = panelling.wainscot(shop, side, Material(colour=(0.5, 0.5, 0.5)), height=0.9, gaps=[high, door], panel=0.5)
    x = np.concatenate([mesh.positions[:, 0] for mesh, _ in body.pieces])
    assert not ((x > 1.0) & (x < 1.9)).any()
    assert ((x > 2.5) & (x < 3.4)).any()
    assert body.part.label == "wall"


def test_a_pitched_ceiling_meets_the_walls_and_faces_the_room() -> None:
    grey = Material(colour=(0.5, 0.5, 0.5))
    lid, gables = roof.pitched(grey, grey, 4.0, 3.0, 2.5, rise=1.0)
    points = np.concatenate([mesh.positions for mesh, _ in lid.pieces])
    assert points[:, 2].min() == pytest.approx(2.5)
    assert points[:, 2].max() == pytest.approx(3.5)
    middle = np.array([2.0, 1.5, 1.5])
    for mesh, _ in (*lid.pieces, *gables.pieces):
        corners = mesh.positions[mesh.triangles]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert (((middle - corners.mean(axis=1)) * normal).sum(axis=1) > 0).all()


def test_what_is_decided_aside_shifts_nothing_else() -> None:
    plain, distracted = (Workshop(rng=np.random.default_rng(1), fine=False) for _ in range(2))
    drawn = [distracted.aside().between(0, 1) for _ in range(3)]
    assert len(set(drawn)) == 3
    assert plain.between(0, 1) == distracted.between(0, 1)


def test_a_lengthened_sofa_is_one_thing_that_stands_on_the_floor() -> None:
    shop, grey = Workshop(rng=np.random.default_rng(1), fine=False), Material(colour=(0.5, 0.5, 0.5))
    sofa = seating.sofa(shop, grey, grey, width=2.0, depth=0.9)
    longer = seating.lengthened(shop, sofa, grey, grey, middle=0.5, width=0.6, depth=0.9, by=0.7)
    points = np.concatenate([mesh.positions for mesh, _ in longer.pieces])
    assert longer.part.thing == "sofa"
    assert points[:, 1].min() == pytest.approx(-1.6, abs=0.05)
    assert points[:, 2].min() == pytest.approx(0, abs=0.01)
    added = points[points[:, 1] < -1.0]
    assert (added[:, 0].min(), added[:, 0].max()) == (pytest.approx(0.2, abs=0.03), pytest.approx(0.8, abs=0.03))
