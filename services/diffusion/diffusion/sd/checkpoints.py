"""Models from the local store, safetensors only, whole or not at all.

diffusers fills a weight that a file lacks with random numbers and goes on; here that is an error, as is a weight of
another shape or a file that cannot be read. Each ends in one line that names the directory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils.logging import disable_progress_bar

from diffusion.sd.networks import UNet
from servicekit.inference.hardware import Hardware, is_out_of_memory
from servicekit.weights import WeightsCorrupt, WeightStore

Module = TypeVar("Module", bound=torch.nn.Module)

BASE: Final = "sd15"
VAES: Final = {"realistic-vision": "vae-ft-mse"}
"""Autoencoders of bases that come without one."""
TAESD: Final = "taesd"
SD2_TEXT_WIDTH: Final = 1024
"""Of OpenCLIP's text encoder, which Stable Diffusion 2 was trained with; that of Stable Diffusion 1.5 is 768."""
HALF: Final = "fp16"
"""The variant that repositories name their half-precision files after."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """What every request needs."""

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    unet: Any
    """Diffusers' own, or what takes its place; see `networks.UNet`."""
    unet_config: Mapping[str, Any]
    vae: AutoencoderKL | AutoencoderTiny

    scheduler: dict[str, Any]
    """The checkpoint's noise schedule: betas and what the UNet predicts."""

    @property
    def side(self) -> int:
        """The side in pixels of the square that the UNet was trained on: 512 for Stable Diffusion 1.5."""
        return int(self.unet_config["sample_size"]) * self.cell

    @property
    def cell(self) -> int:
        """Pixels to a latent, along each axis."""
        return int(2 ** (len(self.vae.config["block_out_channels"]) - 1))


def load_base(
    store: WeightStore, hardware: Hardware, *, name: str = BASE, tiny: bool = False, unet: UNet | None = None
) -> Base:
    """Loads text encoder, UNet and autoencoder, TAESD with `tiny`; raises WeightsMissing or WeightsCorrupt.

    A `unet` that is given takes the place of the store's, which is not read then.
    """
    disable_progress_bar()  # type: ignore[no-untyped-call]  # unannotated; a bar would stand between the log's lines
    directory = store.path(name)
    base = Base(
        tokenizer=_read(
            directory / "tokenizer", lambda path: CLIPTokenizer.from_pretrained(path, local_files_only=True)
        ),
        text_encoder=_load(CLIPTextModel, directory / "text_encoder", hardware),
        unet=load_unet(store, hardware, name=name) if unet is None else unet,
        unet_config=unet_config(store, name),
        vae=load_tiny_autoencoder(store, hardware) if tiny else _load_autoencoder(store, hardware, name),
        scheduler=_read(directory / "scheduler", _scheduler_config),
    )
    width, expected = base.text_encoder.config.hidden_size, base.unet_config["cross_attention_dim"]
    if width != expected:
        raise WeightsCorrupt(f"{directory}: the text encoder is {width} wide, the UNet expects {expected}")
    return base


def _load_autoencoder(store: WeightStore, hardware: Hardware, name: str) -> AutoencoderKL:
    return _load(AutoencoderKL, store.path(VAES[name]) if name in VAES else store.path(name) / "vae", hardware)


def load_unet(store: WeightStore, hardware: Hardware, *, name: str = BASE) -> UNet2DConditionModel:
    """A UNet; raises as `load_base`."""
    unet_config(store, name)
    return _load(UNet2DConditionModel, store.path(name) / "unet", hardware)


def unet_config(store: WeightStore, name: str = BASE) -> Mapping[str, Any]:
    """What a UNet is like, without its weights; raises WeightsCorrupt for one that this engine cannot paint with."""
    directory = store.path(name) / "unet"
    config: Mapping[str, Any] = _read(directory, UNet2DConditionModel.load_config)
    _check_family(config, directory)
    return config


