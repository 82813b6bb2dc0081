"""The photo analysed, before anything is painted; the same for every variant."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from diffusion.domain import Restyling
from diffusion.lite import camera, grading, light, regions
from diffusion.lite.camera import Camera
from diffusion.lite.fallback_segmentation import fallback_layout
from diffusion.lite.labels import Layout, layout
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats
from servicekit.imaging.resizing import reduced

LAB_SIDE: Final = 512


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A photo, analysed."""

    light: Floats
    """H×W×3, the graded photo in linear light: what new paint is lit by."""

    small: Floats
    """h×w×3, the same with the long side at most light.SIDE."""

    lab: Floats
    """h×w×3, L*a*b* of the photo as it came, with the long side at most LAB_SIDE: what is where is the same in
    every style."""

    layout: Layout

    camera: Camera


def analyse_scene(restyling: Restyling) -> Scene:
    """Analyses a photo with the maps that came with it."""
    photo = restyling.photo
    maps = restyling.maps
    lit = grading.graded(photo, restyling.style.light)
    lab = colour.lab(colour.linear(reduced(photo, LAB_SIDE)))
    rough = fallback_layout(photo) if maps.segmentation is None else layout(maps.segmentation, maps.confidence)
    found = regions.find(photo, rough)
    return Scene(
        light=lit,
        small=reduced(lit, light.SIDE),
        lab=lab,
        layout=found,
        camera=camera.find(np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.uint8), found),
    )
