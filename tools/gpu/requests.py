"""Requests for tests and measurements: a made-up room with all maps."""

from typing import Any

import msgspec
import numpy as np

from diffusion.domain import Maps, Restyling
from diffusion.styles import Prompt, Style, read_styles


def style(*, positive: str = "a room with an oak floor", negative: str = "dark") -> Style:
    """A shipped style with prompts of one's own."""
    return msgspec.structs.replace(read_styles()["scandinavian"], prompt=Prompt(positive=positive, negative=negative))


def restyling(*, height: int = 64, width: int = 64, **changes: Any) -> Restyling:
    """A request with all maps; `changes` replace its fields."""
    random = np.random.default_rng(5)
    fields: dict[str, Any] = {
        "photo": random.integers(0, 256, (height, width, 3), dtype=np.uint8),
        "style": style(),
        "maps": Maps(
            depth=random.integers(0, 256, (height, width), dtype=np.uint8),
            canny=random.choice(np.array([0, 255], np.uint8), (height, width)),
            segmentation=random.integers(0, 150, (height, width), dtype=np.uint8),
        ),
        "repaint_openings": True,
        "strength": 0.7,
        "seed": 11,
    }
    return Restyling(**(fields | changes))
