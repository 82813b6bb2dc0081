"""The Canny control map (Canny, PAMI 1986): 255 on an edge, else 0.

ControlNets are trained on edges found with the thresholds 100 and 200, which suit a photo of usual contrast. A dark or
hazy photo has weaker gradients everywhere, a hard one stronger: the pair is scaled by how strong the photo's gradients
are, within limits.
"""

from typing import Final

import cv2
import numpy as np

from servicekit.imaging.arrays import RGB, Grey

CLASSIC: Final = (100.0, 200.0)
"""Lower and upper threshold on |∂x| + |∂y| of 3×3 Sobel filters over 0–255."""
USUAL_STRENGTH: Final = 110.0
"""90th percentile of that gradient in photos of rooms: the median over two dozen, 1024 pixels wide."""
SCALE_LIMITS: Final = (0.4, 1.4)
"""How far the thresholds may leave the classic ones."""


def thresholds(grey: Grey) -> tuple[float, float]:
    """The thresholds that suit a photo."""
    across = cv2.Sobel(grey, cv2.CV_16S, 1, 0)
    down = cv2.Sobel(grey, cv2.CV_16S, 0, 1)
    strength = float(np.percentile(cv2.add(np.abs(across), np.abs(down))[::2, ::2], 90))
    scale = float(np.clip(strength / USUAL_STRENGTH, *SCALE_LIMITS))
    return CLASSIC[0] * scale, CLASSIC[1] * scale


def draw(photo: RGB) -> Grey:
    """Edges of a photo, H×W."""
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    low, high = thresholds(grey)
    return np.asarray(cv2.Canny(grey, low, high), dtype=np.uint8)
