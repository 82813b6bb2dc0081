"""Bookcases, chests, wardrobes, sideboards; the back of each at y = 0."""

from collections.abc import Sequence

from research.roomnet.furniture.finishes import PAPER, gap
from research.roomnet.scene.material import Colour, Material, srgb
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop

SPINES: tuple[Colour, ...] = tuple(
    srgb(text)
    for text in (
        "#6d2b24",
        "#27425c",
        "#31503b",
        "#c9b48a",
        "#8b5a2b",
        "#d8d2c4",
        "#23262b",
        "#a33b2a",
        "#56616e",
        "#b88a3c",
    )
)


def carcase(
    shop: Workshop,
    wood: Material,
    part: Part,
    *,
    width: float,
    height: float,
    depth: float,
    shelves: Sequence[float],
    plinth: float = 0.06,
) -> Body:
    """A case open in front; `shelves` are the heights of boards between its floor and its top."""
    body, board = Body(part=part), 0.022
    for side in (-1, 1):
        body.add(wood, shop.box((board, depth, height), (side * (width - board) / 2, -depth / 2, 0), radius=0.003))
    inside = width - 2 * board
    for z in (plinth, *shelves, height - board):
        body.add(wood, shop.box((inside, depth - 0.015, board), (0, -depth / 2 + 0.005, z), radius=0.002))
    body.add(wood, shop.box((inside, 0.008, height - plinth), (0, -0.006, plinth)))
    return body.add(wood, shop.box((inside, 0.015, plinth), (0, -depth + 0.03, 0)))


def books(shop: Workshop, *, width: float, height: float, depth: float = 0.2, fill: float = 1.0) -> Body:
    """A row standing on z = 0 from x = 0 on, spines towards −y, backs at y = 0; at most `width` long."""
    body = Body(part=Part(label="book"))
    rng, x = shop.rng, 0.0
    by_colour: dict[int, list[Mesh]] = {}
    while x < width * fill - 0.05:
        thick = float(rng.uniform(0.016, 0.045)) * (1.0 if shop.fine else 1.6)
        tall = height * float(rng.uniform(0.68, 0.97))
        deep = depth * float(rng.uniform(0.72, 1.0))
        colour = int(rng.integers(len(SPINES)))
        volume = shop.box((thick - 0.002, deep, tall), (0, -deep / 2, 0), radius=0.003)
        leaning = x > 0.5 * width * fill and shop.chance(0.04)
        if leaning:
            volume = volume.sheared(x_by_z=-0.16)
        by_colour.setdefault(colour, []).append(volume.moved(x + thick / 2 + (0.16 * tall if leaning else 0)))
        if shop.fine:
            by_colour.setdefault(-1, []).append(
                shop.box((thick - 0.006, deep - 0.008, 0.004), (x + thick / 2, -deep / 2, tall - 0.0035))
            )
        x += thick + (0.18 * tall if leaning else 0)
    for colour, volumes in by_colour.items():
        cover = Material(colour=SPINES[colour], roughness=0.6, specular=0.03, detail=(0.2, 0.0), seed=colour + 3)
        body.add(PAPER if colour < 0 else cover, *volumes)
    return body


def drawer_fronts(
    shop: Workshop,
    front: Material,
    handle: Material,
    *,
    width: float,
    bottom: float,
    top: float,
    rows: int,
    columns: int,
    y: float,
) -> list[tuple[Mesh, Material]]:
    """Fronts with a gap around each and a bar handle, in the plane y."""
    pieces = []
    wide, high = width / columns, (top - bottom) / rows
    slit = 0.006 if shop.fine else 0.012
    if not shop.fine:  # a small picture shows no gap that is not dark
        pieces.append((shop.box((width, 0.003, top - bottom), (0, y - 0.0005, bottom)), gap(front)))
    for row in range(rows):
        for column in range(columns):
            x, z = -width / 2 + wide * (column + 0.5), bottom + high * row
            pieces.append(
                (shop.box((wide - slit, 0.02, high - slit), (x, y - 0.01, z + slit / 2), radius=0.003), front)
            )
            pieces.append((shop.box((min(0.14, wide * 0.4), 0.014, 0.012), (x, y - 0.035, z + high * 0.62)), handle))
    return pieces


def chest(
    shop: Workshop,
    wood: Material,
    handle: Material,
    *,
    width: float,
    height: float,
    rows: int,
    columns: int,
    part: Part,
    depth: float = 0.45,
) -> Body:
    """A chest of drawers, or with one row a low sideboard."""
    body = Body(part=part)
    body.add(wood, shop.box((width, depth - 0.02, height - 0.1), (0, -depth / 2 + 0.01, 0.08)))
    body.add(wood, shop.box((width + 0.02, depth + 0.01, 0.025), (0, -depth / 2, height - 0.025), radius=0.005))
    for side in (-1, 1):
        for y in (-0.05, -depth + 0.05):
            body.add(wood, shop.box((0.05, 0.05, 0.08), (side * (width / 2 - 0.05), y, 0)))
    body.pieces += drawer_fronts(
        shop,
        wood,
        handle,
        width=width - 0.02,
        bottom=0.09,
        top=height - 0.035,
        rows=rows,
        columns=columns,
        y=-depth + 0.02,
    )
    return body


def wardrobe(
    shop: Workshop,
    wood: Material,
    handle: Material,
    *,
    width: float,
    height: float,
    doors: int,
    depth: float = 0.6,
    panelled: bool = False,
) -> Body:
    """Hinged doors down to a plinth; in a large picture they always have panels."""
    body = Body(part=Part(label="wardrobe", thing="wardrobe"))
    body.add(wood, shop.box((width, depth - 0.02, height), (0, -depth / 2 + 0.01, 0)))
    each = width / doors
    if not shop.fine:
        body.add(gap(wood), shop.box((width - 0.02, 0.003, height - 0.08), (0, -depth + 0.0195, 0.06)))
    for number in range(doors):
        x = -width / 2 + each * (number + 0.5)
        body.add(wood, shop.box((each - 0.006, 0.022, height - 0.1), (x, -depth + 0.01, 0.07), radius=0.004))
        side = 1 if number % 2 == 0 else -1
        body.add(handle, shop.box((0.014, 0.025, 0.2), (x + side * (each / 2 - 0.05), -depth - 0.015, 0.5 * height)))
        if shop.fine or panelled:
            body.add(wood, *(panel for panel in _panels(shop, x, each, height, -depth)))
    return body


def _panels(shop: Workshop, x: float, width: float, height: float, y: float) -> list[Mesh]:
    high = (height - 0.34) / 2
    return [shop.box((width - 0.16, 0.014, high - 0.08), (x, y, 0.15 + row * high), radius=0.006) for row in range(2)]
