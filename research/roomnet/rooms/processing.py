"""How the picture was taken and processed: phones, estate agents, bad exposure."""

import numpy as np

from research.roomnet.photo import Development
from research.roomnet.renderer.trace import Floats

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


DIM = 0.1
"""Share of pictures taken in too little light."""


def by_chance(light: Floats, rng: np.random.Generator) -> Development:
    """Metered on the picture, then as well or badly exposed and processed as photos are."""
    grey = light @ _LUMINANCE
    metered = float(np.exp(np.mean(np.log(np.maximum(np.minimum(grey, np.quantile(grey, 0.97)), 1e-4)))))
    kind = rng.random()
    cast = rng.normal(0, 0.08)
    balance = np.array([1 + cast, 1 + 0.3 * rng.normal(0, 0.03), 1 - cast])
    mean = (light.reshape(-1, 3) * np.minimum(1, 1 / np.maximum(grey.reshape(-1, 1), 1e-4))).mean(axis=0)
    balance *= (mean.mean() / np.maximum(mean, 1e-4)) ** (
        rng.uniform(0.35, 0.95) if rng.random() < 0.7 else rng.uniform(0.0, 0.35)
    )  # what automatic white balance would do, and what it often fails to do
    stops = rng.normal(0.1, 0.55) if kind < 0.82 else rng.uniform(-1.8, 1.5)
    aside = rng.spawn(1)[0]
    dim = aside.random() < DIM
    if dim:  # taken in too little light: dark, or brightened with all its noise
        stops = aside.uniform(-3.0, -0.8) if aside.random() < 0.7 else stops
    agent = rng.random() < 0.35
    return Development(
        exposure=0.26 / metered * 2.0**stops,
        white_balance=(float(balance[0]), float(balance[1]), float(balance[2])),
        contrast=float(rng.normal(1.1, 0.13)),
        saturation=float(rng.uniform(0.6, 1.4) if rng.random() > 0.03 else 0.0),
        shadows=float(rng.uniform(0.4, 0.75) if agent else rng.uniform(0.0, 0.5)),
        glare=float(rng.uniform(0.0, 0.1) if rng.random() < 0.5 else 0.0),
        vignette=float(rng.uniform(0.0, 0.35)),
        grain=float(rng.choice([0.004, 0.01, 0.02, 0.04], p=[0.55, 0.28, 0.12, 0.05]))
        + (float(aside.uniform(0.01, 0.06)) if dim else 0.0),
        sharpening=float(rng.uniform(0.0, 0.8)) if rng.random() < 0.4 else 0.0,
        blur=float(
            rng.uniform(0.7, 1.2) if rng.random() < 0.25 else rng.uniform(0.4, 0.65)
        ),  # two paths leave jagged edges
    )
