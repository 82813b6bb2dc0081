"""A room's straight lines, by M-LSD's tiny network.

Gu et al., "Towards Light-weight and Real-time Line Segment Detection" (AAAI 2022). On a grid of half the picture's size
the network tells of every cell how likely a segment has its centre there, and how far off its two ends lie. A centre
counts where it is the most likely one among its neighbours.

Layers bear the names of the published weights (github.com/lhwcv/mlsd_pytorch).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from servicekit.imaging.arrays import RGB, Grey
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt

MULTIPLE: Final = 64
"""Sides in pixels that the network is run at are multiples of it, as the reference annotator's are."""
MOST_LINES: Final = 200
LEAST_SCORE: Final = 0.1
"""Probability of a centre from which on its segment counts; this and the next are the reference annotator's."""
LEAST_LENGTH: Final = 0.1
"""Of a segment, in cells."""
NEIGHBOURS: Final = 3
"""Side of the square in which a centre has to be the most likely one, in cells."""

_STAGES: Final = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2))
"""MobileNetV2's first ones: expansion, channels, blocks, stride of the first block."""
_TAKEN: Final = (3, 6, 10)
"""Blocks whose features are read: at a quarter, an eighth and a sixteenth of the picture's size."""


class LineDetector:
    """Finds line segments and draws them."""

    def __init__(self, network: nn.Module, hardware: Hardware) -> None:
        self._network = network
        self._hardware = hardware

    def draw(self, photo: RGB) -> Grey:
        """H×W, 255 on a line, one pixel wide."""
        drawn = np.zeros(photo.shape[:2], dtype=np.uint8)
        for left, top, right, bottom in self.lines(photo).astype(int).tolist():
            cv2.line(drawn, (left, top), (right, bottom), 255, 1)
        return drawn

    @torch.inference_mode()
    def lines(self, photo: RGB) -> NDArray[np.float64]:
        """K×4, the ends x, y, x, y of each segment in pixels, the likeliest first."""
        height, width = photo.shape[:2]
        size = [max(1, round(side / MULTIPLE)) * MULTIPLE for side in (height, width)]
        scaled = photo if size == [height, width] else cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA)
        # the fourth channel is 1 everywhere before it is brought to −1…1, as in the network's training
        channels = np.concatenate([scaled, np.ones((*size, 1), np.uint8)], axis=2).transpose(2, 0, 1)
        pixels = torch.from_numpy(np.ascontiguousarray(channels)).to(self._hardware.device).float() / 127.5 - 1
        cells = decode(self._network(pixels[None])[0].cpu())
        return np.asarray(cells * 2 * np.array([width / size[1], height / size[0]] * 2), dtype=np.float64)


