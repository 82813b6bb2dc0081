"""The colours of the corpus' patches in a picture that was kept."""

import io

from PIL import Image

from tools.inputs.corpus import PATCH_SHARE, PATCHES


def largest_difference(jpeg: bytes) -> int:
    """Between the patches along the bottom of a picture and what they should be, of 255."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        row = round(picture.height * (1 - PATCH_SHARE / 2))
        places = [round(picture.width * (number + 0.5) / len(PATCHES)) for number in range(len(PATCHES))]
        found = [picture.convert("RGB").getpixel((place, row)) for place in places]
    return max(
        abs(value - wanted)
        for one, patch in zip(found, PATCHES, strict=True)
        if isinstance(one, tuple)
        for value, wanted in zip(one, patch, strict=True)
    )
