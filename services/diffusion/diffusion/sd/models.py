"""All models of the service, loaded once and ready to run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diffusers import UNet2DConditionModel

from diffusion.domain import Tier
from diffusion.sd import checkpoints
from diffusion.sd.control import ControlBranch
from diffusion.sd.latents import Autoencoder
from diffusion.sd.lora import fuse_lora
from diffusion.sd.options import Control, Options
from diffusion.sd.previews import LinearPreviewDecoder, PreviewDecoder, TaesdPreviewDecoder
from diffusion.sd.text import TextEmbedder
from diffusion.sd.tiers import QUALITY, SamplingPreset, fast_preset
from servicekit.inference.engine import Model
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightStore


@dataclass(frozen=True, kw_only=True)
class Models:
    """All models of the service."""

    text: TextEmbedder
    autoencoder: Autoencoder

    presets: Mapping[Tier, SamplingPreset]
    unets: Mapping[Tier, UNet2DConditionModel]
    """One and the same for both tiers where the fast one has no LoRA."""

    controls: Mapping[Control, ControlBranch]
    preview_decoder: PreviewDecoder

    scheduler: Mapping[str, Any]
    """The checkpoint's noise schedule."""

    side: int
    """Pictures are worked on with about side² pixels."""

    origins: Mapping[str, Model]
    """Repository and revision of each, by the store's names."""

    def info(self, tier: Tier, controls: Iterable[Control], *, previews: bool) -> tuple[Model, ...]:
        """What takes part in a request of that tier, in the order of use; `previews` where it shows some."""
        names = [checkpoints.BASE, *(f"controlnet-{control}" for control in controls), self.presets[tier].lora]
        if previews:
            names.append(checkpoints.TAESD)
        return tuple(self.origins[name] for name in names if name in self.origins)


def load(options: Options, hardware: Hardware) -> Models:
    """Loads everything; raises WeightsMissing or WeightsCorrupt naming the file."""
    store = WeightStore(options.weights)
    base = checkpoints.load_base(store, hardware)
    names = {control: f"controlnet-{control}" for control in options.controlnets}
    nets = {control: checkpoints.load_controlnet(store, name, base, hardware) for control, name in names.items()}
    fast = fast_preset(options.fast_lora, store)
    fast_unet = base.unet
    if fast.lora:
        fast_unet = checkpoints.load_unet(store, hardware)
        fuse_lora(fast_unet, store.file(fast.lora))
    if options.compile:
        for module in {base.unet, fast_unet, *nets.values()}:
            module.compile()
    used = [checkpoints.BASE, *names.values()] + ([fast.lora] if fast.lora else [])
    preview_decoder: PreviewDecoder = LinearPreviewDecoder()
    if store.has(checkpoints.TAESD):
        preview_decoder = TaesdPreviewDecoder(checkpoints.load_tiny_autoencoder(store, hardware))
        used.append(checkpoints.TAESD)
    return Models(
        text=TextEmbedder(base.tokenizer, base.text_encoder),
        autoencoder=Autoencoder(base.vae),
        presets={Tier.QUALITY: QUALITY, Tier.FAST: fast},
        unets={Tier.QUALITY: base.unet, Tier.FAST: fast_unet},
        controls={control: ControlBranch(net) for control, net in nets.items()},
        preview_decoder=preview_decoder,
        scheduler=base.scheduler,
        side=options.side or base.side,
        origins={name: store.model(name) for name in used},
    )
