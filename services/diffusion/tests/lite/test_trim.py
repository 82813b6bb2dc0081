"""Skirting found along the floor."""

import numpy as np

from diffusion.lite.edge_evidence import edges
from diffusion.lite.labels import Label
from diffusion.lite.trim import trim


def test_skirting_is_trim_and_light_on_the_wall_is_not() -> None:
    lab = np.full((300, 400, 3), (60.0, 0.0, 5.0), dtype=np.float32)
    labels = np.full((300, 400), Label.WALL, dtype=np.uint8)
    labels[250:] = Label.FLOOR
    lab[243:250] = (90.0, 0.0, 2.0)
    glow = np.hypot(*np.meshgrid(np.arange(400) - 200.0, np.arange(300) - 220.0)).astype(np.float32)
    lab[:243, :, 0] += 18.0 * np.exp(-((glow[:243] / 25) ** 2))
    found = trim(lab, edges(lab), labels, np.asarray(labels == Label.WALL, dtype=np.uint8))
    assert found[244:249].mean() > 0.9
    assert not found[:230].any()
