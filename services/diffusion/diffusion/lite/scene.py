"""What is known of the photo before anything is painted; the same for every variant."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from diffusion.domain import Restyling
from diffusion.lite import borders, boundary_refinement, camera, edge_evidence, grading, light, region_merging
from diffusion.lite.abstention import unsure
from diffusion.lite.camera import Camera
from diffusion.lite.fallback_segmentation import guessed
from diffusion.lite.layout_rules import in_order
from diffusion.lite.morphology import Bits
from diffusion.lite.regions import Layout, Region, layout
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats
from servicekit.imaging.resizing import reduced

LAB_SIDE: Final = 512


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A photo taken apart."""

    light: Floats
    """H×W×3, the graded photo in linear light: what new paint is lit by."""

    small: Floats
    """h×w×3, the same with the long side at most light.SIDE."""

    lab: Floats
    """h×w×3, L*a*b* of the photo as it came, with the long side at most LAB_SIDE: what is where is the same in
    every style."""

    edges: Bits
    """h×w, 1 on and next to steps in `lab`."""

    soft: Floats
    """H×W, 0–1, where borders of the layout are drawn softly; see borders.softness."""

    layout: Layout

    camera: Camera


def understand(restyling: Restyling) -> Scene:
    """Takes a photo apart with the maps that came with it."""
    photo = restyling.photo
    maps = restyling.maps
    lit = grading.graded(photo, restyling.style.light)
    lab = colour.lab(colour.linear(reduced(photo, LAB_SIDE)))
    edges = edge_evidence.edges(lab)
    rough = guessed(photo) if maps.segmentation is None else layout(maps.segmentation, maps.confidence)
    whole, halves = region_merging.made_whole(rough.labels, maps.segmentation, photo)
    left = halves if maps.confidence is None else halves | unsure(whole, rough.confidence, photo)
    doubtful = np.where(left, whole, np.uint8(Region.OTHER))
    known = np.where(left, np.uint8(Region.OTHER), whole)
    labels = in_order(boundary_refinement.follow_edges(known, photo, edges))
    regions = Layout(labels=labels, confidence=rough.confidence, doubtful=doubtful)
    return Scene(
        light=lit,
        small=reduced(lit, light.SIDE),
        lab=lab,
        edges=edges,
        soft=borders.softness(regions.labels, edges),
        layout=regions,
        camera=camera.find(np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.uint8), regions),
    )
