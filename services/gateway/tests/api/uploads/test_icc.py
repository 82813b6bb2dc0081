"""Profiles made of primaries and a gamma, read by LittleCMS."""

import io

import pytest
from PIL import Image, ImageCms

from gateway.api.uploads.icc import SRGB, Chromaticities, gamma_profile

P3 = Chromaticities(white=(0.3127, 0.329), red=(0.68, 0.32), green=(0.265, 0.69), blue=(0.15, 0.06))


def converted(profile: bytes, pixel: tuple[int, int, int]) -> tuple[int, int, int]:
    transform = ImageCms.buildTransform(
        io.BytesIO(profile), ImageCms.createProfile("sRGB"), "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    result = ImageCms.applyTransform(Image.new("RGB", (1, 1), pixel), transform)
    assert result is not None
    found = result.getpixel((0, 0))
    assert isinstance(found, tuple)
    return int(found[0]), int(found[1]), int(found[2])


@pytest.mark.parametrize(
    ("space", "gamma", "pixel", "expected"),
    [
        (SRGB, 1.0, (128, 128, 128), (188, 188, 188)),
        (SRGB, 1.0, (255, 0, 0), (255, 0, 0)),
        (P3, 1 / 2.2, (128, 128, 128), (128, 128, 128)),
        (P3, 1 / 2.2, (234, 51, 35), (255, 0, 0)),  # sRGB's red in Display P3, as browsers show it
    ],
)
def test_littlecms_reads_them(
    space: Chromaticities, gamma: float, pixel: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    difference = max(
        abs(one - other)
        for one, other in zip(converted(gamma_profile(space, file_gamma=gamma), pixel), expected, strict=True)
    )
    assert difference <= 4


@pytest.mark.parametrize("gamma", [0.45455, 0.4545, 0.44, 0.46])
def test_what_is_srgb_needs_none(gamma: float) -> None:
    assert gamma_profile(SRGB, file_gamma=gamma) == b""


@pytest.mark.parametrize(
    ("space", "gamma"),
    [
        (SRGB, 0.0),
        (SRGB, 1e9),
        (Chromaticities(white=(0.3, 0.0), red=(0.6, 0.3), green=(0.3, 0.6), blue=(0.1, 0.1)), 1.0),
        (Chromaticities(white=(0.3, 0.3), red=(0.5, 0.5), green=(0.5, 0.5), blue=(0.5, 0.5)), 1.0),
    ],
)
def test_numbers_that_no_space_has_make_none(space: Chromaticities, gamma: float) -> None:
    assert gamma_profile(space, file_gamma=gamma) == b""
