"""How far our pictures are from those of the stock pipelines: `python -m tools.gpu.parity` prints the table.

Same weights, same seeds, same control pictures; tiny models of the same classes, single precision, on the host. What
is compared is the decoded picture on a scale of 0 to 1, before it is rounded to bytes. Cases come in two kinds: every
mode, sampler and number of ControlNets, and what requests in production are like.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffusion.domain import Restyling, Result, Tier
from diffusion.sd import checkpoints, latents, tensors
from diffusion.sd import models as ours
from diffusion.sd.deep_cache import SplitUNet
from diffusion.sd.latents import Autoencoder, TinyAutoencoder
from diffusion.sd.options import Base, Control, FastLora, Options, Structure
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.sd.plan import Mode, plan
from diffusion.sd.schedulers import Sampler
from diffusion.sd.shortcuts import Shortcuts
from diffusion.sd.tiers import FEWEST, HYPER_SD, LCM, QUALITY, SamplingPreset
from servicekit.inference import hardware
from servicekit.weights import WeightStore

from .requests import restyling, style
from .stock import StockModels, stock_arguments, stock_pipeline

MAPS = (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)
STEPS = 3
SEED = 11
BASE: Base = "sd15"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison."""

    mode: Mode
    controls: Sequence[Control]

    structure: Structure = Structure.EDGES
    preset: SamplingPreset = field(default_factory=lambda: _preset(Sampler.DPMPP_2M))
    strength: float = 0.7
    variants: int = 1
    reduced: bool = False
    """Whether TAESD is the autoencoder, and one UNet serves both tiers."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the request, over the usual ones."""
    what: str = ""
    """Of a case of production: what it is about."""

    @property
    def name(self) -> str:
        """For tables and tests."""
        return self.what or f"{self.mode}-{self.strength:g}-{self.preset.sampler}-{'+'.join(self.controls) or 'none'}"


def cases() -> Iterator[Case]:
    """Every mode, sampler and number of ControlNets; inpainting with its own ControlNet and from pure noise too."""
    for sampler in Sampler:
        preset = _preset(sampler)
        for count in range(len(MAPS) + 1):
            controls = MAPS[:count]
            yield Case(mode=Mode.TEXT, preset=preset, controls=controls, strength=1.0)
            yield Case(mode=Mode.IMAGE, preset=preset, controls=controls)
            yield Case(mode=Mode.INPAINT, preset=preset, controls=controls)
        yield Case(mode=Mode.INPAINT, preset=preset, controls=(*MAPS, Control.INPAINT))
        yield Case(mode=Mode.INPAINT, preset=preset, controls=(MAPS[0], Control.INPAINT), strength=1.0)


def shortcuts() -> Iterator[Case]:
    """Steps that leave work out, where stock pipelines can leave out the same."""
    controls = MAPS[:2]
    both = Shortcuts(conditional_controls=True, guidance_end=0.6)
    for what, mode, nets, chosen in (
        ("guidance ends after 60 %, no ControlNet", Mode.IMAGE, (), Shortcuts(guidance_end=0.6)),
        ("guidance ends after 60 %", Mode.IMAGE, controls, Shortcuts(guidance_end=0.6)),
        ("ControlNets on the conditional half", Mode.INPAINT, controls, Shortcuts(conditional_controls=True)),
        ("both", Mode.TEXT, controls, both),
    ):
        preset = replace(QUALITY, steps=10, shortcuts=chosen)
        strength = 1.0 if mode is Mode.TEXT else 0.7
        yield Case(what=what, mode=mode, controls=nets, preset=preset, strength=strength)


def reused() -> Iterator[Case]:
    """DeepCache, which is not in diffusers: its authors' package changes the stock pipelines."""
    for interval, mode in ((2, Mode.IMAGE), (3, Mode.TEXT)):
        yield Case(
            what=f"DeepCache, every {interval} steps",
            mode=mode,
            controls=(),
            preset=replace(QUALITY, steps=10, shortcuts=Shortcuts(deep_cache=interval)),
            strength=1.0 if mode is Mode.TEXT else 0.7,
        )


