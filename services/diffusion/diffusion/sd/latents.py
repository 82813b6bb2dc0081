"""Pictures encoded to latents and decoded again, and the latents that denoising starts from.

Random numbers come from generators on the host, one a variant, in single precision, so that a seed gives the same noise
on every device and in every precision. They are drawn in the order in which the stock pipelines of diffusers draw them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from torch.nn import functional as F

from diffusion.domain import SEEDS
from diffusion.sd.letterbox import MULTIPLE
from diffusion.sd.schedulers import Scheduler


def generators(seed: int, variants: int) -> list[torch.Generator]:
    """One a variant: variant n of a seed is variant 0 of seed + n."""
    return [torch.Generator("cpu").manual_seed((seed + variant) % SEEDS) for variant in range(variants)]


class Autoencoder:
    """Stable Diffusion's autoencoder, one picture at a time: its largest maps would fill a card in a batch."""

    def __init__(self, vae: AutoencoderKL, *, whole: int = 1024) -> None:
        """Pictures with a side longer than `whole` pixels are coded in overlapping tiles of that side."""
        self._vae = vae
        vae.tile_sample_min_size = whole
        vae.tile_latent_min_size = whole // MULTIPLE
        vae.enable_tiling()
        self._scale = float(vae.config["scaling_factor"])

    @torch.inference_mode()
    def encode(self, picture: Tensor, random: Sequence[torch.Generator]) -> Tensor:
        """A 1×3×H×W picture, −1 to 1, to N×4×h×w fp32 latents: one sample of its posterior for each generator."""
        posterior = self._vae.encode(picture.to(self._vae.dtype)).latent_dist
        mean, deviation = posterior.mean.float(), posterior.std.float()
        sample: Tensor = mean + deviation * _noise(mean.expand(len(random), -1, -1, -1), random)
        return sample * self._scale

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        """1×4×h×w latents to a 1×3×H×W picture, about −1 to 1."""
        picture: Tensor = self._vae.decode((latents / self._scale).to(self._vae.dtype), return_dict=False)[0]
        return picture


class TinyAutoencoder:
    """TAESD in an autoencoder's place: a twentieth of the work, small print and faces aside nearly the same picture.

    It has one answer to a picture, and no posterior to sample.
    """

    def __init__(self, taesd: AutoencoderTiny) -> None:
        self._taesd = taesd
        self._scale = float(taesd.config["scaling_factor"])

    @torch.inference_mode()
    def encode(self, picture: Tensor, random: Sequence[torch.Generator]) -> Tensor:
        """As Autoencoder; the same latents for each generator."""
        encoded: Tensor = self._taesd.encode(picture.to(self._taesd.dtype)).latents.float() * self._scale
        return encoded.expand(len(random), -1, -1, -1)

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        """As Autoencoder."""
        picture: Tensor = self._taesd.decode((latents / self._scale).to(self._taesd.dtype), return_dict=False)[0]
        return picture


@dataclass(frozen=True, kw_only=True)
class KeptLatents:
    """The photo's latents, which replace the denoised ones after every step where nothing may change."""

    latents: Tensor
    """N×4×h×w, the photo's."""

    noise: Tensor
    """N×4×h×w, what the photo's latents are noised with."""

    repaint: Tensor
    """1×1×h×w, 1 where the picture may change."""


@dataclass(frozen=True, kw_only=True)
class InitialLatents:
    """What denoising starts from."""

    latents: Tensor
    """N×4×h×w fp32, as noisy as the first timestep."""

    kept: KeptLatents | None = None


def repaint_mask(keep: Tensor) -> Tensor:
    """1×1×H×W keep to 1×1×h×w repaint: a latent may change where any of its 8×8 pixels may."""
    return F.max_pool2d(1 - keep, kernel_size=MULTIPLE)


@torch.inference_mode()
def from_noise(scheduler: Scheduler, like: Tensor, random: list[torch.Generator]) -> InitialLatents:
    """Pure noise, for text alone; `like` gives shape (N×4×h×w) and device."""
    return InitialLatents(latents=_noise(like, random) * scheduler.init_noise_sigma)


@torch.inference_mode()
def from_photo(scheduler: Scheduler, photo: Tensor, timesteps: Tensor, random: list[torch.Generator]) -> InitialLatents:
    """The photo's latents (N×4×h×w) under the noise of the first timestep."""
    return InitialLatents(latents=scheduler.add_noise(photo, _noise(photo, random), timesteps[:1].repeat(len(photo))))


@torch.inference_mode()
def around_kept(
    scheduler: Scheduler,
    photo: Tensor,
    repaint: Tensor,
    timesteps: Tensor,
    random: list[torch.Generator],
    *,
    all_noise: bool,
) -> InitialLatents:
    """For inpainting: noise, or the photo under noise, and what has to come back where nothing may change."""
    noise = _noise(photo, random)
    if all_noise:
        latents = noise * scheduler.init_noise_sigma
    else:
        latents = scheduler.add_noise(photo, noise, timesteps[:1].repeat(len(photo)))
    # the stock pipeline encodes the masked photo as well, for UNets with nine channels: its draw is skipped over
    _noise(photo, random)
    return InitialLatents(latents=latents, kept=KeptLatents(latents=photo, noise=noise, repaint=repaint))


@torch.inference_mode()
def restore_kept(scheduler: Scheduler, latents: Tensor, kept: KeptLatents, following: Tensor | None) -> Tensor:
    """The latents with the photo's own where nothing may change, as noisy as the following timestep, if any."""
    own = kept.latents if following is None else scheduler.add_noise(kept.latents, kept.noise, following.reshape(1))
    return (1 - kept.repaint) * own + kept.repaint * latents


def _noise(like: Tensor, random: Sequence[torch.Generator]) -> Tensor:
    noise: Tensor = randn_tensor(like.shape, generator=list(random), device=like.device, dtype=torch.float32)
    return noise
