"""The photo analysed, before anything is painted; the same for every variant."""

from dataclasses import dataclass

import cv2
import numpy as np

from diffusion.domain import Restyling
from diffusion.lite import camera, grading, regions
from diffusion.lite.camera import Camera
from diffusion.lite.fallback_segmentation import fallback_layout
from diffusion.lite.labels import Layout, layout
from diffusion.lite.parameters import LIGHT
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats
from servicekit.imaging.resizing import reduced


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A photo, analysed."""

    light: Floats
    """H×W×3, the graded photo in linear light: what new paint is lit by."""

    small: Floats
    """h×w×3, the same with the long side at most LIGHT.side."""

    rough: Layout
    """As the map has it, thin things and all: what geometry is read from."""

    layout: Layout
    """In regions that end at the photo's edges: what is painted."""

    camera: Camera


def analyse_scene(restyling: Restyling) -> Scene:
    """Analyses a photo with the maps that came with it."""
    photo = restyling.photo
    maps = restyling.maps
    wall = None if restyling.palette else colour.from_hex(restyling.style.palette.wall)
    # where only some surfaces change, the light is the photo's own
    lit = colour.linear(photo) if restyling.surfaces else grading.graded(photo, restyling.style.light, wall)
    rough = fallback_layout(photo) if maps.segmentation is None else layout(maps.segmentation, maps.confidence)
    return Scene(
        light=lit,
        small=reduced(lit, LIGHT.side),
        rough=rough,
        layout=regions.find(photo, rough, restyling.corrections),
        camera=camera.find(np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.uint8), rough),
    )
