"""Previews of unfinished latents: by TAESD, or by a linear map that needs no weights."""

from typing import Final, Protocol

import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn
from torch.nn import functional as F

from diffusion.sd.letterbox import MULTIPLE


class PreviewDecoder(Protocol):
    """Draws latents."""

    def draw(self, latents: Tensor) -> Tensor:
        """1×4×h×w clean latents to a 3×8h×8w picture, about −1 to 1."""


class TaesdPreviewDecoder:
    """TAESD (Bohan, "Tiny AutoEncoder for Stable Diffusion"): nearly the autoencoder's picture at 1/20 of its work."""

    def __init__(self, autoencoder: AutoencoderTiny) -> None:
        self._autoencoder = autoencoder

    @torch.inference_mode()
    def draw(self, latents: Tensor) -> Tensor:
        """As PreviewDecoder."""
        picture: Tensor = self._autoencoder.decode(latents.to(self._autoencoder.dtype), return_dict=False)[0]
        return picture[0]


class HalfSizeTaesdPreviewDecoder:
    """TAESD without its second enlargement of three, for a third of its work: half the side, enlarged afterwards.

    The picture is softer. Latents averaged 2×2 would cost a quarter, and TAESD draws fog of them (BENCHMARKS.md).
    """

    def __init__(self, autoencoder: AutoencoderTiny) -> None:
        layers = list(autoencoder.decoder.layers)
        enlargements = [layer for layer in layers if isinstance(layer, nn.Upsample)]
        self._layers = nn.Sequential(*(layer for layer in layers if layer not in enlargements[1:2]))
        self._dtype = autoencoder.dtype

    @torch.inference_mode()
    def draw(self, latents: Tensor) -> Tensor:
        """As PreviewDecoder."""
        height, width = latents.shape[-2:]
        bounded = torch.tanh(latents.to(self._dtype) / 3) * 3  # as diffusers' decoder, which scales the picture too
        picture = self._layers(bounded).float() * 2 - 1
        enlarged = F.interpolate(picture, (height * MULTIPLE, width * MULTIPLE), mode="bicubic", align_corners=False)
        return enlarged[0]


LATENT_TO_RGB: Final = (
    (0.2930, 0.2867, 0.2899),
    (0.2148, 0.2329, 0.1914),
    (-0.0122, 0.1194, 0.1829),
    (-0.2740, -0.3566, -0.4642),
)
"""What one unit of each latent adds to R, G and B on a scale of −1 to 1.

Least squares between the latents of 24 photos of rooms (TAESD's encoder) and the photos averaged over 8×8 pixels;
fitted on half of them it explains 88, 92 and 89 % of the variance of R, G and B in the other half.
"""
LATENT_TO_RGB_OFFSET: Final = (0.0209, -0.0650, -0.1580)


class LinearPreviewDecoder:
    """One colour a latent, as a blurred picture."""

    @torch.inference_mode()
    def draw(self, latents: Tensor) -> Tensor:
        """As PreviewDecoder."""
        weights = torch.tensor(LATENT_TO_RGB, device=latents.device)
        offset = torch.tensor(LATENT_TO_RGB_OFFSET, device=latents.device)
        picture = torch.einsum("bchw,cr->brhw", latents.float(), weights) + offset[None, :, None, None]
        return F.interpolate(picture, scale_factor=MULTIPLE, mode="bicubic", align_corners=False)[0]
