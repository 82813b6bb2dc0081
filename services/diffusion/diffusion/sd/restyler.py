"""The way of one request through the models."""

from collections.abc import Generator, Iterable
from typing import Final

import numpy as np
import torch
from prometheus_client import Histogram
from torch import Tensor

from diffusion import keep
from diffusion.domain import Manifest, PreviewFrame, Progress, Restyling, Result
from diffusion.palette_distance import palette_delta_e
from diffusion.sd import latents, palette, pictures, schedulers
from diffusion.sd.control import STEERING, ActiveControl
from diffusion.sd.denoising import Denoising, Step, denoise
from diffusion.sd.models import Models
from diffusion.sd.options import Control
from diffusion.sd.plan import Mode, Plan, plan
from diffusion.sd.previews import preview_steps
from diffusion.sd.stopwatch import Stopwatch
from diffusion.sd.text import Embeddings
from servicekit.errors import ServiceError
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.hardware import Hardware, oom_guard
from servicekit.observability import logs

log = logs.get(__name__)

BATCH_SIZE: Final = Histogram(
    "modomo_diffusion_batch_size", "Variants that are denoised together", buckets=(1, 2, 3, 4)
)

ENGINE: Final = "torch"
DEVICE_PARTS: Final = ("read", "encode", "denoise", "preview", "decode")
"""Parts of a request that keep the device busy."""


