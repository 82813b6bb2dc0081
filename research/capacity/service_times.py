"""How long the parts of a job take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

T4_UNET_STEP: Final = 0.145
"""Seconds of a guided step of Stable Diffusion 1.5 at 512², fp16, on a T4; from diffusers' table of speeds."""

T4_CONTROLNET_STEP: Final = 0.060
"""Seconds that a ControlNet adds to such a step."""

T4_VAE: Final = 0.33 + 0.15
"""Seconds to decode the result and encode the photo; encoding in proportion to its operations."""

STEPS: Final = 21
"""That run: 24 of the quality tier, of which a strength of 0.9 leaves out the first."""

WINDOWS: Final = (0.8, 0.6, 0.5)
"""Shares of the steps after which depth, segmentation and edges let go: `edges` in `diffusion.sd.recipes`."""

FAST_STEPS: Final = 7
"""Of the fast tier: 8 with Hyper-SD's LoRA, at the same strength."""

T4_PER_H100: Final = 8.0
"""How much longer the vision models take on a T4 than was measured on an H100. An assumption: the cards' bandwidths
differ by 10, their tensor peaks by 15, and models this small wait for launches on the larger card."""

_YOLOE, _SAM, _SIGLIP, _DPT, _UPERNET = 0.0283, 0.0147, 0.0070, 0.0179, 0.0179
"""Seconds a photo on an H100 (BENCHMARKS.md); UPerNet was not timed and is taken for as slow as DPT."""


LINES: Final = ((0.0, 0.5), (0.1, 0.25))
"""From where to where, as shares of the steps, segmentation and straight lines steer the first pass: `lines` in
`diffusion.sd.recipes`, the default."""

FINISH_STEPS: Final = 8
"""Of the second pass: 24 at a strength of 0.36, each with the ControlNet of tiles."""

SQUARE_OF_GROWTH: Final = (0.146, 0.163)
"""Of a step's operations at 512², the share that grows with the square of the pixels (attention), for the UNet and for
a ControlNet; the rest grows with the pixels. From the operations that were counted at 512² and 768² (BENCHMARKS.md)."""

PHOTO_PIXELS: Final = 1024 * 768
"""Of a photo as the gateway keeps it."""


def growth(pixels: int, square: float) -> float:
    """How many times the work of 512² so many pixels are, where a share of it grows with their square."""
    times = pixels / 512**2
    return (1 - square) * times + square * times**2


def drawing(*, pixels: int, steps: int, windows: Sequence[tuple[float, float]]) -> float:
    """Seconds of one pass on a T4, each ControlNet in its window of the steps."""
    control_steps = sum(
        step / steps >= begin and (step + 1) / steps <= end + 1e-9 for begin, end in windows for step in range(steps)
    )
    unet, net = (growth(pixels, square) for square in SQUARE_OF_GROWTH)
    return steps * T4_UNET_STEP * unet + control_steps * T4_CONTROLNET_STEP * net + T4_VAE * pixels / 512**2


def two_passes() -> float:
    """Seconds of a picture as the default makes it: drawn with 768² pixels, and detail at the photo's size."""
    first = drawing(pixels=768**2, steps=STEPS, windows=LINES)
    return first + drawing(pixels=PHOTO_PIXELS, steps=FINISH_STEPS, windows=[(0.0, 1.0)])


def one_pass() -> float:
    """Seconds of a picture at 512² with three ControlNets."""
    return drawing(pixels=512**2, steps=STEPS, windows=[(0.0, end) for end in WINDOWS])


def fast() -> float:
    """Seconds of a picture of the fast tier, which needs Hyper-SD's LoRA."""
    return drawing(pixels=512**2, steps=FAST_STEPS, windows=LINES)


def predictions() -> dict[str, float]:
    """Seconds of a picture on a T4 by tier and size, as the model above has them."""
    edges = [(0.0, end) for end in WINDOWS]
    return {
        "fast tier, 512²": fast(),
        "fast tier, 768²": drawing(pixels=768**2, steps=FAST_STEPS, windows=LINES),
        "one pass, 512²": drawing(pixels=512**2, steps=STEPS, windows=LINES),
        "one pass, 512², three ControlNets": one_pass(),
        "one pass, 768²": drawing(pixels=768**2, steps=STEPS, windows=LINES),
        "one pass, 768², three ControlNets": drawing(pixels=768**2, steps=STEPS, windows=edges),
        "two passes, 768² and 1024×768": two_passes(),
    }


H100_SECONDS: Final = {"one pass, 512²": 0.97, "one pass, 512², three ControlNets": 1.26}
"""What was measured of these, 20 guided steps, two ControlNets for the first (BENCHMARKS.md). Nothing was on a T4."""


@dataclass(frozen=True, kw_only=True)
class ServiceTimes:
    """Seconds of each part of a job, alone on its device."""

    before: float = 0.10
    """Of the worker, from taking the job up to the first call: reading the photo, writing events."""

    detection: float = T4_PER_H100 * (_YOLOE + _SAM)

    maps: float = T4_PER_H100 * (_SIGLIP + _DPT + _UPERNET)
    """Room type, depth and segmentation."""

    restyling: float = two_passes()
    """Of one picture."""

    judging: float = T4_PER_H100 * 2 * (_DPT + _UPERNET)
    """Depth and segmentation of the photo and of the result."""

    after: float = 0.15
    """Of the worker, from the last answer to the ending: thumbnail, before and after, storing."""

    again: float = 0.05
    """Share of jobs whose first result is below the quality bar, so that it is made once more. An assumption."""

    known: float = 0.25
    """Share of jobs whose photo was seen before in another style: detection and maps are kept. An assumption."""

    @property
    def device(self) -> float:
        """Mean seconds of a T4 that a job of one picture needs, all models together."""
        return (1 - self.known) * (self.detection + self.maps) + (1 + self.again) * (self.restyling + self.judging)


@dataclass(frozen=True, kw_only=True)
class CpuSeconds:
    """CPU seconds of an image in the processes without a device, 13 looks at its status included.

    `make load LOAD="--noop --rate 1.5"` found 0.06, 0.04 and 0.01; here they are rounded up. The first look is that of
    `python -m tools.bench.first_look`.
    """

    gateway: float = 0.10
    worker: float = 0.06
    notifier: float = 0.02
    first_look: float = 0.65
