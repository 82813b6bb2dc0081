"""What covers the lower part of a wall: wainscots of wood, tiles up to the shoulder."""

from collections.abc import Sequence

from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell.walls import Opening, Side


def wainscot(
    shop: Workshop,
    side: Side,
    surface: Material,
    *,
    height: float,
    gaps: Sequence[Opening] = (),
    panel: float = 0.0,
    thick: float = 0.012,
) -> Body:
    """Up to `height` metres, left out where an opening starts lower; `panel`: width of its panels, 0 for none.

    What hangs on the wall is 1 cm thick at least, so a covering that may reach up there has to be thinner.
    """
    body = Body(part=Part(label="wall"))
    for left, right in _stretches(side, height, gaps):
        width, middle = right - left, (left + right) / 2
        body.add(surface, shop.box((width, thick, height), (middle, -thick / 2, 0)))
        body.add(surface, shop.box((width, 2 * thick, 0.035), (middle, -thick, height), radius=0.004))
        count = round(width / panel) if panel else 0
        if count:
            stiles = [left + 0.03 + (width - 0.06) * number / count for number in range(count + 1)]
            bars = [shop.box((0.06, 0.012, height), (x, -thick - 0.006, 0)) for x in stiles]
            rails = [shop.box((width, 0.012, 0.07), (middle, -thick - 0.006, z)) for z in (0.08, height - 0.07)]
            body.add(surface, *bars, *rails)
    return side.place(body, 0)


def _stretches(side: Side, height: float, gaps: Sequence[Opening]) -> list[tuple[float, float]]:
    """Of the wall's foot, where nothing opens below `height`."""
    stretches, start = [], 0.0
    for hole in sorted((gap for gap in gaps if gap.bottom < height + 0.05), key=lambda gap: gap.left):
        stretches.append((start, hole.left - 0.08))
        start = max(start, hole.right + 0.08)
    return [(left, right) for left, right in [*stretches, (start, side.length)] if right - left > 0.05]
