"""What walls, floors and ceilings are covered with."""

from research.roomnet.furniture import finishes
from research.roomnet.furniture.kitchen import Fitting
from research.roomnet.rooms import patterns
from research.roomnet.rooms.taste import ACCENTS, CLOTHS, WALL_SHARES, WALLS, WOODS, Taste, pick
from research.roomnet.scene.material import Colour, Material, Texture, shade, srgb
from research.roomnet.scene.workshop import Workshop

BLEACHED = 0.08
"""Share of rooms in which nearly everything is white."""

WET = frozenset({"bathroom"})
TILED = frozenset({"bathroom", "kitchen", "hallway"})


def choose(shop: Workshop, room_type: str) -> Taste:
    """Draws the materials of a room of that type."""
    wood, other = (finishes.wood(pick(shop, WOODS), shop.seed(), contrast=shop.between(0.3, 0.9)) for _ in range(2))
    white = finishes.painted(srgb("#eeece6"), shop.seed(), roughness=shop.between(0.3, 0.6))
    trim = white if shop.chance(0.7) else wood
    metals = (finishes.BRASS, finishes.STEEL, finishes.BLACK_METAL, finishes.CHROME)
    wall = _wall(shop, room_type)
    if shop.aside().chance(BLEACHED):
        return _bleached(shop, room_type, wood, metals[int(shop.rng.integers(len(metals)))])
    return Taste(
        wall=wall,
        accent_wall=_accent(shop) if shop.chance(0.22) else wall,
        ceiling=_ceiling(shop, wall),
        floor=_floor(shop, room_type),
        trim=trim,
        door=wood if shop.chance(0.35) else white,
        wood=wood if shop.chance(0.75) else finishes.painted(pick(shop, (*WALLS[0], *WALLS[2])), shop.seed()),
        other_wood=other,
        cloth=_cover(shop),
        other_cloth=_cover(shop),
        metal=metals[int(shop.rng.integers(len(metals)))],
        curtain=_curtain(shop),
        shop=shop,
    )


def _bleached(shop: Workshop, room_type: str, wood: Material, metal: Material) -> Taste:
    """White walls, white paint on everything made of wood, pale cloth: only light tells one thing from the next."""

    def pale() -> Colour:
        return shade(pick(shop, WALLS[0]), shop.between(0.9, 1.02))

    wall = finishes.wall_paint(pale(), shop.seed(), mottle=shop.between(0.0, 0.05))
    painted = [finishes.painted(pale(), shop.seed(), roughness=shop.between(0.3, 0.6)) for _ in range(4)]
    return Taste(
        wall=wall,
        accent_wall=wall,
        ceiling=finishes.wall_paint(pale(), shop.seed(), mottle=0.03),
        floor=painted[3] if shop.chance(0.2) else _floor(shop, room_type),
        trim=painted[0],
        door=painted[1],
        wood=painted[2] if shop.chance(0.8) else wood,
        other_wood=painted[1],
        cloth=finishes.cloth(pale(), shop.seed(), melange=0.15),
        other_cloth=finishes.cloth(pale(), shop.seed(), melange=0.15),
        metal=metal,
        curtain=finishes.drapery(pale(), shop.seed()),
        shop=shop,
    )


def _cover(shop: Workshop) -> Material:
    """Of seats and beds."""
    kind, colour = shop.rng.random(), pick(shop, CLOTHS)
    if kind < 0.14:
        return finishes.leather(colour, shop.seed())
    if kind < 0.28:
        return patterns.cloth(shop, colour, pick(shop, CLOTHS), pick(shop, ACCENTS))
    return finishes.cloth(colour, shop.seed())


