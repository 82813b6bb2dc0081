"""How far our pictures are from those of the stock pipelines: `python -m tools.gpu.parity` prints the table.

Same weights, same seeds, same control pictures; tiny models of the same classes, single precision, on the host. What
is compared is the decoded picture on a scale of 0 to 1, before it is rounded to bytes.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffusion.domain import Restyling, Result, Tier
from diffusion.sd import checkpoints, latents, tensors
from diffusion.sd import models as ours
from diffusion.sd.latents import Autoencoder
from diffusion.sd.options import Control, Options
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.sd.plan import Mode, plan
from diffusion.sd.schedulers import Sampler
from diffusion.sd.tiers import SamplingPreset
from servicekit.imaging.arrays import Mask
from servicekit.inference import hardware
from servicekit.weights import WeightStore

from .requests import restyling
from .stock import StockModels, stock_arguments, stock_pipeline

MAPS = (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)
STEPS = 3
SEED = 11


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison."""

    mode: Mode
    sampler: Sampler
    controlnets: int
    """The first so many of MAPS."""
    inpaint_net: bool = False
    """Whether the inpainting ControlNet takes part too."""
    strength: float = 0.7

    @property
    def name(self) -> str:
        """For tables and tests."""
        extra = "+inpaint" if self.inpaint_net else ""
        return f"{self.mode}-{self.strength:g}-{self.sampler}-{self.controlnets}{extra}"


def cases() -> Iterator[Case]:
    """Every mode, sampler and number of ControlNets; inpainting with its own ControlNet and from pure noise too."""
    for sampler in Sampler:
        for count in range(len(MAPS) + 1):
            yield Case(mode=Mode.TEXT, sampler=sampler, controlnets=count, strength=1.0)
            yield Case(mode=Mode.IMAGE, sampler=sampler, controlnets=count)
            yield Case(mode=Mode.INPAINT, sampler=sampler, controlnets=count)
        yield Case(mode=Mode.INPAINT, sampler=sampler, controlnets=3, inpaint_net=True)
        yield Case(mode=Mode.INPAINT, sampler=sampler, controlnets=1, inpaint_net=True, strength=1.0)


class Comparison:
    """Both sides on one store of weights."""

    def __init__(self, store: Path) -> None:
        self._hardware = hardware.choose("cpu")
        self._ours = ours.load(Options(weights=store, device="cpu", fast_lora="none"), self._hardware)
        self._stock = stock_models(store, self._hardware)

    def difference(self, case: Case) -> float:
        """The greatest absolute difference of any value of any pixel, on a scale of 0 to 1."""
        request = _request(case)
        controls = {Control.INPAINT} if case.inpaint_net else set()
        controls.update(MAPS[: case.controlnets])
        recorder = Recorder(self._ours.autoencoder)
        models = replace(
            self._ours,
            autoencoder=recorder,
            presets={Tier.QUALITY: SamplingPreset(sampler=case.sampler, steps=STEPS)},
            controls={control: branch for control, branch in self._ours.controls.items() if control in controls},
        )
        restyler = RestylingPipeline(models, self._hardware, variants_at_once=1)
        assert isinstance(list(restyler.restyle(request))[-1], Result)

        planned = plan(request, models)
        assert planned.mode is case.mode
        shown = {
            control: tensors.unit(picture, self._hardware)
            for control, picture in tensors.control_images(request.maps, planned.letterbox)
            if control in controls
        }
        if case.inpaint_net and planned.letterboxed_keep is not None:
            keep = tensors.keep_tensor(planned.letterboxed_keep, self._hardware)
            shown[Control.INPAINT] = tensors.masked(tensors.unit(planned.start, self._hardware), keep)
        pipeline = stock_pipeline(self._stock, planned, list(shown))
        random = latents.generators(SEED, 1)
        expected: Tensor = pipeline(**stock_arguments(planned, shown, random, self._hardware))[0]
        (picture,) = recorder.decoded
        return float((expected - (picture / 2 + 0.5).clamp(0, 1)).abs().max())


class Recorder(Autoencoder):
    """An autoencoder that keeps what it decoded."""

    def __init__(self, autoencoder: Autoencoder) -> None:
        self.__dict__.update(autoencoder.__dict__)
        self.decoded: list[Tensor] = []

    def decode(self, latents: Tensor) -> Tensor:
        self.decoded.append(super().decode(latents))
        return self.decoded[-1]


def stock_models(store: Path, device: hardware.Hardware) -> StockModels:
    """Loaded once more, for the stock pipelines."""
    weights = WeightStore(store)
    base = checkpoints.load_base(weights, device)
    return StockModels(
        tokenizer=base.tokenizer,
        text_encoder=base.text_encoder,
        vae=base.vae,
        unet=base.unet,
        scheduler=base.scheduler,
        controls={
            control: checkpoints.load_controlnet(weights, f"controlnet-{control}", base, device) for control in Control
        },
    )


def table(store: Path, chosen: Sequence[Case]) -> str:
    """Markdown: a row a mode and sampler, a column a number of ControlNets."""
    comparison = Comparison(store)
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for case in chosen:
        column = f"{case.controlnets}{' + inpaint' if case.inpaint_net else ''}"
        row = rows.setdefault((f"{case.mode}, strength {case.strength:g}", case.sampler), {})
        row[column] = comparison.difference(case)
    columns = [*map(str, range(len(MAPS) + 1)), "1 + inpaint", "3 + inpaint"]
    lines = [
        f"| mode | sampler | {' | '.join(f'{column} ControlNets' for column in columns)} |",
        f"|{'---|' * (2 + len(columns))}",
    ]
    for (mode, sampler), row in sorted(rows.items()):
        cells = [f"{row[column]:.1e}" if column in row else "" for column in columns]
        lines.append(f"| {mode} | {sampler} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _request(case: Case) -> Restyling:
    keep: Mask | None = None
    if case.mode is Mode.INPAINT:
        keep = np.zeros((64, 64), dtype=np.bool_)
        keep[16:40, 24:48] = True
    return restyling(keep=keep, strength=case.strength, seed=SEED)


def main() -> None:
    """Prints the table, on the tiny models or on a store that is named."""
    torch.set_num_threads(1)
    if len(sys.argv) > 1:
        print(table(Path(sys.argv[1]), list(cases())))
        return
    from tests.fixtures.tiny_diffusion import write_tiny_diffusion

    with tempfile.TemporaryDirectory() as directory:
        write_tiny_diffusion(Path(directory))
        print(table(Path(directory), list(cases())))


if __name__ == "__main__":
    main()
