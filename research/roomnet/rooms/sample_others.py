"""A bedroom and a kitchen arranged by hand, beside the living room of `sample`: for README's pictures."""

import numpy as np

from research.roomnet.furniture import beds, hung, kitchen, lamps, ornaments, plants, tables, textiles
from research.roomnet.furniture.finishes import (
    BRASS,
    STEEL,
    boards,
    cloth,
    drapery,
    glazed,
    lampshade,
    painted,
    wall_paint,
    wood,
)
from research.roomnet.furniture.kitchen import BASE_HEIGHT, TOP_THICKNESS, Fitting
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.light import Sky
from research.roomnet.scene.material import Material, Texture, srgb
from research.roomnet.scene.scene import Body, Part, Scene
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell import openings, walls
from research.roomnet.shell.walls import Opening, Side

OAK = wood(srgb("#a87f52"), 11, contrast=0.7)
PINE = wood(srgb("#b58a58"), 13, contrast=0.6)
WHITE = painted(srgb("#e9e5db"), 4)
HEIGHT = 2.5


def bedroom_camera(width: int, height: int) -> Camera:
    """From the door, past the foot of the bed."""
    return Camera(eye=(3.85, 0.15, 1.45), heading=33, pitch=-9.0, focal=24, width=width, height=height)


def bedroom() -> Scene:
    """A bed between nightstands, a window with a curtain, a plant."""
    shop = Workshop(rng=np.random.default_rng(21), fine=True)
    window = Opening(left=1.7, right=3.2, bottom=0.85, top=2.2)
    sides, scene = _shell(
        shop,
        size=(4.2, 4.2),
        paint="#d8d3c6",
        floor=boards(srgb("#8d6f52"), srgb("#6b5139"), 6, width=0.14, long=1.3, worn=0.3),
        holes={"left": window, "front": Opening(left=0.4, right=3.8, bottom=1.2, top=2.3)},
        skirting=WHITE,
    )
    linen = drapery(srgb("#71827d"), 9, translucency=0.3)
    for along in (window.left - 0.16, window.right + 0.16):
        drape = textiles.drape(shop, linen, width=0.5, height=2.25, folds=6, depth=0.06)
        scene.add(sides["left"].place(drape, along, 0.15, 0.03))
    scene.add(sides["left"].place(textiles.curtain_rod(shop, width=2.5), window.middle, 0.15, 2.31))
    back, middle, top = sides["back"], 2.15, 0.55
    cover = cloth(srgb("#7f8fa0"), 21, melange=0.3)
    sheet = cloth(srgb("#ece8df"), 22, melange=0.1)
    bed = beds.bed(shop, OAK, sheet, cover, width=1.6, top=top, headboard=1.05, drop=0.46)
    scene.add(back.place(bed, middle, 0.0))
    scene.add(*(back.place(one, middle) for one in beds.bed_pillows(shop, [sheet, sheet], width=1.6, top=top)))
    shade = lampshade(srgb("#e6d3ab"), 31)
    for along in (middle - 1.12, middle + 1.12):
        scene.add(back.place(tables.nightstand(shop, OAK, height=0.5), along, 0.21))
        x, y, _ = back.point(along, -0.2, 0)
        scene.add(lamps.table_lamp(shop, shade, BRASS).placed(x, y, 0.5))
    oil = Material(
        texture=Texture.LANDSCAPE,
        seed=19,
        colour=srgb("#a9b7bf"),
        second=srgb("#6d7a58"),
        third=srgb("#97835a"),
        roughness=0.5,
    )
    scene.add(back.place(hung.picture(shop, oil, OAK, width=0.9, height=0.6, border=0.05, bar=0.04), middle, 0, 1.6))
    fig = plants.bushy_plant(
        shop, plants.foliage("#3c6030", 34), glazed(srgb("#c9b79c"), 33), height=1.2, pot_height=0.3
    )
    scene.add(fig.placed(0.45, 3.75))
    return scene


def kitchen_camera(width: int, height: int) -> Camera:
    """Across the room to both runs of units."""
    return Camera(eye=(3.45, 0.35, 1.5), heading=29, pitch=-8.5, focal=24, width=width, height=height)