def decode(answer: Tensor) -> NDArray[np.float64]:
    """9×h×w of the network to K×4 ends x, y, x, y in cells, the likeliest first; further channels are not read."""
    likely = torch.sigmoid(answer[0])
    highest = F.max_pool2d(likely[None], NEIGHBOURS, stride=1, padding=NEIGHBOURS // 2)[0]
    likely = torch.where(likely == highest, likely, 0.0)
    scores, indices = torch.topk(likely.flatten(), min(MOST_LINES, likely.numel()))
    rows, columns = indices // likely.shape[1], indices % likely.shape[1]
    ends = answer[1:5, rows, columns].T
    length = (ends[:, :2] - ends[:, 2:]).norm(dim=1)
    found = (scores > LEAST_SCORE) & (length > LEAST_LENGTH)
    centres = torch.stack([columns, rows, columns, rows], dim=1)
    return np.asarray((centres + ends)[found].numpy(), dtype=np.float64)


def load_line_detector(file: Path, hardware: Hardware) -> LineDetector:
    """From a file of tensors alone; raises WeightsCorrupt naming it."""
    network = MlsdTiny()
    try:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # unpickling raises whatever it trips over
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise WeightsCorrupt(f"{file} cannot be loaded as M-LSD's tiny network: {reason}") from error
    network.eval().requires_grad_(False)
    return LineDetector(network.to(hardware.device), hardware)


class MlsdTiny(nn.Module):
    """B×4×H×W, −1 to 1, to B×9×H/2×W/2: centre, two ends (x, y, x, y), and what only training needs."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = _Backbone()
        self.block12 = _Merge(32, 64, 64)
        self.block13 = _Widen(128, 64)
        self.block14 = _Merge(24, 64, 32)
        self.block15 = _Widen(64, 64)
        self.block16 = _Head(64, 16)

    def forward(self, pixels: Tensor) -> Tensor:
        """See the class."""
        quarter, eighth, sixteenth = self.backbone(pixels)
        merged = self.block13(self.block12(eighth, sixteenth))
        answer = self.block16(self.block15(self.block14(quarter, merged)))
        return _doubled(answer[:, 7:])


class _Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_normalised(4, 32, stride=2)]
        channels = 32
        for expansion, wanted, count, stride in _STAGES:
            for number in range(count):
                blocks.append(_Inverted(channels, wanted, expansion, stride if number == 0 else 1))
                channels = wanted
        self.features = nn.Sequential(*blocks)

    def forward(self, pixels: Tensor) -> Sequence[Tensor]:
        taken = []
        for number, block in enumerate(self.features):
            pixels = block(pixels)
            if number in _TAKEN:
                taken.append(pixels)
        return taken


class _Inverted(nn.Module):
    """MobileNetV2's inverted residual."""

    def __init__(self, channels: int, wanted: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = channels * expansion
        layers: list[nn.Module] = [_normalised(channels, wide, kernel=1)] if expansion > 1 else []
        layers += [
            _normalised(wide, wide, stride=stride, groups=wide),
            nn.Conv2d(wide, wanted, 1, bias=False),
            nn.BatchNorm2d(wanted),
        ]
        self.conv = nn.Sequential(*layers)
        self._added = stride == 1 and channels == wanted

    def forward(self, features: Tensor) -> Tensor:
        changed: Tensor = self.conv(features)
        return features + changed if self._added else changed


class _PaddedConv(nn.Conv2d):
    """A convolution of stride 2 that pads below and to the right, as TensorFlow does: the network was trained there."""

    def forward(self, features: Tensor) -> Tensor:
        return super().forward(F.pad(features, (0, 1, 0, 1)))


def _normalised(channels: int, wanted: int, *, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = (
        _PaddedConv(channels, wanted, kernel, 2, 0, groups=groups, bias=False)
        if stride == 2
        else nn.Conv2d(channels, wanted, kernel, 1, kernel // 2, groups=groups, bias=False)
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(wanted), nn.ReLU6(inplace=True))


class _Merge(nn.Module):
    """Joins finer features with coarser ones."""

    def __init__(self, fine: int, coarse: int, wanted: int) -> None:
        super().__init__()
        self.conv1 = _convolved(coarse, wanted, kernel=1)
        self.conv2 = _convolved(fine, wanted, kernel=1)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        return torch.cat([self.conv2(fine), _doubled(self.conv1(coarse))], dim=1)


class _Widen(nn.Module):
    def __init__(self, channels: int, wanted: int) -> None:
        super().__init__()
        self.conv1 = _convolved(channels, channels)
        self.conv2 = _convolved(channels, wanted)

    def forward(self, features: Tensor) -> Tensor:
        merged: Tensor = self.conv2(self.conv1(features) + features)
        return merged


class _Head(nn.Module):
    def __init__(self, channels: int, wanted: int) -> None:
        super().__init__()
        self.conv1 = _convolved(channels, channels, dilation=5)
        self.conv2 = _convolved(channels, channels)
        self.conv3 = nn.Conv2d(channels, wanted, 1)

    def forward(self, features: Tensor) -> Tensor:
        answer: Tensor = self.conv3(self.conv2(self.conv1(features)))
        return answer


def _convolved(channels: int, wanted: int, *, kernel: int = 3, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(channels, wanted, kernel, padding=padding, dilation=dilation), nn.BatchNorm2d(wanted), nn.ReLU()
    )


def _doubled(features: Tensor) -> Tensor:
    return F.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=True)
