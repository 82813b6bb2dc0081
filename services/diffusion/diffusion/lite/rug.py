"""A rug where the floor is empty: the only thing that is ever added to a room.

The place is sought on the floor's plan, which the photo's floor is projected to by its homography (Hartley and
Zisserman, Multiple View Geometry, 2004, chapter 8); all four sides must lie on floor that is seen.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from diffusion.lite import light
from diffusion.lite.camera import LEAST_CERTAINTY, Camera
from diffusion.lite.canvas import Canvas
from diffusion.lite.floor import laid
from diffusion.lite.labels import Label
from diffusion.lite.materials import woven
from diffusion.lite.materials.texture import Texture
from diffusion.lite.morphology import Bits, bits, share_of, shrunk
from diffusion.lite.sizes import sampled
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats

SIZES: Final = ((3.0, 2.0), (2.4, 1.7), (2.0, 1.4), (1.7, 1.2))
"""Lengths of the sides in metres, the largest that fits is taken."""
MARGIN: Final = 0.2
"""Metres of bare floor around."""
CELL: Final = 0.1
"""Metres to a cell of the plan."""
REACH: Final = 7.0
"""Metres of plan to each side of the camera."""
LEAST_FLOOR: Final = 0.12
"""Share of the picture that the floor must fill."""
LEAST_CONFIDENCE: Final = 0.7
"""Mean over the floor."""
LARGEST: Final = 0.3
"""Share of the picture that a rug may fill."""
CENTRED: Final = 0.35
"""Metres of distance from other things that a metre from the middle of the picture is worth."""
DARK: Final = 0.15
"""Luminance below which a rug's band is lighter than its field."""
DARKER_BAND: Final = 0.6
LIGHTER_BAND: Final = 1.9
SHADOW: Final = 0.35
"""How much darker the floor is right beside the rug."""
SPREAD: Final = 0.004
"""Deviation of that shadow's fall in long sides."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A rectangle on the floor along the room's directions, metres."""

    over: float
    """Of its middle."""
    along: float
    width: float
    """Over the room's direction."""
    depth: float

    def corners(self, camera: Camera) -> Floats:
        """4×2 columns and rows at which a camera sees its corners, in turn."""
        half = floats([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
        over, along = self.over + half[:, 0] * self.width, self.along + half[:, 1] * self.depth
        return np.stack(camera.seen(floats(over), floats(along)), axis=1)


def find_place(floor: Bits, camera: Camera) -> Place | None:
    """Where the largest rug fits on a floor (H×W, 1 inside): far from everything else, near the picture's middle."""
    steps = np.arange(-REACH, REACH, CELL, dtype=np.float32)
    over, along = np.meshgrid(steps, steps)
    columns, rows = camera.seen(floats(over), floats(along))
    calm = shrunk(floor, max(1, round(0.004 * max(floor.shape))))
    plan = cv2.remap(calm, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    room = cv2.distanceTransform(bits(plan), cv2.DIST_L2, cv2.DIST_MASK_3)
    aside = CENTRED * np.abs(over * np.cos(camera.turn) + along * np.sin(camera.turn)) / CELL
    for long, short in SIZES:
        best: tuple[float, Place] | None = None
        for width, depth in ((long, short), (short, long)):
            window = np.ones([round((side + 2 * MARGIN) / CELL) | 1 for side in (depth, width)], dtype=np.uint8)
            fits = cv2.erode(bits(plan), window, borderType=cv2.BORDER_CONSTANT, borderValue=0)
            score = np.where(fits > 0, np.maximum(room - aside, 1e-3), 0.0)
            row, column = np.unravel_index(int(score.argmax()), score.shape)
            place = Place(over=float(steps[column]), along=float(steps[row]), width=width, depth=depth)
            outline = cv2.contourArea(place.corners(camera)) / floor.size
            if score[row, column] > (best[0] if best else 0.0) and outline <= LARGEST:
                best = float(score[row, column]), place
        if best is not None:
            return best[1]
    return None


def add_rug(canvas: Canvas, floor: Bits, shade: Floats) -> None:
    """Lays a rug on a floor (H×W, 1 inside) under its shading (h×w×3), where there is none, the camera is known and a
    place is empty.
    """
    scene, choice = canvas.scene, canvas.choice
    if not choice.may_add_rug or scene.layout.mask(Label.RUG).any() or share_of(floor) < LEAST_FLOOR:
        return
    if scene.camera.certainty < LEAST_CERTAINTY or cv2.mean(scene.layout.confidence, floor)[0] < LEAST_CONFIDENCE:
        return
    place = find_place(floor, scene.camera)
    if place is None:
        return
    share = _drawn(place, scene.camera, floor)
    index = np.flatnonzero(share > 1e-3)
    texture = Texture(
        albedo=woven.bordered(
            (place.depth, place.width),
            colour.from_hex(choice.rug.color),
            _band(colour.from_hex(choice.rug.color)),
            np.random.default_rng(choice.seed),
        )
    )
    origin = (place.over - place.width / 2, place.along - place.depth / 2)
    albedo = laid(texture, scene.camera, index, floor.shape[1], origin=origin)
    blur = max(1.0, SPREAD * max(floor.shape))
    shadow = SHADOW * cv2.GaussianBlur(share, (0, 0), blur) * floats(floor) * (1.0 - share)
    canvas.painted *= (1.0 - shadow)[..., None]
    canvas.cover(index, share.reshape(-1, 1)[index], light.lit(albedo, sampled(shade, index, floor.shape)))
    canvas.record(Label.RUG, bits(share > 0.5), choice.rug.name)


def _band(color: Floats) -> Floats:
    """The same yarn dyed darker, or lighter on a dark rug."""
    return floats(color * (DARKER_BAND if float(colour.LUMINANCE @ color) > DARK else LIGHTER_BAND))


def _drawn(place: Place, camera: Camera, floor: Bits) -> Floats:
    """H×W, the share of each pixel that the rug covers."""
    drawn = np.zeros(floor.shape, dtype=np.uint8)
    corners = np.rint((place.corners(camera) - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(drawn, corners, (255,), lineType=cv2.LINE_AA, shift=4)
    return floats(drawn * floor) / np.float32(255.0)