def production() -> Iterator[Case]:
    """What requests in production are like, on the recipe that is the default."""
    lines = (Control.SEGMENTATION, Control.MLSD)
    usual: dict[str, Any] = {"mode": Mode.IMAGE, "controls": lines, "structure": Structure.LINES, "strength": 0.9}
    off_grid = np.zeros((90, 120), dtype=np.bool_)
    off_grid[13:47, 29:101] = True
    yield Case(what="all 24 steps", preset=QUALITY, **usual)
    yield Case(what="three variants in a batch", variants=3, **usual)
    yield Case(
        what="a prompt of 200 tokens",
        request={"style": style(positive="oak floor, the room, " * 20, negative="dark, " * 5)},
        **usual,
    )
    yield Case(what="guidance 1", preset=replace(_preset(Sampler.LCM), guidance=(1.0, 1.0)), **usual)
    yield Case(what="Hyper-SD's LoRA", preset=HYPER_SD, **usual)
    yield Case(what="LCM's LoRA", preset=LCM, **usual)
    yield Case(
        what="reduced: TAESD and one ControlNet",
        **(usual | {"controls": (Control.DEPTH,), "structure": Structure.DEPTH, "preset": FEWEST, "reduced": True}),
    )
    yield Case(what="a photo that does not fill the latents", request={"height": 67, "width": 101}, **usual)
    yield Case(
        what="a mask off the grid",
        request={"height": 90, "width": 120, "keep": off_grid},
        **(usual | {"mode": Mode.INPAINT, "controls": (*lines, Control.INPAINT)}),
    )
    yield Case(what="windows alone are kept", request={"repaint_openings": False}, **(usual | {"mode": Mode.INPAINT}))
    yield Case(what="a palette", request={"palette": ("#A3AD91", "#C48F8C")}, **usual)
    yield Case(what="a palette at strength 1", request={"palette": ("#A3AD91",)}, **(usual | {"strength": 1.0}))


class Comparison:
    """Both sides on one store of weights."""

    def __init__(self, store: Path, *, deep_cache: Callable[..., Any] | None = None) -> None:
        """`deep_cache` is `DeepCacheSDHelper` of its authors' package, for the cases that reuse deep blocks."""
        self._deep_cache = deep_cache
        self._hardware = hardware.choose("cpu")
        self._store = store
        self._loaded: dict[tuple[Structure, str, bool], ours.Models] = {}
        self._stock = stock_models(store, self._hardware)
        self._taesd = checkpoints.load_tiny_autoencoder(WeightStore(store), self._hardware)

    def difference(self, case: Case) -> float:
        """The greatest absolute difference of any value of any pixel, on a scale of 0 to 1."""
        request = _request(case)
        loaded = self._models(case.structure, case.preset.lora, reduced=case.reduced)
        recorder = Recorder(loaded.autoencoder)
        models = replace(
            loaded,
            autoencoder=recorder,
            presets={request.tier: case.preset},
            split_unets={request.tier: SplitUNet(loaded.unets[request.tier])},
            controls={control: branch for control, branch in loaded.controls.items() if control in case.controls},
            finished_side=0,
        )
        restyler = RestylingPipeline(models, self._hardware, variants_at_once=case.variants)
        assert isinstance(list(restyler.restyle(request))[-1], Result)

        planned = plan(request, models)
        one = planned.passes[0]
        assert one.mode is case.mode
        recipe = {control: schedule for control, schedule in one.recipe.items() if control in case.controls}
        images = tensors.control_images(recipe, request, planned.start, one.letterbox, models.detector)
        shown = {control: tensors.unit(picture, self._hardware) for control, picture in images}
        kept = planned.letterboxed_keep(one)
        if Control.INPAINT in recipe and kept is not None:
            keep = tensors.keep_tensor(kept, self._hardware)
            shown[Control.INPAINT] = tensors.masked(tensors.unit(planned.start, self._hardware), keep)
        assert set(shown) == set(case.controls)
        stock = replace(self._stock, vae=self._taesd) if case.reduced else self._stock
        pipeline = stock_pipeline(stock, one, list(shown))
        if case.preset.lora:
            pipeline.load_lora_weights(str(WeightStore(self._store).file(case.preset.lora)))
        text = models.text.embed(planned.prompt, planned.negative_prompt)
        arguments = stock_arguments(
            planned,
            shown,
            latents.generators(SEED, case.variants),
            self._hardware,
            text=text if text.positive.shape[1] > 77 else None,
        )
        helper = None
        if case.preset.shortcuts.deep_cache > 1:
            assert self._deep_cache is not None
            helper = self._deep_cache(pipe=pipeline)
            helper.set_params(cache_interval=case.preset.shortcuts.deep_cache, cache_branch_id=0)
            helper.enable()
        expected: Tensor = pipeline(**arguments)[0]
        if helper is not None:
            helper.disable()
        if case.preset.lora:
            pipeline.unload_lora_weights()
        pictures = torch.cat(recorder.decoded)
        return float((expected - (pictures / 2 + 0.5).clamp(0, 1)).abs().max())

    def _models(self, structure: Structure, lora: str, *, reduced: bool) -> ours.Models:
        if (structure, lora, reduced) not in self._loaded:
            fast: FastLora = "hyper-sd" if lora == "hyper-sd" else "lcm-lora" if lora else "none"
            options = Options(
                weights=self._store, device="cpu", base=BASE, structure=structure, fast_lora=fast, reduced=reduced
            )
            self._loaded[structure, lora, reduced] = ours.load(options, self._hardware)
        return self._loaded[structure, lora, reduced]


