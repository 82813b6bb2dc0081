"""Pictures as arrays to tensors and back, and the control image of each ControlNet."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffusion.domain import Restyling
from diffusion.sd.edges import draw_canny
from diffusion.sd.letterbox import Letterbox
from diffusion.sd.mlsd import LineDetector
from diffusion.sd.options import Control
from diffusion.sd.recipes import Recipe
from servicekit.imaging.arrays import RGB, Mask
from servicekit.inference.hardware import Hardware
from servicekit.types import ade20k


def unit(picture: RGB, hardware: Hardware) -> Tensor:
    """H×W×3 0–255 to 1×3×H×W 0–1."""
    tensor = torch.from_numpy(np.ascontiguousarray(picture)).to(hardware.device)
    return (tensor.permute(2, 0, 1)[None].float() / 255).to(hardware.dtype)


def signed(picture: RGB, hardware: Hardware) -> Tensor:
    """H×W×3 0–255 to 1×3×H×W −1 to 1, as the autoencoder takes it."""
    return unit(picture, hardware) * 2 - 1


def rgb(picture: Tensor) -> RGB:
    """3×H×W −1 to 1 to H×W×3 0–255."""
    values = (picture.float() / 2 + 0.5).clamp(0, 1) * 255
    return np.ascontiguousarray(values.round().to(torch.uint8).permute(1, 2, 0).cpu().numpy())


def control_images(
    recipe: Recipe, restyling: Restyling, picture: RGB, letterbox: Letterbox, detector: LineDetector | None
) -> Iterator[tuple[Control, RGB]]:
    """What the ControlNets of a recipe are shown, of the letterbox's size, as they were trained to see it.

    `picture` is what the pass starts from, letterboxed. Edges and lines are drawn of the photo at the letterbox's size;
    depth and surfaces come with the request. A control that says nothing is left out: a map that was not sent, depth or
    edges that are the same everywhere, lines without a detector.
    """
    maps = restyling.maps
    for control in recipe:
        match control:
            case Control.DEPTH if maps.depth is not None and np.ptp(maps.depth) > 0:
                yield control, _grey(letterbox.place(_grey(maps.depth))[..., 0])
            case Control.SEGMENTATION if maps.segmentation is not None:
                yield control, letterbox.place_labels(_colours(maps.segmentation))
            case Control.CANNY:
                edges = draw_canny(letterbox.place(restyling.photo))
                if edges.any():
                    yield control, _grey(edges)
            case Control.MLSD if detector is not None:
                lines = detector.draw(letterbox.place(restyling.photo))
                if lines.any():
                    yield control, _grey(lines)
            case Control.TILE:
                yield control, picture


def masked(picture: Tensor, keep: Tensor) -> Tensor:
    """What the inpainting ControlNet is shown: a 1×3×H×W picture 0–1, −1 where it is to paint (1×1×H×W keep is 0)."""
    return torch.where(keep > 0.5, picture, torch.full_like(picture, -1.0))


def keep_tensor(keep: Mask, hardware: Hardware) -> Tensor:
    """H×W to 1×1×H×W, 1 where it is kept."""
    return torch.from_numpy(keep.astype(np.float32))[None, None].to(hardware.device, hardware.dtype)


def _grey(plane: NDArray[np.uint8]) -> RGB:
    return np.repeat(plane[..., None], 3, axis=2)


def _colours(labels: NDArray[np.uint8]) -> RGB:
    """ADE20K's colours; black, which is none of them, where the label is unknown."""
    known = labels < ade20k.CLASSES
    return np.where(known[..., None], ade20k.colourise(np.where(known, labels, 0).astype(np.uint8)), 0).astype(np.uint8)
