"""The lite engine on real photos."""

import os

import numpy as np
import pytest

from detection.__main__ import build_engine
from detection.settings import Settings
from tests.fixtures.rooms import read_photo, real_photos

photos = pytest.mark.parametrize(
    "file",
    real_photos() or [pytest.param(None, marks=pytest.mark.skip(reason="MODOMO_ROOMS names no real photos"))],
    ids=lambda file: file.stem if file else "",
)


@photos
@pytest.mark.slow
async def test_every_photo_shows_something_and_nothing_twice(file: os.PathLike[str]) -> None:
    engine = build_engine(Settings(engine="lite"))
    photo = read_photo(file)
    found = await engine.detect(photo, masks=True)
    await engine.close()
    assert found
    masks = [candidate.mask for candidate in found if candidate.mask is not None]
    assert len(masks) == len(found)
    assert np.stack(masks).sum(axis=0).max() == 1
    assert all(mask.mean() >= 0.001 for mask in masks)
