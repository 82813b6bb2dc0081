"""Diffusion's settings, read from `MODOMO_DIFFUSION_*`."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Literal

from diffusion.sd.options import MOST_FINISHED, Backend, Base, Control, FastLora, Options, Safety, Structure
from servicekit.config import env
from servicekit.config.settings import ProcessSettings

PREFIX: Final = "MODOMO_DIFFUSION_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings):
    """Diffusion's settings."""

    listen: str = "127.0.0.1:50053"
    """`host:port` of the gRPC server."""

    engine: Literal["lite", "torch", "modal"] = "lite"
    """What restyles; previews always come from the lite engine."""

    queue_limit: int = 16
    """Requests that may wait for the device, or be under way on Modal; more are refused with RESOURCE_EXHAUSTED."""

    threads: int = 1
    """Requests that the lite engine works on at a time."""

    styles: Path | None = None
    """A directory with more styles, one TOML file each; None for the package's own alone."""

    weights: Path = env.shared(Path("weights"))
    """Directory of the local store of weights, for the torch engine as all that follows."""

    device: str = "auto"
    """`cuda`, `cuda:1`, `cpu`; `auto` takes a GPU where there is one."""

    base: Base = "realistic-vision"
    """Which Stable Diffusion 1.5 paints, by its name in the store: `realistic-vision`, `dreamshaper` or `sd15`."""

    structure: Structure = Structure.LINES
    """What of the photo a restyled picture follows: `lines` (surfaces and the room's straight lines, as published
    interior pipelines do), `edges` (depth, surfaces and Canny's edges: furniture keeps its shape), or one ControlNet
    alone, `depth` or `surfaces`."""

    controlnets: tuple[Control, ...] = tuple(Control)
    """ControlNets that may be used; those among them that `structure` asks for are loaded."""

    fast_lora: FastLora = "auto"
    """For the fast tier: `hyper-sd`, `lcm-lora`, `none`; `auto` takes the first of them that the store has."""

    side: int = 0
    """Pictures are drawn with about side² pixels; 0 is 768 for the quality tier and 512 for the fast one."""

    finished_side: int = MOST_FINISHED
    """Long side in pixels up to which the quality tier's second pass draws detail; 0 leaves that pass out."""

    variants_at_once: int = 0
    """Variants worked on in one batch, 1–4; 0 measures at the start what fits the device's memory."""

    safety: Safety = "off"
    """`check` has the safety checker look at every result: a job with one that it refuses fails. Previews on the way,
    which nobody has looked at, are left out then."""

    compile: bool = False
    """Compile the models: faster, after about a minute for the first picture of every size."""

    cuda_graphs: bool = False
    """One CUDA graph a model and size in place of a thousand launches; with `compile` torch makes the graphs."""

    conditional_controls: bool = False
    """ControlNets run on guidance's conditional half only, at half their cost; pictures change."""

    guidance_end: float = 1.0
    """Share of the steps after which guidance ends, 0–1; steps after it cost half, and pictures change."""

    deep_cache: int = 1
    """The quality tier computes the UNet's deep blocks and the ControlNets in every so many steps, 1–5; pictures
    change above 1."""

    reduced: bool = False
    """Reduced to what a machine without a GPU can do: the fast tier serves the quality tier too, LCM-LoRA in its fewest
    steps, TAESD in place of the autoencoder, bfloat16 where the processor computes in it."""

    backend: Backend = "auto"
    """What computes UNet and ControlNets where `reduced`: `torch`; `openvino`, from networks that
    `python -m diffusion.sd.openvino` has converted; `auto` takes `openvino` where these are there."""

    modal: str = env.shared("modomo")
    """Name of the app on Modal (deploy/modal), for the modal engine."""

    def __post_init__(self) -> None:
        """Raises ValueError naming the field."""
        self.torch_options()

    def torch_options(self) -> Options:
        """What concerns the torch engine."""
        return Options(**{field.name: getattr(self, field.name) for field in fields(Options)})
