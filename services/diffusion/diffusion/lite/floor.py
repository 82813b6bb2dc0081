"""The floor, laid anew: a texture through the floor's homography, under the light of the old one."""

import numpy as np
from numpy.typing import NDArray

from diffusion.lite import light
from diffusion.lite.camera import Camera
from diffusion.lite.canvas import Canvas
from diffusion.lite.labels import Label
from diffusion.lite.materials import catalogue
from diffusion.lite.materials.sampling import albedo_at
from diffusion.lite.materials.texture import Texture
from diffusion.lite.parameters import WALLS
from diffusion.lite.relief import smooth_shading
from diffusion.lite.sizes import sampled
from servicekit.imaging import colour
from servicekit.imaging.arrays import Floats, floats


def lay_floor(canvas: Canvas) -> None:
    """Lays the chosen floor under the photo's light."""
    mask = canvas.to_paint(Label.FLOOR)
    if mask is None:
        return
    finish = canvas.choice.floor
    patch = canvas.patch(mask)
    shade = smooth_shading(canvas.scene.light, mask, patch.typical())
    texture = catalogue.texture(finish, canvas.choice.seed)
    albedo = colour.from_hex(finish.color)
    if texture is not None:
        albedo = laid(texture, canvas.scene.camera, patch.index, mask.shape[1])
    canvas.lay(patch, light.lit(albedo, sampled(shade, patch.index, mask.shape)))
    canvas.record(Label.FLOOR, mask, finish.name)


def laid(texture: Texture, camera: Camera, index: NDArray[np.intp], width: int) -> Floats:
    """N×3 albedo of the floor as the camera sees it at N positions in the flattened picture."""
    rows, columns = np.divmod(index, width)
    samples = []
    for offset in WALLS.subsamples:
        row = floats(rows + offset)
        sideways, away = camera.floor_scale(row)
        over, along = camera.floor(floats(columns + 0.5), row)
        samples.append(albedo_at(texture, over, along, np.maximum(sideways, away / (2 * len(WALLS.subsamples)))))
    return floats(np.mean(samples, axis=0))
