"""The photo analysed, before anything is painted; the same for every variant."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from diffusion.domain import Restyling
from diffusion.lite import borders, boundary_refinement, camera, edge_evidence, grading, light, region_merging
from diffusion.lite.abstention import abstention_mask
from diffusion.lite.camera import Camera
from diffusion.lite.fallback_segmentation import fallback_layout
from diffusion.lite.labels import Label, Layout, layout
from diffusion.lite.layout_rules import apply_layout_rules
from diffusion.lite.morphology import Bits
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

    edges: Bits
    """h×w, 1 on and next to steps in `lab`."""

    soft: Floats
    """H×W, 0–1, where borders of the layout are drawn softly; see borders.softness."""

    layout: Layout

    camera: Camera


def analyse_scene(restyling: Restyling) -> Scene:
    """Analyses a photo with the maps that came with it."""
    photo = restyling.photo
    maps = restyling.maps
    lit = grading.graded(photo, restyling.style.light)
    lab = colour.lab(colour.linear(reduced(photo, LAB_SIDE)))
    edges = edge_evidence.edges(lab)
    rough = fallback_layout(photo) if maps.segmentation is None else layout(maps.segmentation, maps.confidence)
    whole, halves = region_merging.merge_regions(rough.labels, maps.segmentation, photo)
    left = halves if maps.confidence is None else halves | abstention_mask(whole, rough.confidence, photo)
    uncertain = np.where(left, whole, np.uint8(Label.OTHER))
    known = np.where(left, np.uint8(Label.OTHER), whole)
    labels = apply_layout_rules(boundary_refinement.refine_boundaries(known, photo, edges))
    regions = Layout(labels=labels, confidence=rough.confidence, uncertain=uncertain)
    return Scene(
        light=lit,
        small=reduced(lit, light.SIDE),
        lab=lab,
        edges=edges,
        soft=borders.softness(regions.labels, edges),
        layout=regions,
        camera=camera.find(np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.uint8), regions),
    )
