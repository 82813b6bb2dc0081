"""All models of the service, loaded once and ready to run."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final

from diffusers import AutoencoderTiny

from diffusion.domain import Tier
from diffusion.sd import checkpoints, lama, recipes, safety, style_adapter
from diffusion.sd.control import ControlBranch
from diffusion.sd.deep_cache import DeepCache, SplitUNet
from diffusion.sd.graphs import CudaCapture, use_compiler, use_graphs
from diffusion.sd.lama import Lama, load_lama
from diffusion.sd.latents import Autoencoder, TinyAutoencoder
from diffusion.sd.letterbox import BUCKET, MULTIPLE
from diffusion.sd.lora import fuse_lora
from diffusion.sd.mlsd import LineDetector, load_line_detector
from diffusion.sd.networks import ControlNet, UNet
from diffusion.sd.openvino import backend
from diffusion.sd.options import Base, Control, Options, Structure
from diffusion.sd.previews import (
    HalfSizeTaesdPreviewDecoder,
    LinearPreviewDecoder,
    PreviewDecoder,
    TaesdPreviewDecoder,
)
from diffusion.sd.safety import SafetyChecker
from diffusion.sd.shortcuts import Shortcuts
from diffusion.sd.style_adapter import StyleAdapter
from diffusion.sd.text import TextEmbedder
from diffusion.sd.tiers import QUALITY, SamplingPreset, fast_preset
from servicekit.config.env import SettingsError
from servicekit.inference.engine import Model
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightStore

LINES: Final = "mlsd"
"""The store's name for what detects lines."""


@dataclass(frozen=True, kw_only=True)
class Models:
    """All models of the service."""

    text: TextEmbedder
    autoencoder: Autoencoder | TinyAutoencoder

    presets: Mapping[Tier, SamplingPreset]
    unets: Mapping[Tier, UNet]
    """One and the same for both tiers where the fast one has no LoRA."""

    split_unets: Mapping[Tier, SplitUNet] = field(default_factory=dict)
    """The same in two parts, of tiers whose steps reuse the deep one."""

    controls: Mapping[Control, ControlNet]
    preview_decoder: PreviewDecoder

    detector: LineDetector | None
    """Draws what the ControlNet on lines is shown; None where that is not loaded."""

    lama: Lama | None
    """Fills what `declutter` takes out; None where the store has none."""

    style_adapter: StyleAdapter | None
    """Takes the look of a picture; None where the store has none."""

    safety_checker: SafetyChecker | None
    """Looks at results; None where it is off."""

    scheduler: Mapping[str, Any]
    """The checkpoint's noise schedule."""

    base: Base
    """The base model, by its name in the store."""

    structure: Structure
    """What of the photo a restyled picture follows."""

    sides: Mapping[Tier, int]
    """Pictures are drawn with about side² pixels."""

    bucket: int
    """Sides of a drawn picture are multiples of it."""

    finished_side: int
    """Long side in pixels up to which a second pass draws detail; 0 for none."""

    window: int
    """Longest side in pixels that the UNet sees at a time in the second pass."""

    origins: Mapping[str, Model]
    """Repository and revision of each, by the store's names."""

    def deep_cache(self, tier: Tier) -> DeepCache | None:
        """An empty cache for one pass of a tier; None where every step computes all of the UNet."""
        shortcuts = self.presets[tier].shortcuts
        return DeepCache(unet=self.split_unets[tier], shortcuts=shortcuts) if shortcuts.deep_cache > 1 else None

    def info(
        self, tier: Tier, controls: Iterable[Control], *, previews: bool, styled: bool = False, filled: bool = False
    ) -> tuple[Model, ...]:
        """What takes part in a request of that tier, in the order of use.

        `previews` where it shows some, `styled` where it takes the look of a picture, `filled` where LaMa took part.
        """
        used = tuple(controls)
        tiny = isinstance(self.autoencoder, TinyAutoencoder)
        vae = checkpoints.TAESD if tiny else checkpoints.VAES.get(self.base, "")
        names = [self.base, vae, *(f"controlnet-{control}" for control in used), self.presets[tier].lora]
        if Control.MLSD in used:
            names.append(LINES)
        if styled:
            names.append(style_adapter.NAME)
        if filled:
            names.append(lama.NAME)
        if self.safety_checker is not None:
            names.append(safety.NAME)
        if previews and not tiny:
            names.append(checkpoints.TAESD)
        return tuple(self.origins[name] for name in names if name in self.origins)


@dataclass(frozen=True, kw_only=True)
class Networks:
    """What the denoising loop runs; see Models."""

    unets: Mapping[Tier, UNet]
    controls: Mapping[Control, ControlNet]
    split_unets: Mapping[Tier, SplitUNet] = field(default_factory=dict)


