"""Renders a scene: light, and what else the camera sees."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from research.roomnet.renderer import layout, library
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.scene import Scene

Floats: TypeAlias = NDArray[np.float32]

_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)

_STRENGTH: Final = {"direct": 0.5, "indirect": 2.0, "other": 1.0}
"""Direct light has edges of its own, indirect light hardly any."""

_SLICE: Final = 8
"""Samples a call to the renderer; between calls it can tell how far it is."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How much work goes into a picture."""

    samples: int
    """Paths a pixel."""

    bounces: int
    """Diffuse or glossy scatterings that are followed; light after the last is `ambient`."""

    every_light: bool = True
    """Whether the first surface looks for every source, or for one by chance."""

    passes: int = 5
    """Of the denoiser; each doubles its reach, 0 leaves the noise."""

    reach: int = 2
    """1: nine taps a pass; 2: twenty-five."""

    strength: float = 3.0
    """Deviations of noise that the denoiser takes for equal; half as many in direct light, twice in indirect."""

    clamp: float = 20.0
    """Upper bound of what one path adds after its first bounce."""

    ambient: float = 0.0
    """Radiance that stands for all light after the last bounce."""

    threads: int = 1


@dataclass(frozen=True, kw_only=True)
class Buffers:
    """What was rendered; arrays are H×W or H×W×3, colours linear."""

    light: Floats
    """Radiance that reaches the camera."""

    albedo: Floats
    """Diffuse reflectance, 0–1; white on glass and metal."""

    shading: Floats
    """Light on the first diffuse surface, without its colour."""

    gloss: Floats
    """The rest: reflections, lamps, the view outside. `light` is `albedo` × `shading` + `gloss`."""

    normal: Floats
    """Unit vectors in room coordinates, towards the camera; 0 where nothing was hit."""

    depth: Floats
    """Metres along the camera's axis; 0 where nothing was hit."""

    part: NDArray[np.int32]
    """Index into the scene's parts; −1 where nothing was hit."""


def render(
    scene: Scene, camera: Camera, quality: Quality, *, seed: int, progress: Callable[[int], None] | None = None
) -> Buffers:
    """One picture of a scene; see `Tracer.render`."""
    with Tracer(scene) as tracer:
        return tracer.render(camera, quality, seed=seed, progress=progress)


def _finished(sums: dict[str, Floats], depth: Floats, part: NDArray[np.int32], quality: Quality) -> Buffers:
    count = np.float32(quality.samples)
    albedo, normal = sums["albedo"] / count, sums["normal"]
    guides = Guides(normal=normal, depth=depth, albedo=albedo, part=part)
    reflectance = np.maximum(albedo, np.float32(0.01))
    ones = np.ones_like(reflectance)
    divisors = {"direct": reflectance, "indirect": reflectance, "other": ones}
    direct, indirect, gloss = _denoised(sums, divisors, guides, quality)
    shading = direct + indirect
    return Buffers(
        light=reflectance * shading + gloss,
        albedo=albedo,
        shading=shading,
        gloss=gloss,
        normal=normal,
        depth=depth,
        part=part,
    )


@dataclass(frozen=True, kw_only=True)
class Guides:
    """What tells the denoiser where one surface ends and the next begins."""

    normal: Floats
    depth: Floats
    albedo: Floats
    part: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What is where, without light."""

    part: NDArray[np.int32]
    """H×W; −1 where nothing was hit."""

    depth: Floats
    """H×W, metres along the camera's axis."""


class Tracer:
    """A scene in the library's memory, to be looked at from several places."""

    def __init__(self, scene: Scene) -> None:
        self._arrays = arrays = scene.packed()  # the library reads them for as long as it has the scene
        self._handle = library.load().scene_create(
            arrays.positions.ctypes.data,
            arrays.normals.ctypes.data,
            arrays.uv.ctypes.data,
            arrays.triangles.ctypes.data,
            arrays.material.ctypes.data,
            arrays.part.ctypes.data,
            len(arrays.triangles),
            arrays.materials.ctypes.data,
            arrays.lights.ctypes.data,
            len(arrays.lights),
            arrays.sky.ctypes.data,
        )

    def __enter__(self) -> "Tracer":
        return self

    def __exit__(self, *_: object) -> None:
        library.load().scene_destroy(self._handle)

    def glance(self, camera: Camera) -> Glance:
        """Looks through the middle of every pixel."""
        shape = (camera.height, camera.width)
        depth, part = np.zeros(shape, np.float32), np.full(shape, -1, np.int32)
        library.load().glance(self._handle, camera.packed().ctypes.data, depth.ctypes.data, part.ctypes.data)
        return Glance(part=part, depth=depth)

    def render(
        self, camera: Camera, quality: Quality, *, seed: int, progress: Callable[[int], None] | None = None
    ) -> Buffers:
        """Traces and denoises; the same arguments give the same buffers on one machine, whatever `threads` is.

        `progress` is told how many samples a pixel have been added since it was last called.
        """
        sums, depth, part = self._trace(camera, quality, seed, progress)
        return _finished(sums, depth, part, quality)

    def _trace(
        self, camera: Camera, quality: Quality, seed: int, progress: Callable[[int], None] | None
    ) -> tuple[dict[str, Floats], Floats, NDArray[np.int32]]:
        shape = (camera.height, camera.width)
        sums = {name: np.zeros(shape if name.startswith("square") else (*shape, 3), np.float32) for name in layout.SUMS}
        depth, part = np.zeros(shape, np.float32), np.full(shape, -1, np.int32)
        pointers = layout.Sums(*(array.ctypes.data for array in sums.values()))
        view, options = camera.packed(), np.zeros(1, layout.OPTIONS)
        for name in ("bounces", "threads", "every_light", "clamp", "ambient"):
            options[name] = getattr(quality, name)
        options["seed"] = seed
        for first in range(0, quality.samples, _SLICE):
            step = min(_SLICE, quality.samples - first)
            options["first_sample"], options["samples"] = first, step
            library.load().render(
                self._handle,
                view.ctypes.data,
                options.ctypes.data,
                ctypes.byref(pointers),
                depth.ctypes.data,
                part.ctypes.data,
            )
            if progress:
                progress(step)
        return sums, depth, part


def _denoised(sums: dict[str, Floats], divisors: dict[str, Floats], guides: Guides, quality: Quality) -> list[Floats]:
    """Means of the named sums, each divided (a surface's colour is no noise) and filtered."""
    count = np.float32(quality.samples)
    lights, variances = [], []
    for name, divisor in divisors.items():
        mean = sums[name] / count
        variance = np.maximum(sums[f"square_{name}"] / count - (mean @ _LUMINANCE) ** 2, 0) / max(count - 1, 1)
        lights.append(np.ascontiguousarray(mean / divisor, np.float32))
        variances.append(np.ascontiguousarray(variance / (divisor @ _LUMINANCE) ** 2, np.float32))
    strengths = np.array([_STRENGTH[name] * quality.strength for name in divisors], np.float32)
    height, width = guides.depth.shape
    pointers = ctypes.c_void_p * len(lights)
    library.load().denoise(
        width,
        height,
        quality.passes,
        quality.reach,
        len(lights),
        pointers(*(light.ctypes.data for light in lights)),
        pointers(*(variance.ctypes.data for variance in variances)),
        strengths.ctypes.data,
        guides.normal.ctypes.data,
        guides.depth.ctypes.data,
        guides.albedo.ctypes.data,
        guides.part.ctypes.data,
        quality.threads,
    )
    return lights
