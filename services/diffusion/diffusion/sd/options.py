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
    MLSD = "mlsd"
    INPAINT = "inpaint"
    TILE = "tile"


class Structure(StrEnum):
    """What of the photo a restyled picture follows; `recipes` says how strongly."""

    LINES = "lines"
    """Where surfaces lie and the room's straight lines: old furniture and textures are not traced."""
    EDGES = "edges"
    """Depth, surfaces and all edges: furniture keeps its shape."""
    DEPTH = "depth"
    """Depth alone, by one ControlNet."""
    SURFACES = "surfaces"
    """Where surfaces lie alone, by one ControlNet."""


Base: TypeAlias = Literal["realistic-vision", "dreamshaper", "sd15"]
"""The base model, by its name in the store of weights."""
Safety: TypeAlias = Literal["off", "check"]
"""Whether results are looked at before they leave."""
Backend: TypeAlias = Literal["auto", "torch", "openvino"]
"""What computes UNet and ControlNets."""
FastLora: TypeAlias = Literal["auto", "hyper-sd", "lcm-lora", "none"]

SIDES: Final = range(256, 1025, 8)
MOST_FINISHED: Final = 2048
DEEP_CACHE: Final = range(1, 6)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What an operator may choose."""

    weights: Path
    """Directory of the local store of weights."""

    device: str = "auto"
    """`cuda`, `cuda:1`, `cpu`; `auto` takes a GPU where there is one."""

    base: Base = "realistic-vision"
    """Which Stable Diffusion 1.5 paints."""

    structure: Structure = Structure.LINES
    """What of the photo a restyled picture follows."""

    controlnets: tuple[Control, ...] = tuple(Control)
    """ControlNets that may be used; those among them that `structure` asks for are loaded."""

    fast_lora: FastLora = "auto"
    """For the fast tier; `auto` takes the first that the store has, none means fewer steps without one."""

    side: int = 0
    """Pictures are worked on with about side² pixels; 0 is the model's own side for the fast tier, 512, and half as
    much again for the quality tier."""

    finished_side: int = MOST_FINISHED
    """Long side in pixels up to which the quality tier's second pass draws detail; 0 leaves that pass out."""

    variants_at_once: int = 0
    """Variants worked on in one batch; 0 measures what fits the device's memory."""

    safety: Safety = "off"
    """`check` refuses results that the safety checker takes for nudity, and shows no previews on the way."""

    compile: bool = False
    """Compile UNet and ControlNets with torch.compile: the first request of every picture size takes a minute. With
    `cuda_graphs` in the mode `reduce-overhead`, which makes the graphs itself."""

    cuda_graphs: bool = False
    """Launch UNet and ControlNets as one CUDA graph each, captured once for every bucket of sizes; CUDA alone."""

    conditional_controls: bool = False
    """Run ControlNets on guidance's conditional half only: half their cost, and guidance strengthens what they say."""

    guidance_end: float = 1.0
    """Share of a pass's steps after which guidance ends, 0–1: those after it cost half. 1 guides all."""

    deep_cache: int = 1
    """The quality tier computes the UNet's deep blocks and the ControlNets in every `deep_cache`-th step only, 1–5."""

    reduced: bool = False
    """Reduced to what a machine without a GPU can do: the fast tier serves the quality tier too, in LCM-LoRA's fewest
    steps, TAESD is the autoencoder, and a processor that computes in bfloat16 does."""

    backend: Backend = "auto"
    """What computes UNet and ControlNets where `reduced`: `auto` takes OpenVINO where it is installed, the networks are
    converted and nothing is chosen that it cannot run, else torch; `openvino` has to be possible."""

    def __post_init__(self) -> None:
        """Raises ValueError naming the field."""
        if self.side and self.side not in SIDES:
            raise ValueError(f"side must be 0 or a multiple of 8 in {SIDES.start}–{SIDES.stop - 1}, not {self.side}")
        if not 0 <= self.finished_side <= MOST_FINISHED:
            raise ValueError(f"finished_side must lie in 0–{MOST_FINISHED}, not {self.finished_side}")
        if not 0 <= self.variants_at_once <= 4:
            raise ValueError(f"variants_at_once must lie in 0–4, not {self.variants_at_once}")
        if not 0.0 <= self.guidance_end <= 1.0:
            raise ValueError(f"guidance_end must lie in 0–1, not {self.guidance_end}")
        if self.deep_cache not in DEEP_CACHE:
            raise ValueError(f"deep_cache must lie in {DEEP_CACHE.start}–{DEEP_CACHE.stop - 1}, not {self.deep_cache}")
        if self.cuda_graphs and self.device == "cpu":
            raise ValueError("cuda_graphs needs a CUDA device, and device is cpu")
        if self.reduced and self.deep_cache > 1:
            raise ValueError("deep_cache is for the quality tier's 24 steps, and reduced leaves the fast tier's alone")
