"""The sample room: a living room of about 1990, arranged by hand."""

import numpy as np

from research.roomnet.furniture import hung, lamps, ornaments, plants, seating, storage, tables, textiles
from research.roomnet.furniture.finishes import (
    BRASS,
    boards,
    cloth,
    drapery,
    glazed,
    lampshade,
    painted,
    wall_paint,
    wood,
)
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.light import Sky
from research.roomnet.scene.material import Material, Texture, srgb
from research.roomnet.scene.scene import Body, Part, Scene
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell import openings, walls
from research.roomnet.shell.walls import Opening, Side

WIDTH, DEPTH, HEIGHT = 5.0, 4.9, 2.45
WINDOW = Opening(left=1.75, right=3.55, bottom=0.78, top=2.16)
"""In the left wall."""
REAR_WINDOW = Opening(left=0.6, right=4.4, bottom=1.2, top=2.3)
"""Behind the camera; it fills the shadows."""
DOOR = Opening(left=3.9, right=4.74, bottom=0.0, top=2.03)
"""In the back wall."""

OAK = wood(srgb("#92693f"), 11, contrast=0.75)
WALNUT = wood(srgb("#6e4526"), 12, contrast=0.8)


def camera(width: int, height: int) -> Camera:
    """At eye height near the front wall, as a phone would take it."""
    return Camera(eye=(4.5, 0.3, 1.42), heading=31, pitch=-6.5, focal=25, width=width, height=height)


def build(seed: int = 7, *, fine: bool = True) -> Scene:
    """The room with its light."""
    shop = Workshop(rng=np.random.default_rng(seed), fine=fine)
    sides = walls.four_sides(WIDTH, DEPTH, HEIGHT)
    scene = Scene(
        sky=Sky(
            zenith=(2.4, 2.6, 2.9),
            horizon=(2.4, 2.5, 2.6),
            haze=(1.6, 1.7, 1.7),
            daylight=(4.4, 4.4, 4.3),
            ground=(0.14, 0.14, 0.11),
            foliage=(0.13, 0.14, 0.1),
            skyline=0.3,
            above_ground=1.6,
            seed=5,
        )
    )
    _shell(shop, scene, sides)
    _seating(shop, scene)
    _along_the_walls(shop, scene, sides)
    _small_things(shop, scene)
    return scene


def _shell(shop: Workshop, scene: Scene, sides: dict[str, Side]) -> None:
    paint = wall_paint(srgb("#dcd6c8"), 3, mottle=0.02)
    trim = painted(srgb("#e6dfd0"), 4)
    white = wall_paint(srgb("#efece6"), 5, mottle=0.01)
    scene.add(walls.floor(boards(srgb("#9c7550"), srgb("#78563a"), 6, width=0.145, long=1.25, worn=0.36), WIDTH, DEPTH))
    scene.add(walls.ceiling(white, WIDTH, DEPTH, HEIGHT))
    holes = {"left": [WINDOW], "front": [REAR_WINDOW], "back": [DOOR]}
    for name, side in sides.items():
        scene.add(walls.wall(side, paint, openings=holes.get(name, [])))
        scene.add(walls.skirting(shop, side, OAK, gaps=holes.get(name, [])))
    for name, hole in (("left", WINDOW), ("front", REAR_WINDOW)):
        scene.add(openings.window(shop, sides[name], hole, trim, sashes=2, sill=trim))
        scene.lights.append(openings.portal(sides[name], hole, level=10.0))
    left = sides["left"]
    scene.add(openings.handle(shop, left, BRASS, along=WINDOW.middle - 0.03, up=1.5, out=-0.075))
    scene.add(openings.door(shop, sides["back"], DOOR, leaf=OAK, casing=OAK, metal=BRASS))
    scene.add(left.place(openings.radiator(shop, painted(srgb("#e9e5da"), 8), width=1.3), WINDOW.middle, 0.03))
    linen = drapery(srgb("#71827d"), 9, translucency=0.3)
    for along, width in ((WINDOW.left - 0.12, 0.5), (WINDOW.right + 0.1, 0.46)):
        scene.add(
            left.place(textiles.drape(shop, linen, width=width, height=2.2, folds=6, depth=0.06), along, 0.17, 0.03)
        )
    scene.add(left.place(textiles.curtain_rod(shop, width=2.55), WINDOW.middle, 0.17, 2.26))
    switch = Body(part=Part(label="wall")).add(trim, shop.box((0.08, 0.012, 0.08), (0, -0.006, 0), radius=0.003))
    switch.add(trim, shop.box((0.05, 0.006, 0.055), (0, -0.014, 0.012), radius=0.002))
    scene.add(sides["back"].place(switch, DOOR.left - 0.2, 0, 1.06))
    socket = Body(part=Part(label="wall")).add(trim, shop.box((0.08, 0.012, 0.08), (0, -0.006, 0), radius=0.003))
    scene.add(sides["back"].place(socket, 0.8, 0, 0.3))


