"""One request through the models: encode the prompt and the controls, prepare latents, denoise, decode, finish.

A denoising step itself runs in `denoising`.
"""

from collections.abc import Generator, Iterable
from typing import Final

import numpy as np
import torch
from prometheus_client import Histogram
from torch import Tensor

from diffusion import keep
from diffusion.domain import Manifest, PreviewFrame, Progress, Restyling, Result
from diffusion.palette_distance import palette_delta_e
from diffusion.preview_steps import preview_steps
from diffusion.sd import latents, modes, palette, schedulers, tensors
from diffusion.sd.control import CONTROL_SCHEDULES, ActiveControl
from diffusion.sd.denoising import Denoising, DenoisingStep, denoise
from diffusion.sd.device_timer import DeviceTimer
from diffusion.sd.models import Models
from diffusion.sd.options import Control
from diffusion.sd.plan import Mode, Plan, plan
from diffusion.sd.text import Embeddings
from servicekit.errors import ServiceError
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.hardware import Hardware, oom_guard
from servicekit.observability import logs
from servicekit.types.modes import RoomMode

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
        """`variants_at_once` stays as it is: a batch of another size rounds differently, and the bytes would change."""
        self._models = models
        self._hardware = hardware
        self._at_once = variants_at_once

    @property
    def info(self) -> EngineInfo:
        """The engine with all its models."""
        return EngineInfo(name=ENGINE, models=tuple(self._models.origins.values()))

    @property
    def modes(self) -> frozenset[RoomMode]:
        """What the loaded ControlNets can do with a room."""
        return modes.possible(self._models.controls)

    @property
    def takes_style_image(self) -> bool:
        """Whether an IP-Adapter is loaded."""
        return False

    def restyle(self, restyling: Restyling) -> Generator[Progress | PreviewFrame | Result, None, None]:
        """Yields Progress after every step, previews in between, one Result at the end.

        Close it to stop between two steps. Raises FailedPrecondition where the kept region leaves nearly nothing,
        Exhausted where memory runs out, ServiceError where the models yield NaN or infinity.
        """
        return oom_guard(self._hardware, lambda: self._restyle(restyling))

    def _restyle(self, restyling: Restyling) -> Generator[Progress | PreviewFrame | Result, None, None]:
        timer = DeviceTimer(self._hardware)
        with timer.on_host("plan"):
            planned = plan(restyling, self._models)
        if planned.strength == 0.0:
            yield self._result(restyling, planned, [restyling.photo] * restyling.variants, timer, models=(), steps=0)
            return
        with timer.on_device("read"):
            text = self._encode_prompt(restyling, planned)
        with timer.on_device("encode"):
            controls = dict(self._encode_controls(restyling, planned))
        random = latents.generators(restyling.seed, restyling.variants)
        batches = [random[first : first + self._at_once] for first in range(0, len(random), self._at_once)]
        finished: list[RGB] = []
        done = 0
        for batch in batches:
            BATCH_SIZE.observe(len(batch))
            with timer.on_device("encode"):
                run = self._prepare_latents(planned, text, list(controls.values()), batch)
            steps = len(run.timesteps)
            previewed = preview_steps(steps, restyling.previews) if not done else frozenset()
            running = denoise(run, self._hardware)
            clean = run.start.latents
            for _number in range(steps):
                with timer.on_host("denoise"):
                    step = next(running)
                done += 1
                clean = step.latents
                yield Progress(step=done, total_steps=steps * len(batches))
                if step.number in previewed:
                    with timer.on_device("preview"):
                        preview = self._preview(restyling, planned, step)
                    yield PreviewFrame(step=done, image=preview)
            with timer.on_device("denoise"):
                _validate_finite(clean)
            for variant in range(len(batch)):
                with timer.on_device("decode"):
                    picture = self._decode(clean[variant : variant + 1])
                with timer.on_host("finish"):
                    finished.append(self._finish(restyling, planned, picture))
        models = self._models.info(restyling.tier, controls, previews=restyling.previews > 0)
        yield self._result(restyling, planned, finished, timer, models=models, steps=done)

    def _encode_prompt(self, restyling: Restyling, planned: Plan) -> Embeddings:
        text = self._models.text.embed(planned.prompt, planned.negative_prompt)
        if text.truncated:
            log.warning("prompt cut short", style=restyling.style.name)
        return text

    def _encode_controls(self, restyling: Restyling, planned: Plan) -> Iterable[tuple[Control, ActiveControl]]:
        """The ControlNets that the request has a map for, each with its control image embedded."""
        branches = self._models.controls
        images = {
            control: tensors.unit(image, self._hardware)
            for control, image in tensors.control_images(restyling.maps, planned.letterbox)
            if control in branches and modes.schedule(restyling.mode, control, CONTROL_SCHEDULES[control]) is not None
        }
        kept = planned.letterboxed_keep
        if kept is not None and Control.INPAINT in branches:
            photo = tensors.unit(planned.start, self._hardware)
            images[Control.INPAINT] = tensors.masked(photo, tensors.keep_tensor(kept, self._hardware))
        for control, image in images.items():
            schedule = modes.schedule(restyling.mode, control, CONTROL_SCHEDULES[control])
            if schedule is not None:
                embedded = branches[control].controlnet_cond(image)
                yield control, ActiveControl(branch=branches[control], controlnet_cond=embedded, schedule=schedule)

    def _prepare_latents(
        self, planned: Plan, text: Embeddings, controls: list[ActiveControl], random: list[torch.Generator]
    ) -> Denoising:
        """Timesteps and initial latents for one batch of variants, ready to be denoised."""
        models, preset, hardware = self._models, planned.preset, self._hardware
        scheduler = schedulers.build(preset.sampler, models.scheduler)
        strength = 1.0 if planned.mode is Mode.TEXT else planned.strength
        timesteps = schedulers.schedule(scheduler, preset.steps, strength, hardware.device)
        if planned.mode is Mode.TEXT:
            shape = (len(random), 4, *planned.letterbox.latent)
            start = latents.from_noise(
                scheduler, torch.empty(shape, dtype=hardware.dtype, device=hardware.device), random
            )
        else:
            photo = models.autoencoder.encode(tensors.signed(planned.start, hardware), random)
            kept = planned.letterboxed_keep
            if kept is None:
                start = latents.from_photo(scheduler, photo, timesteps, random)
            else:
                repaint = latents.repaint_mask(tensors.keep_tensor(kept, hardware))
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

    def _preview(self, restyling: Restyling, planned: Plan, step: DenoisingStep) -> RGB:
        """The first variant as it looks so far, at the photo's size."""
        drawn = tensors.rgb(self._models.preview_decoder.draw(step.clean()).nan_to_num())
        return keep.composite(restyling.photo, planned.letterbox.crop(drawn), planned.kept)

    def _decode(self, latent: Tensor) -> RGB:
        """1×4×h×w latents to a picture of the letterbox's size; raises ServiceError where it holds no numbers."""
        return tensors.rgb(_validate_finite(self._models.autoencoder.decode(latent))[0])

    def _finish(self, restyling: Restyling, planned: Plan, picture: RGB) -> RGB:
        """A decoded picture at the photo's size, its colours corrected, with what is kept exactly as it was."""
        free = None if planned.kept is None else ~planned.kept
        at_size = planned.letterbox.crop(picture)
        corrected = palette.shifted(at_size, restyling.palette, free, most=palette.FINAL_SHIFT)
        return keep.composite(restyling.photo, corrected, planned.kept)

    def _result(
        self,
        restyling: Restyling,
        planned: Plan,
        images: list[RGB],
        timer: DeviceTimer,
        *,
        models: tuple[Model, ...],
        steps: int,
    ) -> Result:
        with timer.on_host("finish"):
            reached = [palette_delta_e(image, planned.kept, restyling.palette) for image in images]
        distances = [distance for distance in reached if distance is not None]
        return Result(
            images=images,
            manifest=Manifest(
                engine=EngineInfo(name=ENGINE, models=models),
                style=restyling.style.name,
                seed=restyling.seed,
                mode=restyling.mode,
                strength=planned.strength,
                steps=steps,
                prompt=planned.prompt,
                negative_prompt=planned.negative_prompt,
                palette_delta_e=float(np.mean(distances)) if distances else None,
                seconds=timer.seconds,
                device_seconds=sum(timer.seconds.get(part, 0.0) for part in DEVICE_PARTS),
            ),
        )


def _validate_finite(numbers: Tensor) -> Tensor:
    """Raises ServiceError where a tensor holds anything but finite numbers."""
    if not bool(torch.isfinite(numbers).all()):
        raise ServiceError("NOT_A_PICTURE", "The model made no picture out of this; another seed may help.")
    return numbers