def _check_family(config: Mapping[str, Any], directory: Path) -> None:
    """Raises WeightsCorrupt for a UNet that this engine cannot paint with, before its gigabytes are read."""
    width, channels = config.get("cross_attention_dim"), config.get("in_channels")
    family = ""
    if config.get("addition_embed_type") == "text_time":
        family = "Stable Diffusion XL"
    elif width == SD2_TEXT_WIDTH:
        family = "Stable Diffusion 2"
    if family:
        raise WeightsCorrupt(
            f"{directory}: a UNet of {family}, and this engine runs Stable Diffusion 1.5: set MODOMO_DIFFUSION_BASE to "
            "one that the manifest has, and pull it"
        )
    if channels != 4:
        raise WeightsCorrupt(f"{directory}: a UNet with {channels} input channels is for another task; 4 are needed")


def load_controlnet(store: WeightStore, name: str, unet: Mapping[str, Any], hardware: Hardware) -> ControlNetModel:
    """A ControlNet; raises WeightsCorrupt for one that was made for another base model than that of a UNet's config."""
    directory = store.path(name)
    net = _load(ControlNetModel, directory, hardware)
    for key in ("cross_attention_dim", "block_out_channels", "layers_per_block", "in_channels"):
        own, expected = _plain(net.config[key]), _plain(unet[key])
        if own != expected:
            raise WeightsCorrupt(f"{directory}: made for another base model ({key} is {own}, the UNet has {expected})")
    if net.config["controlnet_conditioning_channel_order"] != "rgb" or net.config["global_pool_conditions"]:
        raise WeightsCorrupt(f"{directory}: a ControlNet of this kind is not supported")
    return net


def load_tiny_autoencoder(store: WeightStore, hardware: Hardware) -> AutoencoderTiny:
    """TAESD; raises WeightsMissing or WeightsCorrupt."""
    return _load(AutoencoderTiny, store.path(TAESD), hardware)


def load_module(kind: type[Module], directory: Path, hardware: Hardware) -> Module:
    """A model of any class that diffusers or transformers can load; raises WeightsCorrupt."""
    return _load(kind, directory, hardware)


def _load(kind: type[Module], directory: Path, hardware: Hardware) -> Module:
    variant = HALF if any(directory.glob(f"*.{HALF}.safetensors")) else None
    load: Any = kind.from_pretrained  # type: ignore[attr-defined]  # torch's Module lacks it, all that we load have it

    def read(path: Path) -> Module:
        loaded, report = load(
            path,
            dtype=hardware.dtype,
            variant=variant,
            local_files_only=True,
            use_safetensors=any(path.glob("*.safetensors")),
            output_loading_info=True,
        )
        lacking = sorted([*report["missing_keys"], *(str(one) for one in report["mismatched_keys"])])
        if lacking:
            raise ValueError(f"{len(lacking)} weights are missing or of another shape, the first {lacking[0]}")
        module: Module = loaded
        return module

    module: Module = _read(directory, read)
    module.eval().requires_grad_(False)
    module.to(hardware.device).to(memory_format=torch.channels_last)
    return module


def _read(directory: Path, reader: Callable[[Path], Any]) -> Any:  # noqa: ANN401 - whatever the reader makes
    try:
        return reader(directory)
    except Exception as error:  # the loaders raise whatever they trip over; the tokenizers' own is a bare Exception
        if is_out_of_memory(error):
            raise
        # only the first sentence: those after it advise callers of the library
        reason = " ".join(str(error).split()).split(". ")[0][:300] or type(error).__name__
        raise WeightsCorrupt(f"{directory} cannot be loaded: {reason}") from error


def _scheduler_config(directory: Path) -> dict[str, Any]:
    from diffusers import DDIMScheduler  # noqa: PLC0415 - any scheduler reads any other's file

    config = dict(DDIMScheduler.load_config(directory, local_files_only=True))
    if config.get("prediction_type", "epsilon") not in ("epsilon", "v_prediction"):
        raise ValueError(f"prediction_type {config['prediction_type']!r} is not supported")
    return config


def _plain(value: Any) -> Any:  # noqa: ANN401 - a configuration's values are of any kind
    return list(value) if isinstance(value, tuple | list) else value