def _wall(shop: Workshop, room_type: str) -> Material:
    if room_type in WET and shop.chance(0.65):
        return tiles(shop, low=0.08, high=0.5, glossy=True)
    group = int(shop.rng.choice(len(WALLS), p=WALL_SHARES))
    colour = pick(shop, WALLS[group])
    kind = shop.rng.random()
    if kind < 0.11:
        return patterns.wallpaper(shop, colour, loud=kind < 0.02)
    if kind < 0.16:
        return _accent(shop)
    return finishes.wall_paint(colour, shop.seed(), mottle=shop.between(0.02, 0.12))


def _accent(shop: Workshop) -> Material:
    kind = shop.rng.random()
    if kind < 0.2:
        colour = pick(shop, ("#8a4a35", "#a05a40", "#c9c3ba", "#e4e0d8"))
        mortar = srgb("#b9b2a6")
        return Material(
            texture=Texture.BRICK,
            seed=shop.seed(),
            colour=colour,
            second=shade(colour, 0.75),
            third=mortar,
            size=(0.24, 0.075),
            specular=0.01,
            bump=0.006,
        )
    if kind < 0.4:
        light = pick(shop, WOODS)
        return finishes.boards(
            light, shade(light, 0.8), shop.seed(), width=shop.between(0.08, 0.16), long=2.6, worn=0.5
        )
    if kind < 0.55:
        colours = (pick(shop, WALLS[1]), pick(shop, WALLS[3]), pick(shop, WALLS[4]))
        size = (shop.between(0.12, 0.3), 0.2)
        return Material(
            texture=Texture.MOSAIC,
            seed=shop.seed(),
            colour=colours[0],
            second=colours[1],
            third=colours[2],
            size=size,
            detail=(0.6, 0.0),
        )
    return finishes.wall_paint(pick(shop, WALLS[4]), shop.seed())


def _ceiling(shop: Workshop, wall: Material) -> Material:
    if shop.chance(0.12) and wall.texture is Texture.PLAIN:
        return wall
    if shop.chance(0.07):
        light = pick(shop, WOODS)
        return finishes.boards(light, shade(light, 0.85), shop.seed(), width=0.1, long=3.0, worn=0.5)
    return finishes.wall_paint(pick(shop, ("#f2f1ee", "#efece5", "#e9e6de")), shop.seed(), mottle=0.04)


def _floor(shop: Workshop, room_type: str) -> Material:
    kind = shop.rng.random()
    tiled = 0.62 if room_type in TILED else 0.14
    carpet = 0.0 if room_type in TILED else 0.34 if room_type in {"bedroom", "kids_room", "office"} else 0.17
    if kind < tiled:
        return tiles(shop, low=0.2, high=0.7, glossy=shop.chance(0.4))
    if kind < tiled + carpet:
        colour = pick(shop, CLOTHS[:10])
        return Material(
            texture=Texture.PILE,
            seed=shop.seed(),
            colour=shade(colour, 1.15),
            second=shade(colour, 0.75),
            size=(shop.between(0.006, 0.02), 0.01),
            detail=(shop.between(0.1, 0.4), 0.0),
            specular=0.0,
        )
    if kind > 0.95:
        colour = pick(shop, ("#9a9a96", "#b3afa8", "#7d7d7b"))
        return Material(
            colour=colour, seed=shop.seed(), size=(0.8, 0.8), detail=(0.5, 0.0), roughness=0.4, specular=0.035
        )
    light = pick(shop, WOODS)
    dark = shade(light, shop.between(0.55, 0.9))
    worn = shop.between(0.16, 0.55)
    width = shop.between(0.07, 0.2)
    base = finishes.boards(light, dark, shop.seed(), width=width, long=shop.between(0.6, 2.2), worn=worn)
    if kind > 0.85:
        return Material(
            texture=Texture.HERRINGBONE,
            seed=base.seed,
            colour=light,
            second=dark,
            third=base.third,
            size=(0.08 * int(shop.rng.integers(4, 7)), 0.08),
            detail=(0.4, 0.8),
            roughness=worn,
            specular=0.035,
        )
    return base


