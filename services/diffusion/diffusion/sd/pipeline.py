"""One request through the models: encode the prompt and the controls, prepare latents, denoise, decode, finish.

A denoising step itself runs in `denoising`. A request takes one pass or two; `plan` says what each does.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

import torch
from prometheus_client import Histogram
from torch import Tensor

from diffusion import keep
from diffusion.domain import PreviewFrame, Progress, Restyling, Result
from diffusion.preview_steps import preview_steps
from diffusion.sd import latents, modes, palette, schedulers, surfaces, tensors
from diffusion.sd.control import ActiveControl
from diffusion.sd.denoising import Denoising, DenoisingStep, denoise
from diffusion.sd.device_timer import DeviceTimer
from diffusion.sd.letterbox import MULTIPLE
from diffusion.sd.models import Models
from diffusion.sd.options import Control
from diffusion.sd.plan import Mode, Pass, Plan, Stage, plan
from diffusion.sd.text import Embeddings
from diffusion.sd.windows import windows
from diffusion.sd.work import ENGINE, Controls, Work, report, result
from servicekit.errors import ServiceError
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo
from servicekit.inference.hardware import Hardware, oom_guard
from servicekit.observability import logs
from servicekit.types.modes import RoomMode

log = logs.get(__name__)

BATCH_SIZE: Final = Histogram(
    "modomo_diffusion_batch_size", "Variants that are denoised together", buckets=(1, 2, 3, 4)
)

Steps: TypeAlias = Generator[Progress | PreviewFrame, None, list[RGB]]
"""What happens in a pass; it returns the pictures, in the pass's letterbox."""


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
        return self._models.style_adapter is not None

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
        draw, *finishes = planned.passes
        random = latents.generators(restyling.seed, restyling.variants)
        batches = [random[first : first + self._at_once] for first in range(0, len(random), self._at_once)]
        steps = [len(batches) * self._steps(draw), *(len(random) * self._steps(one) for one in finishes)]
        with timer.on_device("read"):
            text = self._encode_prompt(restyling, planned)
        work = Work(restyling=restyling, plan=planned, text=text, timer=timer, total_steps=sum(steps))
        if modes.strength(restyling) == 0.0 or (planned.kept is not None and planned.kept.all()):
            yield result(work, [restyling.photo] * restyling.variants, self._models, previews=self._previews(work) > 0)
            return
        with timer.on_device("encode"):
            work.image_embeds = self._embed_style_image(restyling)
            work.controls = self._encode_controls(work, draw, planned.start)
        finished: list[RGB] = []
        for batch in batches:
            BATCH_SIZE.observe(len(batch))
            pictures = yield from self._run(work, draw, planned.start, work.controls, batch)
            for variant, picture in enumerate(pictures):
                at_size = self._at_size(work, draw, picture)
                for last in finishes:
                    with timer.on_device("encode"):
                        start = last.letterbox.place(at_size)
                        controls = self._encode_controls(work, last, start)
                    (detailed,) = yield from self._run(work, last, start, controls, batch[variant : variant + 1])
                    at_size = self._at_size(work, last, detailed)
                with timer.on_host("finish"):
                    finished.append(self._finish(work, at_size))
        if self._models.safety_checker is not None:
            with timer.on_device("check"):
                self._models.safety_checker.check(finished)
        yield result(work, finished, self._models, previews=self._previews(work) > 0)

    def _run(self, work: Work, one: Pass, start: RGB, controls: Controls, random: list[torch.Generator]) -> Steps:
        """One pass for one batch of variants."""
        timer = work.timer
        with timer.on_device("encode"):
            run = self._prepare_latents(work, one, start, controls, random)
        steps = len(run.timesteps)
        # only the first batch's first pass has anything to show that is not nearly finished
        previewed = preview_steps(steps, self._previews(work)) if not work.done else frozenset()
        work.ran.setdefault(one.stage, report(one, steps, controls))
        running = denoise(run, self._hardware)
        clean = run.start.latents
        for _number in range(steps):
            with timer.on_host("denoise"), self._styled(run):
                step = next(running)
            work.done += 1
            clean = step.latents
            yield Progress(step=work.done, total_steps=work.total_steps)
            if step.number in previewed:
                with timer.on_device("preview"):
                    preview = self._preview(work, one, step)
                yield PreviewFrame(step=work.done, image=preview)
        with timer.on_device("denoise"):
            _validate_finite(clean)
        pictures = []
        for variant in range(len(random)):
            with timer.on_device("decode"):
                pictures.append(self._decode(clean[variant : variant + 1]))
        return pictures

    def _previews(self, work: Work) -> int:
        """How many are shown: none that a safety check would have to look at."""
        return 0 if self._models.safety_checker is not None else work.restyling.previews

    def _steps(self, one: Pass) -> int:
        """How many steps a pass takes for a batch."""
        scheduler = schedulers.build(one.preset.sampler, self._models.scheduler)
        return len(schedulers.schedule(scheduler, one.preset.steps, one.strength, torch.device("cpu")))

    def _encode_prompt(self, restyling: Restyling, planned: Plan) -> Embeddings:
        text = self._models.text.embed(planned.prompt, planned.negative_prompt)
        if text.truncated:
            log.warning("prompt cut short", style=restyling.style.name)
        return text

    def _embed_style_image(self, restyling: Restyling) -> Tensor | None:
        adapter = self._models.style_adapter
        if adapter is None or restyling.style_image is None:
            return None
        return adapter.embed(restyling.style_image)

    @contextmanager
    def _styled(self, run: Denoising) -> Iterator[None]:
        """The UNet reads the image embedding that a run has, if it has one."""
        adapter = self._models.style_adapter
        if adapter is None or run.image_embeds is None:
            yield
        else:
            with adapter.on(run.unet):
                yield

    def _encode_controls(self, work: Work, one: Pass, start: RGB) -> Controls:
        """Those of a pass's ControlNets that are loaded and have something to show, with their images embedded."""
        branches = self._models.controls
        loaded = {control: schedule for control, schedule in one.recipe.items() if control in branches}
        images = {
            control: tensors.unit(image, self._hardware)
            for control, image in tensors.control_images(
                loaded, work.restyling, start, one.letterbox, self._models.detector
            )
        }
        kept = work.plan.letterboxed_keep(one)
        if kept is not None and Control.INPAINT in loaded:
            photo = tensors.unit(start, self._hardware)
            images[Control.INPAINT] = tensors.masked(photo, tensors.keep_tensor(kept, self._hardware))
        return {
            control: ActiveControl(
                branch=branches[control],
                controlnet_cond=branches[control].controlnet_cond(image),
                schedule=loaded[control],
            )
            for control, image in images.items()
        }

    def _prepare_latents(
        self, work: Work, one: Pass, start: RGB, controls: Controls, random: list[torch.Generator]
    ) -> Denoising:
        """Timesteps and initial latents for one batch of variants, ready to be denoised."""
        models, preset, hardware = self._models, one.preset, self._hardware
        scheduler = schedulers.build(preset.sampler, models.scheduler)
        strength = 1.0 if one.mode is Mode.TEXT else one.strength
        timesteps = schedulers.schedule(scheduler, preset.steps, strength, hardware.device)
        if one.mode is Mode.TEXT:
            shape = (len(random), 4, *one.letterbox.latent)
            initial = latents.from_noise(scheduler, torch.empty(shape, device=hardware.device), random)
        else:
            photo = models.autoencoder.encode(tensors.signed(start, hardware), random)
            kept = work.plan.letterboxed_keep(one)
            if kept is None:
                initial = latents.from_photo(scheduler, photo, timesteps, random)
            else:
                repaint = latents.repaint_mask(tensors.keep_tensor(kept, hardware)).float()
                initial = latents.around_kept(scheduler, photo, repaint, timesteps, random, all_noise=one.all_noise)
        # the first pass is drawn whole: windows would each draw a room of their own
        side = models.window if one.stage is Stage.FINISH else max(one.letterbox.size)
        return Denoising(
            unet=models.unets[one.tier],
            scheduler=scheduler,
            timesteps=timesteps,
            start=initial,
            text=work.text,
            guidance=one.guidance,
            controls=list(controls.values()),
            image_embeds=work.image_embeds,
            random=random,
            windows=windows(*one.letterbox.latent, side=side // MULTIPLE),
            shortcuts=preset.shortcuts,
            cache=models.deep_cache(one.tier),
        )

    def _preview(self, work: Work, one: Pass, step: DenoisingStep) -> RGB:
        """The first variant as it looks so far, at the photo's size."""
        return self._at_size(work, one, tensors.rgb(self._models.preview_decoder.draw(step.clean()).nan_to_num()))

    def _decode(self, latent: Tensor) -> RGB:
        """1×4×h×w latents to a picture of the letterbox's size; raises ServiceError where it holds no numbers."""
        return tensors.rgb(_validate_finite(self._models.autoencoder.decode(latent))[0])

    @staticmethod
    def _at_size(work: Work, one: Pass, picture: RGB) -> RGB:
        """A pass's picture at the photo's size, with what is kept exactly as it was."""
        return keep.composite(work.restyling.photo, one.letterbox.crop(picture), work.plan.kept)

    @staticmethod
    def _finish(work: Work, picture: RGB) -> RGB:
        """The last picture, its colours corrected; what is kept is exactly as it was."""
        restyling = work.restyling
        if restyling.surfaces:
            return keep.composite(restyling.photo, surfaces.coloured(restyling, picture), work.plan.kept)
        return palette.shifted(picture, restyling.palette, work.plan.meant, most=palette.FINAL_SHIFT)


def _validate_finite(numbers: Tensor) -> Tensor:
    """Raises ServiceError where a tensor holds anything but finite numbers."""
    if not bool(torch.isfinite(numbers).all()):
        raise ServiceError("NOT_A_PICTURE", "The model made no picture out of this; another seed may help.")
    return numbers