def load(options: Options, hardware: Hardware) -> Models:
    """Loads everything; raises WeightsMissing or WeightsCorrupt naming the file, SettingsError naming a setting."""
    if options.cuda_graphs and hardware.device.type != "cuda":
        raise SettingsError("MODOMO_DIFFUSION_CUDA_GRAPHS needs an NVIDIA GPU, and MODOMO_DIFFUSION_DEVICE found none")
    store = WeightStore(options.weights)
    fast = fast_preset(options.fast_lora, store, reduced=options.reduced)
    presets = _presets(options, fast)
    names = control_names(options, store)
    compiled = backend.compiled(options, store, hardware, lora=fast.lora, controls=names)
    unet = None if compiled is None else compiled.unet
    base = checkpoints.load_base(store, hardware, name=options.base, tiny=options.reduced, unet=unet)
    bucket = max(MULTIPLE, base.side * BUCKET // 512)
    networks = (
        Networks(unets=dict.fromkeys(Tier, compiled.unet), controls=compiled.controls)
        if compiled is not None
        else _load_networks(options, hardware, base=base, presets=presets, names=names, bucket=bucket)
    )
    vae = None if options.reduced else checkpoints.VAES.get(options.base)
    used = [options.base, *([vae] if vae else []), *names.values()] + ([fast.lora] if fast.lora else [])
    detector = None
    if Control.MLSD in names:
        detector = load_line_detector(store.file(LINES), hardware)
        used.append(LINES)
    preview_decoder: PreviewDecoder = LinearPreviewDecoder()
    if isinstance(base.vae, AutoencoderTiny):
        preview_decoder = HalfSizeTaesdPreviewDecoder(base.vae)
        used.append(checkpoints.TAESD)
    elif store.has(checkpoints.TAESD):
        preview_decoder = TaesdPreviewDecoder(checkpoints.load_tiny_autoencoder(store, hardware))
        used.append(checkpoints.TAESD)
    adapter = style_adapter.load_style_adapter(store, [*networks.unets.values()], hardware)
    if adapter is not None:
        used.append(style_adapter.NAME)
    filler = load_lama(store) if Control.INPAINT in names else None
    if filler is not None:
        used.append(lama.NAME)
    checker = None
    if options.safety == "check":
        checker = safety.load_safety_checker(store, hardware)
        used.append(safety.NAME)
    return Models(
        text=TextEmbedder(base.tokenizer, base.text_encoder),
        autoencoder=(
            TinyAutoencoder(base.vae)
            if isinstance(base.vae, AutoencoderTiny)
            else Autoencoder(base.vae, whole=base.side * 2)
        ),
        presets=presets,
        unets=networks.unets,
        split_unets=networks.split_unets,
        controls=networks.controls,
        preview_decoder=preview_decoder,
        detector=detector,
        lama=filler,
        style_adapter=adapter,
        safety_checker=checker,
        scheduler=base.scheduler,
        base=options.base,
        structure=options.structure,
        sides={
            Tier.QUALITY: options.side or (base.side if options.reduced else base.side * 3 // 2),
            Tier.FAST: min(options.side or base.side, base.side),
        },
        bucket=bucket,
        finished_side=0 if options.reduced else options.finished_side,
        window=base.side * 2,
        origins={name: store.model(name) for name in used},
    )


def control_names(options: Options, store: WeightStore) -> dict[Control, str]:
    """The store's names of the ControlNets to load: what the structure needs, and what else there is."""
    needed, optional = recipes.needed(options.structure), recipes.optional(options.structure)
    names = {control: f"controlnet-{control}" for control in Control if control in options.controlnets}
    return {
        control: name
        for control, name in names.items()
        if control in needed or (control in optional and not options.reduced and store.has(name))
    }


def _load_networks(
    options: Options,
    hardware: Hardware,
    *,
    base: checkpoints.Base,
    presets: Mapping[Tier, SamplingPreset],
    names: Mapping[Control, str],
    bucket: int,
) -> Networks:
    """Torch's, as the options want them run."""
    store = WeightStore(options.weights)
    nets = {
        control: checkpoints.load_controlnet(store, name, base.unet_config, hardware) for control, name in names.items()
    }
    quality = fast = base.unet
    lora = presets[Tier.FAST].lora
    if lora:
        if not options.reduced:  # there the quality tier needs no UNet of its own
            fast = deepcopy(quality)  # on the device: reading it once more takes longer
        fuse_lora(fast, store.file(lora))
    split = {tier: SplitUNet(quality) for tier, preset in presets.items() if preset.shortcuts.deep_cache > 1}
    modules = {quality, fast, *nets.values(), *split.values()}
    if options.compile:
        use_compiler(modules, graphs=options.cuda_graphs)
    elif options.cuda_graphs:
        use_graphs(modules, CudaCapture(hardware.device), bucket=bucket // MULTIPLE)
    return Networks(
        unets={Tier.QUALITY: quality, Tier.FAST: fast},
        controls={control: ControlBranch(net) for control, net in nets.items()},
        split_unets=split,
    )


def _presets(options: Options, fast: SamplingPreset) -> Mapping[Tier, SamplingPreset]:
    """Each tier's, with the shortcuts that are chosen; raises SettingsError for one that no tier could take."""
    shortcuts = Shortcuts(
        conditional_controls=options.conditional_controls,
        guidance_end=options.guidance_end,
        deep_cache=options.deep_cache,
    )
    quality = fast if options.reduced else QUALITY
    if not (quality.is_guided or fast.is_guided):
        for name, chosen in (
            ("CONDITIONAL_CONTROLS", shortcuts.conditional_controls),
            ("GUIDANCE_END", shortcuts.guidance_end < 1.0),
        ):
            if chosen:
                raise SettingsError(f"MODOMO_DIFFUSION_{name} is about guidance, and {fast.lora} runs without any")
    # between the few steps of a distilled UNet too much changes for one to reuse another's
    return {
        Tier.QUALITY: replace(quality, shortcuts=shortcuts),
        Tier.FAST: replace(fast, shortcuts=replace(shortcuts, deep_cache=1)),
    }
