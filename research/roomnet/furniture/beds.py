"""Beds with their bedding; the headboard at y = 0, the foot towards −y."""

from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop


def bed(
    shop: Workshop,
    frame: Material,
    sheet: Material,
    cover: Material,
    *,
    width: float = 1.6,
    length: float = 2.05,
    top: float = 0.52,
    headboard: float = 1.0,
    drop: float = 0.3,
    footboard: float = 0.0,
    padded: bool = False,
) -> Body:
    """Frame, mattress and a cover that leaves the pillows' end free; `headboard`, `footboard`: heights or 0."""
    body = Body(part=Part(label="bed", thing="bed"))
    middle = -length / 2 - 0.05
    body.add(frame, shop.box((width + 0.06, length + 0.04, 0.16), (0, middle, 0.14), radius=0.01))
    for x in (-1, 1):
        for y in (-0.12, -length):
            body.add(frame, shop.box((0.07, 0.07, 0.15), (x * (width / 2 - 0.05), y, 0)))
    if headboard and padded:
        body.add(cover, shop.upholstery((width + 0.1, 0.1, headboard - 0.1), (0, -0.05, 0.1), radius=0.04, crown=0.02))
    elif headboard:
        body.add(frame, shop.box((width + 0.08, 0.05, headboard - 0.12), (0, -0.03, 0.12), radius=0.016))
    if footboard:
        body.add(frame, shop.box((width + 0.08, 0.04, footboard), (0, -length - 0.09, 0.0), radius=0.012))
    body.add(sheet, shop.upholstery((width, length - 0.02, top - 0.28), (0, middle, 0.28), radius=0.06, crown=0.01))
    quilt = shop.throw(width + 0.03, 0.7 * length, drop, lift=0.035)
    return body.add(cover, quilt.moved(y=-length - 0.07, z=top + 0.035))


def bed_pillows(shop: Workshop, covers: list[Material], *, width: float, top: float) -> list[Body]:
    """Two beside each other (one on a narrow bed), leaning a little on the headboard."""
    count = 2 if width > 1.2 else 1
    bodies = []
    for number in range(count):
        x = (number - (count - 1) / 2) * min(0.72, width / count)
        pillow = shop.pillow(min(0.66, 0.92 * width / count), 0.42, 0.17).turned(shop.between(12, 40), "x")
        body = Body(part=Part(label="pillow", thing="cushion")).add(covers[number % len(covers)], pillow)
        bodies.append(body.placed(x + shop.between(-0.03, 0.03), -0.3, top + 0.13, shop.between(-6, 6)))
    return bodies


def folded_blanket(shop: Workshop, cloth: Material, *, width: float) -> Body:
    """Laid across the foot of a bed, z = 0 on its cover."""
    meshes: list[Mesh] = [shop.upholstery((width + 0.1, 0.5, 0.035), (0, 0, 0), radius=0.015, crown=0.006)]
    return Body(part=Part(label="blanket")).add(cloth, *meshes)


def bunk(shop: Workshop, frame: Material, sheet: Material, covers: list[Material]) -> Body:
    """Two children's beds above each other, along x, the wall at y = 0."""
    body = Body(part=Part(label="bed", thing="bed"))
    length, width = 2.0, 0.92
    for x in (-length / 2, length / 2):
        for y in (-0.03, -width):
            body.add(frame, shop.box((0.06, 0.06, 1.72), (x, y, 0), radius=0.006))
    for level, cover in ((0.3, covers[0]), (1.25, covers[-1])):
        body.add(frame, shop.box((length, width, 0.1), (0, -width / 2, level)))
        body.add(
            sheet,
            shop.upholstery(
                (length - 0.08, width - 0.08, 0.14), (0, -width / 2, level + 0.08), radius=0.04, crown=0.01
            ),
        )
        body.add(
            cover,
            shop.upholstery((1.45, width - 0.06, 0.06), (-0.22, -width / 2, level + 0.2), radius=0.028, crown=0.02),
        )
        body.add(sheet, shop.pillow(0.36, 0.55, 0.14).moved(length / 2 - 0.28, -width / 2, level + 0.28))
    body.add(
        frame, shop.box((length, 0.025, 0.14), (0, -width, 1.46)), shop.box((length, 0.025, 0.1), (0, -width, 0.42))
    )
    rungs = [shop.box((0.36, 0.025, 0.04), (0.7, -width - 0.04, 0.25 + 0.27 * number)) for number in range(5)]
    posts = [shop.box((0.04, 0.03, 1.6), (x, -width - 0.045, 0)) for x in (0.52, 0.88)]
    return body.add(frame, *rungs, *posts)
