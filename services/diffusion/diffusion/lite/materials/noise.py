"""Noise that repeats without a seam, made in the frequency domain.

White noise under a chosen amplitude spectrum ("Fourier spectral synthesis", Saupe in The Science of Fractal Images,
1988): periodic by construction, and stretched where the spectrum is.
"""

from functools import lru_cache

import numpy as np

from servicekit.imaging.arrays import Floats, floats


@lru_cache(maxsize=32)
def field(height: int, width: int, *, along: float, across: float, roughness: float, seed: int) -> Floats:
    """H×W noise of mean 0 and deviation 1.

    `along` and `across` are the size in pixels of its largest features down the rows and over the columns;
    `roughness` is the exponent of the spectrum's fall: 1 is gritty, 3 is cloudy.
    """
    white = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    rows = np.fft.fftfreq(height)[:, None] * along
    columns = np.fft.rfftfreq(width)[None] * across
    amplitude = (1.0 + rows**2 + columns**2) ** (-roughness / 2)
    amplitude[0, 0] = 0.0
    waves = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=(height, width))
    noise = floats(waves / max(float(waves.std()), 1e-6))
    noise.flags.writeable = False
    return noise
