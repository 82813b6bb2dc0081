"""SAM 2.1 through the `sam2` package: the photo is encoded once, then all boxes at once.

Ravi et al., "SAM 2: Segment Anything in Images and Videos" (2024). A checkpoint holds tensors alone and is read with
`weights_only`. Hydra, which `sam2` builds its models with, sees nothing but the package's own configurations.
"""

import logging
import pickle
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from torch import Tensor

from detection.domain import Box
from servicekit.imaging.arrays import RGB, Mask
from servicekit.inference.hardware import Hardware, is_out_of_memory
from servicekit.weights import WeightsCorrupt

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of torch's own parts that it deprecates
    from sam2.build_sam import build_sam2
    from sam2.sam2_image_predictor import SAM2ImagePredictor

# `sam2` tells of every photo through the root logger itself; a filter there concerns nobody else's records
logging.getLogger().addFilter(lambda record: record.levelno >= logging.WARNING)

CONFIGURATIONS: Final[Mapping[int, str]] = {
    12: "configs/sam2.1/sam2.1_hiera_t.yaml",
    16: "configs/sam2.1/sam2.1_hiera_s.yaml",
    24: "configs/sam2.1/sam2.1_hiera_b+.yaml",
    48: "configs/sam2.1/sam2.1_hiera_l.yaml",
}
"""The package's own, by the number of blocks of the image encoder: a checkpoint does not name its own."""

SIDE: Final = 1024
"""Pixels of the square that the published models see."""

_BLOCKS: Final = "image_encoder.trunk.blocks."
_PATCHES: Final = "image_encoder.trunk.patch_embed.proj.weight"
_VIDEO_21: Final = "obj_ptr_tpos_proj.weight"
"""What SAM 2.1 has and SAM 2 has not."""
_UNREADABLE: Final = (OSError, ValueError, RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError)


class Sam2:
    """Turns boxes into masks."""

    def __init__(self, file: Path, hardware: Hardware) -> None:
        """Raises WeightsCorrupt, naming the file and what would be right in its place."""
        self._hardware = hardware
        try:
            configuration, width, side = _recognised(file)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # as above
                model = build_sam2(
                    configuration,
                    str(file),
                    device=str(hardware.device),
                    hydra_overrides_extra=overrides(width, side),
                )
                self._predictor: Any = SAM2ImagePredictor(model.requires_grad_(False))
                self._predictor._bb_feat_sizes = [(side // stride, side // stride) for stride in (4, 8, 16)]
        except _UNREADABLE as error:
            if is_out_of_memory(error):
                raise
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise WeightsCorrupt(f"{file} cannot be loaded as a SAM 2.1 checkpoint: {reason}") from error
        self._side = side

    @torch.inference_mode()
    def masks(self, photo: RGB, boxes: Sequence[Box]) -> Iterator[Mask]:
        """One mask of the photo's size a box, in their order; uncleaned, and none where there is no box."""
        if not boxes:
            return
        height, width = photo.shape[:2]
        shown = self._shown(photo)
        scale = np.array([shown.shape[1] / width, shown.shape[0] / height] * 2, dtype=np.float32)
        corners = np.array([[box.left, box.top, box.right, box.bottom] for box in boxes], dtype=np.float32) * scale
        half = self._hardware.dtype == torch.float16
        with torch.autocast(self._hardware.device.type, dtype=torch.float16, enabled=half):
            self._predictor.set_image(shown)
            logits, _scores, _small = self._predictor.predict(box=corners, multimask_output=False, return_logits=True)
        self._predictor.reset_predictor()
        for one in logits.reshape(len(boxes), *shown.shape[:2]):
            # enlarged one by one: all of them at the size of a large photo would not fit
            yield cv2.resize(one.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0

    def _shown(self, photo: RGB) -> RGB:
        """Of a photo that is larger than the model's square, as much as the model can see of it."""
        scale = self._side / max(photo.shape[:2])
        if scale >= 1:
            return np.ascontiguousarray(photo)
        size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
        return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))


def overrides(width: int, side: int) -> list[str]:
    """What a configuration needs for an image encoder of another width than its own, and pictures of another side."""
    return [
        f"++model.image_size={side}",
        f"++model.image_encoder.trunk.embed_dim={width}",
        f"++model.image_encoder.neck.backbone_channel_list={[width << stage for stage in (3, 2, 1, 0)]}",
    ]


def _recognised(file: Path) -> tuple[str, int, int]:
    """Configuration, width and side of a checkpoint; raises ValueError where it is no SAM 2.1's.

    Published ones are all for pictures of 1,024 pixels; another says so beside its tensors.
    """
    found = torch.load(file, map_location="meta", weights_only=True)
    tensors: Mapping[str, Tensor] = found.get("model", {}) if isinstance(found, Mapping) else {}
    blocks = {name.removeprefix(_BLOCKS).partition(".")[0] for name in tensors if name.startswith(_BLOCKS)}
    if _PATCHES not in tensors or len(blocks) not in CONFIGURATIONS:
        raise ValueError(
            "its tensors are not those of the published sam2.1_hiera_*.pt; transformers' form is not this one"
        )
    if _VIDEO_21 not in tensors:
        raise ValueError("it is SAM 2, not SAM 2.1; the published sam2.1_hiera_*.pt is needed")
    return CONFIGURATIONS[len(blocks)], int(tensors[_PATCHES].shape[0]), int(found.get("image_size", SIDE))