def kitchen_room() -> Scene:
    """Units along two walls, a window over the sink."""
    shop = Workshop(rng=np.random.default_rng(23), fine=True)
    window = Opening(left=1.9, right=3.1, bottom=1.1, top=2.1)
    sides, scene = _shell(
        shop,
        size=(4.0, 4.3),
        paint="#e3dccb",
        floor=boards(srgb("#a98560"), srgb("#866444"), 8, width=0.15, long=1.3, worn=0.25),
        holes={"left": window, "front": Opening(left=0.4, right=3.6, bottom=1.2, top=2.3)},
        skirting=WHITE,
    )
    fitting = Fitting(
        front=painted(srgb("#8d9f97"), 41, roughness=0.4),
        handle=BRASS,
        worktop=wood(srgb("#8a6038"), 42, contrast=0.5),
        backsplash=painted(srgb("#efece4"), 43, roughness=0.2),
        appliance=STEEL,
        shaker=True,
    )
    back, left = sides["back"], sides["left"]
    _run(shop, scene, back, fitting, start=0.62, widths=(0.5, 0.6, 0.6, 0.8, 0.8), cooker=1, above=True)
    _run(shop, scene, left, fitting, start=0.6, widths=(0.6, 0.6, 0.6, 0.6, 0.65, 0.65), sink=1, above=False)
    bowl = ornaments.bowl(shop, glazed(srgb("#4c6b74"), 46), radius=0.16)
    scene.add(back.place(bowl, 2.8, 0.3, BASE_HEIGHT + TOP_THICKNESS))
    herb = plants.grassy_plant(
        shop, plants.foliage("#4f7a36", 47), glazed(srgb("#d9cfbb"), 48), height=0.24, pot_height=0.12
    )
    scene.add(left.place(herb, window.right + 0.15, 0.25, BASE_HEIGHT + TOP_THICKNESS))
    return scene


def _run(
    shop: Workshop,
    scene: Scene,
    side: Side,
    fitting: Fitting,
    *,
    start: float,
    widths: tuple[float, ...],
    above: bool,
    cooker: int | None = None,
    sink: int | None = None,
) -> None:
    at = start
    for number, width in enumerate(widths):
        if number == cooker:
            scene.add(*(side.place(body, at) for body in kitchen.cooker(shop, fitting)))
            scene.add(side.place(kitchen.hood(shop, fitting, height=HEIGHT - 1.55), at, 0.0, 1.55))
        else:
            drawers = 3 if number % 3 == 2 else 0
            scene.add(side.place(kitchen.base_unit(shop, fitting, width=width, drawers=drawers), at))
            if above:
                scene.add(side.place(kitchen.wall_unit(shop, fitting, width=width, height=0.72), at, 0.0, 1.42))
        if number == sink:
            scene.add(side.place(kitchen.basin(shop), at))
        at += width
    scene.add(side.place(kitchen.worktop(shop, fitting, length=at - start), start))
    low = BASE_HEIGHT + TOP_THICKNESS
    high = 1.42 if above else 1.08
    splash = rectangle((0, -0.004, low), (at - start, 0, 0), (0, 0, high - low))
    scene.add(side.place(Body(part=Part(label="wall")).add(fitting.backsplash, splash), start))


def _shell(
    shop: Workshop,
    *,
    size: tuple[float, float],
    paint: str,
    floor: Material,
    holes: dict[str, Opening],
    skirting: Material,
) -> tuple[dict[str, Side], Scene]:
    """Floor, ceiling, walls with their windows, and daylight."""
    sides = walls.four_sides(*size, HEIGHT)
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
    plaster, white = wall_paint(srgb(paint), 3, mottle=0.02), wall_paint(srgb("#efece6"), 5, mottle=0.01)
    scene.add(walls.floor(floor, *size))
    scene.add(walls.ceiling(white, *size, HEIGHT))
    for name, side in sides.items():
        own = [holes[name]] if name in holes else []
        scene.add(walls.wall(side, plaster, openings=own))
        scene.add(walls.skirting(shop, side, skirting, gaps=own))
        for hole in own:
            scene.add(openings.window(shop, side, hole, WHITE, sashes=2, sill=WHITE))
            scene.lights.append(openings.portal(side, hole, level=10.0))
    return sides, scene
