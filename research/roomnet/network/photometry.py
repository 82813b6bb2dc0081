"""What cameras, lamps and phones do to a picture, much exaggerated; for whole batches on one device."""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from research.roomnet.network import groups
from research.roomnet.network.views import Views

_BLOCK: Final = 8


def photographed(views: Views) -> Views:
    """Other light, exposure, colours, sharpness, noise and compression for every picture; now and then a hole."""
    image = _relit(views.image.clamp(min=1e-3) ** 2.2, views.depth)
    image = _developed(image.clamp(1e-4, 4) ** (1 / 2.2))
    image = _blurred(image)
    image = _noisy(image)
    image = _compressed(image.clamp(0, 1))
    return _holes(views.shown(image.clamp(0, 1)))


def _chance(count: int, share: float, device: torch.device) -> Tensor:
    """N×1×1×1, 1 for that share of the pictures."""
    return (torch.rand(count, 1, 1, 1, device=device) < share).float()


def _uniform(count: int, low: float, high: float, device: torch.device, channels: int = 1) -> Tensor:
    return low + (high - low) * torch.rand(count, channels, 1, 1, device=device)


def _relit(light: Tensor, depth: Tensor) -> Tensor:
    """Uneven light, a flash that falls off with distance, a vignette; on linear light."""
    count, _, height, width = light.shape
    device = light.device
    coarse = torch.randn(count, 1, 3, 4, device=device)
    uneven = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
    light = light * torch.exp(0.35 * _chance(count, 0.4, device) * uneven)
    near = (depth > 0) / depth.clamp(min=0.7).square()
    flash = near / near.mean(dim=(2, 3), keepdim=True).clamp(min=1e-3)
    light = light * (1 + _chance(count, 0.15, device) * _uniform(count, 0.2, 1.0, device) * flash.clamp(max=4))
    x = torch.linspace(-1, 1, width, device=device)
    y = torch.linspace(-1, 1, height, device=device)[:, None]
    corner = (x * x + y * y).expand(count, 1, height, width)
    light = light * (1 - _uniform(count, 0, 0.25, device) * corner).clamp(min=0.1)
    # sun or shade across everything, with a soft edge
    angle = _uniform(count, 0, 2 * math.pi, device)
    line = (angle.cos() * x + angle.sin() * y - _uniform(count, -0.8, 0.8, device)) * _uniform(count, 2, 30, device)
    return light * (1 + _chance(count, 0.15, device) * _uniform(count, -0.5, 1.5, device) * line.sigmoid())


def _developed(image: Tensor) -> Tensor:
    """Exposure, curves, white balance, saturation, contrast; on display values."""
    count, device = len(image), image.device
    strong = _chance(count, 0.3, device)  # most pictures are a little off, some a lot
    amount = 0.4 + 0.8 * strong
    image = image * torch.exp(0.25 * amount * torch.randn(count, 1, 1, 1, device=device))
    image = image * torch.exp(0.10 * amount * torch.randn(count, 3, 1, 1, device=device))
    image = image.clamp(1e-4, 1) ** torch.exp(0.25 * amount * torch.randn(count, 1, 1, 1, device=device))
    image = image.clamp(1e-4, 1) ** torch.exp(0.06 * amount * torch.randn(count, 3, 1, 1, device=device))
    grey = image.mean(dim=1, keepdim=True)
    saturation = torch.exp(0.4 * amount * torch.randn(count, 1, 1, 1, device=device))
    saturation = saturation * (1 - _chance(count, 0.07, device))
    image = grey + saturation * (image - grey)
    middle = image.mean(dim=(1, 2, 3), keepdim=True)
    contrast = torch.exp(0.2 * amount * torch.randn(count, 1, 1, 1, device=device))
    image = middle + contrast * (image - middle)
    swapped = image.roll(int(torch.randint(1, 3, ())), dims=1)  # colour alone is no proof of anything
    return torch.lerp(image, swapped, _chance(count, 0.08, device))


def _blurred(image: Tensor) -> Tensor:
    """Out of focus by up to 1.5 pixels, or sharpened."""
    count, device = len(image), image.device
    reach = torch.arange(-3, 4, device=device, dtype=image.dtype)
    deviation = _uniform(count, 0.35, 1.5, device).view(count, 1)
    kernel = torch.exp(-0.5 * (reach / deviation).square())
    kernel = kernel / kernel.sum(dim=1, keepdim=True)
    across = kernel.repeat_interleave(3, dim=0)[:, None, None, :]
    flat = image.reshape(1, -1, *image.shape[2:])
    soft = F.conv2d(F.pad(flat, (3, 3, 0, 0), mode="reflect"), across, groups=3 * count)
    soft = F.conv2d(F.pad(soft, (0, 0, 3, 3), mode="reflect"), across.transpose(2, 3), groups=3 * count)
    soft = soft.view(image.shape)
    blur = _chance(count, 0.35, device)
    sharpen = (1 - blur) * _chance(count, 0.4, device) * _uniform(count, 0.2, 1.2, device)
    return image + (blur - sharpen) * (soft - image)


def _noisy(image: Tensor) -> Tensor:
    """Grain of every pixel, and the coloured blotches that noise reduction leaves."""
    count, _, height, width = image.shape
    device = image.device
    amount = _chance(count, 0.35, device) * _uniform(count, 0, 0.04, device)
    grain = torch.randn(count, 1, height, width, device=device) + 0.5 * torch.randn_like(image)
    coarse = torch.randn(count, 3, height // 4, width // 4, device=device)
    blotches = F.interpolate(coarse, size=(height, width), mode="bilinear")
    return image + amount * grain + _chance(count, 0.2, device) * 0.03 * blotches


def _compressed(image: Tensor) -> Tensor:
    """Coefficients of 8×8 blocks rounded coarsely, as JPEG does (Wallace, 1992), on a share of the pictures."""
    count, channels, height, width = image.shape
    device = image.device
    step = torch.arange(_BLOCK, device=device, dtype=image.dtype)
    basis = torch.cos((2 * step + 1) * step[:, None] * math.pi / (2 * _BLOCK)) * math.sqrt(2 / _BLOCK)
    basis[0] *= math.sqrt(0.5)
    blocks = image.view(count, channels, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(3, 4)
    coefficients = basis @ blocks @ basis.T
    coarseness = (1 + step + step[:, None]) * _uniform(count, 0.004, 0.05, device)[..., None, None]
    kept = (coefficients / coarseness).round() * coarseness
    back = (basis.T @ kept @ basis).transpose(3, 4).reshape(image.shape)
    return torch.lerp(image, back, _chance(count, 0.25, device))


def _holes(views: Views) -> Views:
    """A rectangle of one colour that nothing is known about (DeVries & Taylor, "Cutout", 2017)."""
    count, _, height, width = views.image.shape
    device = views.image.device
    x = torch.linspace(0, 1, width, device=device)
    y = torch.linspace(0, 1, height, device=device)[:, None]
    left, top = _uniform(count, -0.1, 0.9, device), _uniform(count, -0.1, 0.9, device)
    hole = (x > left) & (x < left + _uniform(count, 0.05, 0.35, device))
    hole = hole & (y > top) & (y < top + _uniform(count, 0.05, 0.35, device)) & (_chance(count, 0.15, device) > 0)
    image = views.image.where(~hole, _uniform(count, 0, 1, device, channels=3))
    unknown = torch.full_like(views.groups, groups.IGNORED)
    return views.shown(image).known(views.groups.where(~hole, unknown), views.depth * ~hole)