def tiles(shop: Workshop, *, low: float, high: float, glossy: bool) -> Material:
    """Of stone or fired clay, `low` to `high` metres wide."""
    wide = shop.between(low, high)
    tall = wide if shop.chance(0.6) else wide * shop.between(0.4, 0.6)
    tones = (
        "#e8e4dc",
        "#d6c9b4",
        "#c4b59b",
        "#b9b6b0",
        "#8f8a84",
        "#f0efec",
        "#c98d63",
        "#9fb3b5",
        "#5d5f61",
        "#e3ddd0",
    )
    colour = pick(shop, tones)
    return Material(
        texture=Texture.TILES,
        seed=shop.seed(),
        colour=colour,
        second=shade(colour, shop.between(0.7, 1.1)),
        third=pick(shop, ("#c9c5bc", "#8a857d", "#e6e3dc")),
        size=(wide, tall),
        detail=(shop.between(0.2, 0.9), shop.between(0.002, 0.007)),
        roughness=shop.between(0.08, 0.2) if glossy else shop.between(0.3, 0.55),
        specular=0.045,
    )


def _curtain(shop: Workshop) -> Material:
    if shop.chance(0.35):
        return finishes.drapery(
            pick(shop, ("#f2efe8", "#ece6da")), shop.seed(), translucency=0.5, clear=shop.between(0.1, 0.35)
        )
    colours = (*CLOTHS, *WALLS[0], *WALLS[1], *WALLS[3])
    return finishes.drapery(pick(shop, colours), shop.seed(), translucency=shop.between(0.05, 0.45))


def kitchen(shop: Workshop) -> Fitting:
    """Draws fronts, worktop and appliances."""
    kind = shop.rng.random()
    if kind < 0.45:
        front = finishes.painted(pick(shop, WALLS[0]), shop.seed(), roughness=shop.between(0.2, 0.5))
    elif kind < 0.75:
        front = finishes.wood(pick(shop, WOODS), shop.seed(), contrast=shop.between(0.3, 0.9))
    else:
        front = finishes.painted(pick(shop, (*WALLS[2], *WALLS[3], *WALLS[4])), shop.seed())
    worktop = finishes.wood(pick(shop, WOODS), shop.seed()) if shop.chance(0.25) else stone(shop)
    tiles = Material(
        texture=Texture.TILES,
        seed=shop.seed(),
        colour=pick(shop, ("#f0efec", "#e3ddd0", "#c9d3cf", "#8f8a84", "#5d6b70", "#d6c9b4")),
        third=srgb("#c9c5bc"),
        size=(shop.between(0.07, 0.3), shop.between(0.06, 0.12)),
        detail=(0.3, 0.003),
        roughness=0.12,
        specular=0.05,
    )
    appliances = (finishes.STEEL, finishes.WHITE_PAINT, finishes.SCREEN)
    return Fitting(
        front=front,
        handle=finishes.STEEL if shop.chance(0.7) else finishes.BLACK_METAL,
        worktop=worktop,
        backsplash=tiles if shop.chance(0.7) else worktop,
        appliance=appliances[int(shop.rng.choice(3, p=[0.5, 0.35, 0.15]))],
        shaker=shop.chance(0.6),
    )


def stone(shop: Workshop) -> Material:
    """Marble or granite, polished."""
    tones = (
        ("#d9d6d0", "#8f8b86", "#5d5a57"),
        ("#2d2d2e", "#5a5a5c", "#8a8580"),
        ("#b79f80", "#7d6448", "#3d3026"),
        ("#efeeec", "#b5b3b0", "#d0cecb"),
    )
    base, vein, speck = (srgb(text) for text in tones[int(shop.rng.integers(len(tones)))])
    return Material(
        texture=Texture.STONE,
        seed=shop.seed(),
        colour=base,
        second=vein,
        third=speck,
        size=(shop.between(0.15, 0.6), 0.3),
        detail=(shop.between(0.0, 0.9), shop.between(0.0, 0.7)),
        roughness=shop.between(0.1, 0.3),
        specular=0.045,
    )