class Recorder(Autoencoder):
    """An autoencoder that keeps what it decoded."""

    def __init__(self, autoencoder: Autoencoder | TinyAutoencoder) -> None:
        self._recorded = autoencoder
        self.decoded: list[Tensor] = []

    def encode(self, picture: Tensor, random: Sequence[torch.Generator]) -> Tensor:
        return self._recorded.encode(picture, random)

    def decode(self, latents: Tensor) -> Tensor:
        self.decoded.append(self._recorded.decode(latents))
        return self.decoded[-1]


def stock_models(store: Path, device: hardware.Hardware) -> StockModels:
    """Loaded once more, for the stock pipelines."""
    weights = WeightStore(store)
    base = checkpoints.load_base(weights, device, name=BASE)
    return StockModels(
        tokenizer=base.tokenizer,
        text_encoder=base.text_encoder,
        vae=base.vae,
        unet=base.unet,
        scheduler=base.scheduler,
        controls={
            control: checkpoints.load_controlnet(weights, f"controlnet-{control}", base.unet_config, device)
            for control in Control
        },
    )


def table(store: Path, chosen: Sequence[Case]) -> str:
    """Markdown: a row a case."""
    comparison = Comparison(store)
    lines = ["| case | greatest difference |", "|---|---|"]
    lines += [f"| {case.name} | {comparison.difference(case):.1e} |" for case in chosen]
    return "\n".join(lines)


def _preset(sampler: Sampler) -> SamplingPreset:
    return SamplingPreset(sampler=sampler, steps=STEPS)


def _request(case: Case) -> Restyling:
    fields = dict(case.request)
    if case.mode is Mode.INPAINT and "keep" not in fields and fields.get("repaint_openings", True):
        keep = np.zeros((64, 64), dtype=np.bool_)
        keep[16:40, 24:48] = True
        fields["keep"] = keep
    tier = Tier.FAST if case.preset.lora else Tier.QUALITY
    usual: dict[str, Any] = {"strength": case.strength, "seed": SEED, "variants": case.variants, "tier": tier}
    return restyling(**(usual | fields))


def main() -> None:
    """Prints the table, on the tiny models or on a store that is named."""
    torch.set_num_threads(1)
    chosen = [*cases(), *production(), *shortcuts()]
    if len(sys.argv) > 1:
        print(table(Path(sys.argv[1]), chosen))
        return
    from tests.fixtures.tiny_diffusion import write_tiny_diffusion

    with tempfile.TemporaryDirectory() as directory:
        write_tiny_diffusion(Path(directory))
        print(table(Path(directory), chosen))


if __name__ == "__main__":
    main()
