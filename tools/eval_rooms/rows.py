"""One photo, evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from diffusion.styles import Style
from servicekit.imaging.arrays import RGB, Mask
from servicekit.types import ade20k
from tools.eval_rooms import baseline, restyle_scores, scores
from tools.eval_rooms.engines import Engines, Seen
from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED, Photo, from_ade20k
from tools.eval_rooms.invented_edges import invented_edges
from tools.eval_rooms.stand_in import StandIn

NOTHING: Final = float("nan")
"""A figure that has nothing to stand on."""


@dataclass(frozen=True, kw_only=True)
class StyleRow:
    """One photo in one style; each figure may be NOTHING."""

    style: str
    gradient_correlation: float
    palette_share: float
    window_mean_difference: float
    wrongly_painted: float
    repainted: float
    """Share of the photo."""
    invented_edges: float
    """Share of the paint's borders; see invented_edges."""
    invented_length: float
    """The same in long sides."""
    wrong_by_stand_in: float
    """As wrongly_painted, against what the stand-in is sure of."""


@dataclass(frozen=True, kw_only=True)
class Surfaces:
    """How well the surfaces were told apart."""

    counts: NDArray[np.int64]
    """5×5, as scores.confusion."""

    sure: NDArray[np.float32]
    """Confidence of all pixels that were called a part of the building."""

    right: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Restyled:
    """A photo in every style."""

    rows: tuple[StyleRow, ...]
    style_distance: float
    kept_max_difference: float
    pictures: Mapping[str, RGB] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """All that is reported of one photo."""

    name: str
    size: tuple[int, int]
    """Width and height."""

    half: Literal["A", "B"] | None = None

    stand_in: NDArray[np.int64] | None = None
    """5×5, as scores.confusion, of the labels against what the stand-in is sure of."""

    surfaces: Surfaces | None = None
    guessed: NDArray[np.int64] | None = None
    """5×5: the counts of a guess by position."""

    depth: tuple[float, float] | None = None
    """AbsRel and Spearman."""
    ramp: tuple[float, float] | None = None
    """The same of a depth by position."""

    restyled: Restyled
    painted: Restyled
    """The baseline's."""
    painting_seconds: float

    def without_pictures(self) -> "Row":
        """The figures alone."""
        return replace(self, restyled=replace(self.restyled, pictures={}), painted=replace(self.painted, pictures={}))


async def evaluate(engines: Engines, photo: Photo, seen: Seen, *, number: int, stand_in: StandIn | None = None) -> Row:
    """Everything but the room type; `number` chooses the style that is repeated with something kept."""
    surely = None if stand_in is None else stand_in.surfaces(photo.rgb)
    start = perf_counter()
    painted = {name: baseline.restyled(photo.rgb, style) for name, style in engines.styles.items()}
    seconds = (perf_counter() - start) / len(painted)
    return Row(
        name=photo.name,
        size=(photo.rgb.shape[1], photo.rgb.shape[0]),
        half=photo.half,
        stand_in=None
        if surely is None or seen.maps.segmentation is None
        else scores.confusion(surely, from_ade20k(seen.maps.segmentation)),
        surfaces=_surfaces(photo, seen),
        guessed=None
        if photo.surfaces is None
        else scores.confusion(photo.surfaces, baseline.surfaces(photo.rgb.shape)),
        depth=_depth(photo, seen.maps.depth),
        ramp=_depth(photo, baseline.inverse_depth(photo.rgb.shape)),
        restyled=await _restyled(engines, photo, seen, surely, number=number),
        painted=_measured(photo, seen, surely, engines.styles, painted, edges=False),
        painting_seconds=seconds,
    )


async def _restyled(
    engines: Engines, photo: Photo, seen: Seen, surely: NDArray[np.uint8] | None, *, number: int
) -> Restyled:
    results = {}
    for style in engines.styles:
        result = await engines.restyle(photo.rgb, seen, style)
        if result.repainted is None:
            raise RuntimeError("the engine does not tell what it repainted")
        results[style] = (result.images[0], result.repainted)
    kept = _largest_object(seen)
    difference = NOTHING
    if kept is not None:
        style = list(engines.styles)[number % len(engines.styles)]
        result = await engines.restyle(photo.rgb, seen, style, keep=kept)
        difference = restyle_scores.greatest_difference(photo.rgb, result.images[0], kept)
    return _measured(photo, seen, surely, engines.styles, results, kept_difference=difference)


def _measured(
    photo: Photo,
    seen: Seen,
    surely: NDArray[np.uint8] | None,
    styles: Mapping[str, Style],
    results: Mapping[str, tuple[RGB, NDArray[np.uint8]]],
    *,
    kept_difference: float = NOTHING,
    edges: bool = True,
) -> Restyled:
    """Results are pictures with what was repainted as what; their edges take time, the baseline's tell nothing."""
    panes = photo.panes
    if panes is None:
        panes = np.asarray(seen.maps.segmentation == ade20k.index("windowpane"))
    repainted = {style: surface != ade20k.UNKNOWN for style, (_picture, surface) in results.items()}
    pictures = {style: picture for style, (picture, _surface) in results.items()}
    invented = {style: invented_edges(photo.rgb, picture, surface) for style, (picture, surface) in results.items()}
    rows = tuple(
        StyleRow(
            style=style,
            gradient_correlation=restyle_scores.gradient_correlation(photo.rgb, picture),
            palette_share=restyle_scores.palette_share(picture, repainted[style], styles[style].palette.colors),
            window_mean_difference=restyle_scores.window_mean_difference(photo.rgb, picture, panes),
            wrongly_painted=(
                NOTHING if photo.surfaces is None else restyle_scores.wrongly_painted(surface, photo.surfaces)
            ),
            repainted=float(repainted[style].mean()),
            invented_edges=invented[style][0],
            invented_length=invented[style][1],
            wrong_by_stand_in=NOTHING if surely is None else restyle_scores.wrongly_painted(surface, surely),
        )
        for style, (picture, surface) in results.items()
    )
    return Restyled(
        rows=rows,
        style_distance=restyle_scores.style_distance(pictures, repainted),
        kept_max_difference=kept_difference,
        pictures=pictures,
    )


def _surfaces(photo: Photo, seen: Seen) -> Surfaces | None:
    if photo.surfaces is None or seen.maps.segmentation is None or seen.maps.confidence is None:
        return None
    found = from_ade20k(seen.maps.segmentation)
    known = photo.surfaces != UNLABELLED
    building = known & (found != SURFACES.index("furniture"))  # furniture is more than one label
    return Surfaces(
        counts=scores.confusion(photo.surfaces, found),
        sure=seen.maps.confidence[building],
        right=(found == photo.surfaces)[building],
    )


def _depth(photo: Photo, inverse: NDArray[np.uint8] | NDArray[np.float32] | None) -> tuple[float, float] | None:
    if photo.depth is None or inverse is None:
        return None
    return scores.depth_errors(photo.depth, inverse.astype(np.float32))


def _largest_object(seen: Seen) -> Mask | None:
    masks = [one.mask for one in seen.detections.values() if one.mask is not None]
    fitting = [mask for mask in masks if mask.mean() < 0.6]
    return max(fitting, key=lambda mask: int(mask.sum()), default=None)
