"""The segmentation control map in ADE20K's colours, and beside it how sure each label is."""

import numpy as np

from controlmaps.domain import Segmentation
from servicekit.imaging.arrays import RGB, Grey
from servicekit.types import ade20k


def draw(found: Segmentation) -> RGB:
    """Labels as colours, H×W×3."""
    return ade20k.colourise(found.labels)


def draw_confidence(found: Segmentation) -> Grey:
    """Confidence 0–1 as 0–255, H×W."""
    return np.rint(np.clip(found.confidence, 0, 1) * 255).astype(np.uint8)
