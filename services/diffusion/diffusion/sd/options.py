"""What an operator may choose about Stable Diffusion. Imports nothing heavy: settings read it without torch."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, TypeAlias


class Control(StrEnum):
    """What a ControlNet was trained to follow."""

    DEPTH = "depth"
    CANNY = "canny"
    SEGMENTATION = "segmentation"
    INPAINT = "inpaint"


FastLora: TypeAlias = Literal["auto", "hyper-sd", "lcm-lora", "none"]

SIDES: Final = range(256, 1025, 8)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What an operator may choose."""

    weights: Path
    """Directory of the local store of weights."""

    device: str = "auto"
    """`cuda`, `cuda:1`, `cpu`; `auto` takes a GPU where there is one."""

    controlnets: tuple[Control, ...] = tuple(Control)
    """Those to load; a request uses the ones that it has a map for."""

    fast_lora: FastLora = "auto"
    """For the fast tier; `auto` takes the first that the store has, none means fewer steps without one."""

    side: int = 0
    """Pictures are worked on with about side² pixels; 0 is the model's own side, 512."""

    variants_at_once: int = 0
    """Variants worked on in one batch; 0 measures what fits the device's memory."""

    compile: bool = False
    """Compile UNet and ControlNets with torch.compile: the first request of every picture size takes a minute."""

    def __post_init__(self) -> None:
        """Raises ValueError naming the field."""
        if self.side and self.side not in SIDES:
            raise ValueError(f"side must be 0 or a multiple of 8 in {SIDES.start}–{SIDES.stop - 1}, not {self.side}")
        if not 0 <= self.variants_at_once <= 4:
            raise ValueError(f"variants_at_once must lie in 0–4, not {self.variants_at_once}")
