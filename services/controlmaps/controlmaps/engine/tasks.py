"""What the models are asked, wherever they run: a batch of photos of one working size in, arrays out.

    task            pixels, uint8   answers
    classification  B×224×224×3     logits B×10 float32: one a room type, the last for all that is no room
    depth           B×H×W×3         inverse depth B×H×W float32, near is large
    segmentation    B×H×W×3         labels B×H×W uint8 (ADE20K 0–149), confidence B×H×W float32 (0–1)

Each model is one network from pixels to answers, normalisation included, so that it can be exported whole.
"""

from enum import StrEnum
from typing import Final, Literal, TypeAlias

from controlmaps.engine.resizing import Fit, Fixed, WorkingSize

DepthModel: TypeAlias = Literal["dpt", "depth-anything-small"]
SegmentationModel: TypeAlias = Literal["upernet", "upernet-tiny"]


class Task(StrEnum):
    """What a model does; the name of its Triton model, too."""

    CLASSIFICATION = "classification"
    DEPTH = "depth"
    SEGMENTATION = "segmentation"


INPUT: Final = "pixels"
OUTPUTS: Final = {
    Task.CLASSIFICATION: ("logits",),
    Task.DEPTH: ("inverse_depth",),
    Task.SEGMENTATION: ("labels", "confidence"),
}

_DEPTH_SIZES: Final[dict[DepthModel, WorkingSize]] = {
    "dpt": Fixed(height=384, width=384),
    "depth-anything-small": Fit(shorter=518, longer=1036, multiple=14),
}


_REDUCED_DEPTH_SIZES: Final[dict[DepthModel, WorkingSize]] = {
    "dpt": _DEPTH_SIZES["dpt"],
    "depth-anything-small": Fit(shorter=392, longer=784, multiple=14),
}


def working_sizes(depth_model: DepthModel, *, reduced: bool = False) -> dict[Task, WorkingSize]:
    """The size that each task's model works at; `reduced`, that of a picture drawn at 512², in half the time."""
    return {
        Task.CLASSIFICATION: Fixed(height=224, width=224),
        Task.DEPTH: (_REDUCED_DEPTH_SIZES if reduced else _DEPTH_SIZES)[depth_model],
        Task.SEGMENTATION: Fit(shorter=384 if reduced else 512, longer=768 if reduced else 1024, multiple=32),
    }
