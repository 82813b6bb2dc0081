"""Planes enlarged, as a whole or at single pixels."""

import numpy as np

from diffusion.lite.sizes import enlarged, sampled


def test_sampling_at_places_is_enlarging() -> None:
    plane = np.random.default_rng(0).random((7, 11, 3), dtype=np.float32)
    index = np.arange(0, 50 * 80, 3)
    np.testing.assert_allclose(
        sampled(plane, index, (50, 80)), enlarged(plane, (50, 80)).reshape(-1, 3)[index], atol=2e-2
    )
