"""What the text encoder is told. Needs no torch."""

from typing import get_args

import pytest

from diffusion.sd.options import Base
from diffusion.sd.prompts import BASES, prompts, subject
from diffusion.styles import read_styles
from servicekit.types.rooms import RoomType
from tools.gpu.requests import restyling

STYLES = read_styles()


@pytest.mark.parametrize(
    ("style", "room", "said"),
    [
        ("scandinavian", RoomType.LIVING_ROOM, "a scandinavian living room"),
        ("industrial", RoomType.KITCHEN, "an industrial kitchen"),
        ("mid_century", None, "a mid century interior"),
        ("boho", RoomType.OTHER, "a boho interior"),
    ],
)
def test_the_room_is_named(style: str, room: RoomType | None, said: str) -> None:
    assert subject(style, room) == said


@pytest.mark.parametrize("base", get_args(Base))
@pytest.mark.parametrize("style", STYLES.values(), ids=lambda style: style.name)
def test_the_room_comes_first_and_the_bases_words_last(style: object, base: Base) -> None:
    request = restyling(style=style, room_type=RoomType.BEDROOM)
    positive, negative = prompts(request, base)
    assert positive.startswith(f"{subject(request.style.name, RoomType.BEDROOM)}, ")
    assert positive.endswith(BASES[base].positive)
    assert request.style.prompt.positive in positive
    assert request.style.rooms[RoomType.BEDROOM].prompt in positive
    for unwanted in (request.style.prompt.negative, "distorted furniture", "warped walls", "watermark"):
        assert unwanted in negative


def test_a_palette_takes_the_place_of_the_styles_colours() -> None:
    request = restyling(style=STYLES["scandinavian"], palette=("#A3AD91", "#C48F8C"))
    positive, _negative = prompts(request, "realistic-vision")
    assert positive.startswith("a scandinavian interior, sage green walls, dusty rose textiles, color palette of ")
    assert "white walls" not in positive
    assert "linen textiles" not in positive
    assert "pale oak floor" in positive


def test_guidance_is_what_the_bases_authors_advise() -> None:
    """Realistic Vision's model card: a scale of 3.5–7."""
    assert BASES["realistic-vision"].guidance == (3.5, 7.0)
