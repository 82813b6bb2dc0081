"""What the text encoder is told: the room first, then the style, then what the base model answers to.

The order and the words for quality follow the published interior pipeline (github.com/neuralwork/sd-interior-design at
9ff98cf: the request, then a suffix on quality; negatives for pictures of rooms). Its negatives `functional` and
`realistic` contradict its own suffix and the base, and `mirror` would empty bathrooms: they are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from diffusion.domain import Restyling
from diffusion.sd import palette, surfaces
from diffusion.sd.options import Base
from servicekit.types.rooms import RoomType

INTERIOR_NEGATIVE: Final = (
    "lowres, watermark, logo, text, people, deformed, distorted furniture, warped walls, crooked lines, "
    "upholstered walls, blurry, out of focus, out of frame, surreal, ugly"
)
"""What a picture of a room must not be, in any style."""

PALETTES_WORDS: Final = ("walls", "textiles", "palette")
"""In phrases of a style that a palette takes the place of: `soft white walls` beside `sage green walls` is neither."""


@dataclass(frozen=True, kw_only=True)
class BaseWords:
    """What a base model wants to be told beside the style."""

    positive: str
    negative: str

    guidance: tuple[float, float]
    """Least and greatest guidance scale that its authors advise; a style's is brought into this range."""


BASES: Final[Mapping[Base, BaseWords]] = MappingProxyType(
    {
        # its model card: the words of a photograph, no renderings, a scale of 3.5–7
        "realistic-vision": BaseWords(
            positive="interior design, RAW photo, 8k uhd, dslr, soft lighting, high quality, film grain",
            negative="semi-realistic, cgi, 3d, render, sketch, cartoon, drawing",
            guidance=(3.5, 7.0),
        ),
        "dreamshaper": BaseWords(
            positive="interior design, photograph, 8k, high quality, soft lighting, tastefully decorated",
            negative="painting, illustration, 3d render, cartoon",
            guidance=(5.0, 9.0),
        ),
        # trained on captions of all sorts: it has to be told more of quality, more strongly
        "sd15": BaseWords(
            positive="interior design, editorial photograph, 4k, high resolution, elegant, tastefully decorated, "
            "highly detailed",
            negative="painting, illustration, drawing, render, cartoon, grainy, jpeg artifacts",
            guidance=(5.0, 15.0),
        ),
    }
)


def prompts(restyling: Restyling, base: Base) -> tuple[str, str]:
    """The positive and the negative prompt."""
    style, words = restyling.style, BASES[base]
    if restyling.surfaces:  # the style is not looked at
        return _joined([surfaces.prompt(restyling), words.positive]), _joined([INTERIOR_NEGATIVE, words.negative])
    own = style.rooms.get(restyling.room_type) if restyling.room_type is not None else None
    positive = [
        subject(style.name, restyling.room_type),
        palette.in_words(restyling.palette),
        _without_colours(style.prompt.positive) if restyling.palette else style.prompt.positive,
        own.prompt if own is not None else "",
        words.positive,
    ]
    return _joined(positive), _joined([style.prompt.negative, INTERIOR_NEGATIVE, words.negative])


def subject(style: str, room: RoomType | None) -> str:
    """`a mid century living room`, the style's and the room's words; `interior` where the room is not known."""
    kind = "interior" if room in (None, RoomType.OTHER) else str(room).replace("_", " ")
    return f"{_article(style)} {style.replace('_', ' ')} {kind}"


def _without_colours(words: str) -> str:
    """The phrases of a style's words that say nothing of what a palette is for."""
    return _joined([phrase for phrase in words.split(", ") if not any(word in phrase for word in PALETTES_WORDS)])


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)