class RestylingPipeline:
    """Restyles photos one after the other."""

    def __init__(self, models: Models, hardware: Hardware, *, variants_at_once: int) -> None:
        """`variants_at_once` is fixed for good: batches of another size round differently, and bytes would change."""
        self._models = models
        self._hardware = hardware
        self._at_once = variants_at_once

    @property
    def info(self) -> EngineInfo:
        """Who this is, with all models."""
        return EngineInfo(name=ENGINE, models=tuple(self._models.origins.values()))

    def restyle(self, restyling: Restyling) -> Generator[Progress | PreviewFrame | Result, None, None]:
        """Yields Progress after every step, previews in between, one Result at the end.

        Close it to stop between two steps. Raises FailedPrecondition where the kept region leaves nearly nothing,
        Exhausted where memory runs out, ServiceError where the models make numbers that are none.
        """
        return oom_guard(self._hardware, lambda: self._restyle(restyling))

    def _restyle(self, restyling: Restyling) -> Generator[Progress | PreviewFrame | Result, None, None]:
        watch = Stopwatch(self._hardware)
        with watch.on_host("plan"):
            planned = plan(restyling, self._models)
        if restyling.strength == 0.0:
            yield self._result(restyling, planned, [restyling.photo] * restyling.variants, watch, models=(), steps=0)
            return
        with watch.on_device("read"):
            text = self._models.text.embed(planned.prompt, planned.negative_prompt)
        if text.truncated:
            log.warning("prompt cut short", style=restyling.style.name)
        with watch.on_device("encode"):
            controls = dict(self._controls(restyling, planned))
        random = latents.generators(restyling.seed, restyling.variants)
        batches = [random[first : first + self._at_once] for first in range(0, len(random), self._at_once)]
        finished: list[RGB] = []
        done = 0
        for batch in batches:
            BATCH_SIZE.observe(len(batch))
            with watch.on_device("encode"):
                job = self._job(planned, text, list(controls.values()), batch)
            steps = len(job.timesteps)
            total = steps * len(batches)
            shown = preview_steps(steps, restyling.previews) if not done else frozenset()
            running = denoise(job, self._hardware)
            clean = job.start.latents
            for _number in range(steps):
                with watch.on_host("denoise"):
                    step = next(running)
                done += 1
                clean = step.latents
                yield Progress(step=done, total_steps=total)
                if step.number in shown:
                    with watch.on_device("preview"):
                        look = self._look(restyling, planned, step)
                    yield PreviewFrame(step=done, image=look)
            with watch.on_device("denoise"):
                _require_finite(clean)
            for variant in range(len(batch)):
                with watch.on_device("decode"):
                    picture = pictures.rgb(
                        _require_finite(self._models.autoencoder.decode(clean[variant : variant + 1]))[0]
                    )
                with watch.on_host("finish"):
                    finished.append(self._finished(restyling, planned, picture))
        models = self._models.info(restyling.tier, controls, viewed=restyling.previews > 0)
        yield self._result(restyling, planned, finished, watch, models=models, steps=done)

    def _controls(self, restyling: Restyling, planned: Plan) -> Iterable[tuple[Control, ActiveControl]]:
        """The ControlNets that the request has a map for, each with its hint."""
        branches = self._models.controls
        for control, picture in pictures.control_pictures(restyling.maps, planned.canvas):
            if control in branches:
                controlnet_cond = branches[control].controlnet_cond(pictures.unit(picture, self._hardware))
                yield (
                    control,
                    ActiveControl(
                        branch=branches[control], controlnet_cond=controlnet_cond, schedule=STEERING[control]
                    ),
                )
        region = planned.kept_on_canvas
        if region is not None and Control.INPAINT in branches:
            shown = pictures.masked(
                pictures.unit(planned.start, self._hardware), pictures.keep_tensor(region, self._hardware)
            )
            branch = branches[Control.INPAINT]
            schedule = STEERING[Control.INPAINT]
            yield (
                Control.INPAINT,
                ActiveControl(branch=branch, controlnet_cond=branch.controlnet_cond(shown), schedule=schedule),
            )

    def _job(
        self, planned: Plan, text: Embeddings, controls: list[ActiveControl], random: list[torch.Generator]
    ) -> Denoising:
        """A run of the loop for one batch of variants."""
        models, preset, hardware = self._models, planned.preset, self._hardware
        scheduler = schedulers.build(preset.sampler, models.scheduler)
        strength = 1.0 if planned.mode is Mode.TEXT else planned.strength
        timesteps = schedulers.schedule(scheduler, preset.steps, strength, hardware.device)
        if planned.mode is Mode.TEXT:
            shape = (len(random), 4, *planned.canvas.latent)
            start = latents.from_noise(
                scheduler, torch.empty(shape, dtype=hardware.dtype, device=hardware.device), random
            )
        else:
            photo = models.autoencoder.encode(pictures.signed(planned.start, hardware), random)
            region = planned.kept_on_canvas
            if region is None:
                start = latents.from_photo(scheduler, photo, timesteps, random)
            else:
                repaint = latents.repaint_mask(pictures.keep_tensor(region, hardware))
                start = latents.around_kept(scheduler, photo, repaint, timesteps, random, all_noise=planned.all_noise)
        return Denoising(
            unet=models.unets[planned.tier],
            scheduler=scheduler,
            timesteps=timesteps,
            start=start,
            text=text,
            guidance=planned.guidance,
            controls=controls,
            random=random,
        )

    def _look(self, restyling: Restyling, planned: Plan, step: Step) -> RGB:
        """The first variant as it looks so far, at the photo's size."""
        drawn = pictures.rgb(self._models.preview_decoder.draw(step.clean()).nan_to_num())
        return keep.composite(restyling.photo, planned.canvas.take(drawn), planned.kept)

    def _finished(self, restyling: Restyling, planned: Plan, picture: RGB) -> RGB:
        """A decoded canvas at the photo's size, its colours corrected, with what is kept exactly as it was."""
        free = None if planned.kept is None else ~planned.kept
        at_size = planned.canvas.take(picture)
        corrected = palette.shifted(at_size, restyling.palette, free, most=palette.FINAL_SHIFT)
        return keep.composite(restyling.photo, corrected, planned.kept)

    def _result(
        self,
        restyling: Restyling,
        planned: Plan,
        images: list[RGB],
        watch: Stopwatch,
        *,
        models: tuple[Model, ...],
        steps: int,
    ) -> Result:
        with watch.on_host("finish"):
            reached = [palette_delta_e(image, planned.kept, restyling.palette) for image in images]
        distances = [distance for distance in reached if distance is not None]
        return Result(
            images=images,
            manifest=Manifest(
                engine=EngineInfo(name=ENGINE, models=models),
                style=restyling.style.name,
                seed=restyling.seed,
                strength=restyling.strength,
                steps=steps,
                prompt=planned.prompt,
                negative_prompt=planned.negative_prompt,
                palette_delta_e=float(np.mean(distances)) if distances else None,
                seconds=watch.seconds,
                device_seconds=sum(watch.seconds.get(part, 0.0) for part in DEVICE_PARTS),
            ),
        )


def _require_finite(numbers: Tensor) -> Tensor:
    """Raises ServiceError where a tensor holds anything but finite numbers."""
    if not bool(torch.isfinite(numbers).all()):
        raise ServiceError("NOT_A_PICTURE", "The model made no picture out of this; another seed may help.")
    return numbers
