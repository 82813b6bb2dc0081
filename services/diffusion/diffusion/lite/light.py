"""The photo's light, parted from its paint.

A surface of one paint shows its light: radiance = albedo × shading, so the ratio of a pixel to the surface's reference
is shading alone, and another albedo under the same ratio is the same surface repainted (the ratio images of Land and
McCann's retinex, 1971; recolouring by ratio as in Beigpour and van de Weijer, ICCV 2011). How bright the light is, is
taken from every pixel; what colour it has, from a wide neighbourhood, for lamps and windows tint broadly while the
fringes of edges, patterns and sensor noise do not.
"""

import cv2
import numpy as np

from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import LIGHT
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats


def reference(pixels: Floats, *, share: float = 0.5) -> Floats:
    """The typical linear colour, 3 values, of a region's N×3 pixels: a quantile, blind to highlights and dirt."""
    sparse = pixels[:: max(1, len(pixels) // LIGHT.samples)]
    return floats(np.maximum(np.quantile(sparse, share, axis=0), LIGHT.darkest))


def brightness(light: Floats, base: Floats) -> Floats:
    """How much brighter than its reference each pixel of …×3 linear light is."""
    return floats(light @ colour.LUMINANCE) / float(colour.LUMINANCE @ base)


def tint(photo: Floats, mask: Bits, base: Floats, *, amount: float = LIGHT.tint) -> Floats:
    """Factors of luminance about 1 of the photo's size: the colour of the light on a mask against its reference.

    `photo` is h×w×3 linear light, as small as LIGHT.side; the mask is H×W. The more saturated the old paint was, the
    less its channels say of the light's colour.
    """
    size = (photo.shape[1], photo.shape[0])
    weight = floats(cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA)) / np.float32(255.0)
    radius = max(2, round(LIGHT.around * max(size)))
    window = (2 * radius + 1, 2 * radius + 1)
    near = floats(cv2.blur(weight, window))[..., None]
    around = floats(cv2.blur(photo * weight[..., None], window)) / np.maximum(near, 1e-4) / base
    cast = around / np.maximum(colour.luminance(floats(around)), 1e-3)[..., None]
    cast = np.where(near > 1e-3, np.clip(cast, 1 / LIGHT.strongest, LIGHT.strongest), 1.0)
    return floats(1.0 + amount * float(base.min() / base.max()) * (cast - 1.0))


def lit(albedo: Floats, shade: Floats, *, gloss: float | None = None) -> Floats:
    """Albedo under a shading, both broadcastable to N×3, in 0–1.

    Proportional up to the reference; above it a shoulder that starts with the same slope and nears 1, so that
    highlights neither clip nor turn grey. `gloss` is the luminance of the old reference of a thing that may shine: its
    highlights are light that its paint never saw (Shafer's dichromatic reflection model, 1985), and a lighter albedo
    does not make them stronger.
    """
    room = np.maximum(1.0 - albedo, 1e-3)
    over = np.maximum(shade - 1.0, 0.0) * (albedo if gloss is None else np.minimum(albedo, gloss))
    return floats(albedo * np.minimum(shade, 1.0) + room * over / (room + over))