def _seating(shop: Workshop, scene: Scene) -> None:
    brown = cloth(srgb("#8b6b4c"), 21, thread=0.003, melange=0.5)
    scene.add(seating.sofa(shop, brown, WALNUT, width=2.15).placed(2.3, DEPTH - 0.12))
    cushions = (
        (1.58, "#b5552f", 70.0, 14.0),
        (1.86, "#d9c39a", 66.0, -8.0),
        (2.98, "#44594a", 68.0, -16.0),
    )
    for x, colour, lean, turn in cushions:
        cover = cloth(srgb(colour), int(x * 100), thread=0.002)
        cushion = seating.scatter_cushion(shop, cover, size=0.44, lean=lean)
        scene.add(cushion.placed(x, DEPTH - 0.58, 0.455, turn))
    green = cloth(srgb("#5d6a4c"), 22, thread=0.003, melange=0.5)
    scene.add(seating.wing_chair(shop, green, OAK).placed(0.75, 2.65, 0, 72))


def _along_the_walls(shop: Workshop, scene: Scene, sides: dict[str, Side]) -> None:
    back, left = sides["back"], sides["left"]
    oil = Material(
        texture=Texture.LANDSCAPE,
        seed=17,
        colour=srgb("#9fb4c4"),
        second=srgb("#5d6b45"),
        third=srgb("#8a7440"),
        roughness=0.5,
        bump=0.0006,
    )
    scene.add(back.place(hung.picture(shop, oil, WALNUT, width=0.98, height=0.66, border=0.0, bar=0.055), 2.3, 0, 1.62))
    shade = lampshade(srgb("#e6d3ab"), 31)
    scene.add(lamps.floor_lamp(shop, shade, BRASS, height=1.58).placed(3.6, DEPTH - 0.4))
    pot = glazed(srgb("#9c5a3c"), 33)
    fig = plants.bushy_plant(shop, plants.foliage("#34562a", 34), pot, height=1.45, leaves=42, pot_height=0.32)
    scene.add(fig.placed(0.82, DEPTH - 0.42))
    case = Part(label="bookcase", thing="shelf")
    levels = (0.42, 0.78, 1.13, 1.46)
    shelf = storage.carcase(shop, OAK, case, width=0.86, height=1.82, depth=0.3, shelves=levels)
    along = 4.32
    scene.add(left.place(shelf, along))
    for level, fill in zip((0.06, *levels), (0.9, 1.0, 0.7, 0.85, 0.45), strict=True):
        row = storage.books(shop, width=0.8, height=0.29, depth=0.21, fill=fill)
        scene.add(left.place(row, along - 0.4, 0.05, level + 0.022))
    vase = ornaments.vase(shop, glazed(srgb("#3e5c66"), 35), height=0.22)
    scene.add(left.place(vase, along + 0.24, 0.15, levels[3] + 0.022))
    top_plant = plants.grassy_plant(shop, plants.foliage("#5c7f36", 36), glazed(srgb("#d9cfbb"), 37), height=0.26)
    scene.add(left.place(top_plant, along + 0.2, 0.15, 1.82))


def _small_things(shop: Workshop, scene: Scene) -> None:
    pile = Material(
        texture=Texture.PILE, colour=srgb("#9a9082"), second=srgb("#887e70"), size=(0.02, 0.02), specular=0.0
    )
    scene.add(textiles.rug(shop, pile, None, width=1.7, length=2.4).placed(2.35, 3.05, 0, 90))
    scene.add(tables.coffee_table(shop, WALNUT, width=1.1, depth=0.58).placed(2.3, 3.15, 0, -3))
    scene.add(ornaments.book_stack(shop).placed(2.05, 3.16, 0.43, 20))
    scene.add(ornaments.mug(shop, glazed(srgb("#ddd5c4"), 42)).placed(2.36, 3.03, 0.43, 40))
    scene.add(ornaments.bowl(shop, glazed(srgb("#4c6b74"), 43)).placed(2.62, 3.22, 0.43))
    sill_pot = plants.grassy_plant(
        shop, plants.foliage("#3f6b35", 44), glazed(srgb("#b5764c"), 45), height=0.2, pot_height=0.13
    )
    scene.add(sill_pot.placed(-0.03, 2.2, 0.8))
