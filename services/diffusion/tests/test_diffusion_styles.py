"""Styles: what is in the package, what a directory adds, and what a broken file is told."""

from itertools import combinations
from pathlib import Path

import pytest

from diffusion.styles import Pattern, StyleError, parse_style, read_styles
from servicekit.imaging import colour
from servicekit.types.rooms import RoomType

FILE = """
title = "Plain"
description = "Nothing much."
strength = 0.5
guidance = 7.0

[prompt]
positive = "a plain room"
negative = "blurry"

[palette]
wall = "#FFFFFF"
ceiling = "#FFFFFF"
trim = "#EEEEEE"
floor = "#808080"
textile = "#A0A0A0"
accent = "#ff0000"
wood = "#806040"
metal = "#404040"

[light]
warmth = 0.1

[materials]
wall = [{ name = "white paint", pattern = "plain", color = "#FFFFFF" }]
floor = [{ name = "grey concrete", pattern = "concrete", color = "#808080" }]
upholstery = [{ name = "grey wool", pattern = "fabric", color = "#A0A0A0" }]
bedding = [{ name = "grey linen", pattern = "fabric", color = "#A0A0A0" }]
curtain = [{ name = "grey linen", pattern = "fabric", color = "#A0A0A0" }]
rug = [{ name = "grey rug", pattern = "carpet", color = "#A0A0A0" }]
cabinet = [{ name = "brown wood", pattern = "plain", color = "#806040" }]

[rooms.bathroom]
prompt = "white tiles"
[rooms.bathroom.materials]
floor = [{ name = "white tiles", pattern = "tiles", color = "#F0F0F0", size = 0.3 }]
"""


CONTRACT = {"boho", "industrial", "minimalist", "modern", "scandinavian"}


def test_package_brings_twenty_styles_and_among_them_the_five_of_the_contract() -> None:
    styles = read_styles()
    assert len(styles) == 20
    assert set(styles) >= CONTRACT
    assert list(styles) == sorted(styles)
    for name, style in styles.items():
        assert style.name == name
        assert len(style.palette.colors) >= 6
        assert len(style.materials.wall) + len(style.materials.floor) >= 3, "the seed needs something to choose from"


def test_no_two_styles_have_nearly_the_same_palette_or_words() -> None:
    styles = read_styles()
    surfaces = {
        name: colour.lab_of_hex([style.palette.wall, style.palette.floor, style.palette.textile, style.palette.accent])
        for name, style in styles.items()
    }
    for one, other in combinations(styles, 2):
        apart = [float(colour.delta_e(a[None], b)[0]) for a, b in zip(surfaces[one], surfaces[other], strict=True)]
        assert sum(apart) / 4 > 6, (one, other)
        words, others = (set(styles[name].prompt.positive.split(", ")) for name in (one, other))
        assert len(words & others) <= 4, (one, other)
    texts = [(style.title, style.description, style.prompt.positive) for style in styles.values()]
    for kind in zip(*texts, strict=True):
        assert len(set(kind)) == len(styles)


def test_room_replaces_materials() -> None:
    style = parse_style("plain", FILE)
    bathroom, bedroom = style.materials_for(RoomType.BATHROOM), style.materials_for(RoomType.BEDROOM)
    assert [finish.pattern for finish in bathroom.floor] == [Pattern.TILES]
    assert bathroom.wall == style.materials.wall
    assert bedroom == style.materials


def test_palette_lists_every_colour_once() -> None:
    colors = parse_style("plain", FILE).palette.colors
    assert colors == ("#FFFFFF", "#EEEEEE", "#808080", "#A0A0A0", "#ff0000", "#806040", "#404040")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('wall = "#FFFFFF"', 'wall = "#GGGGGG"', "$.palette.wall"),
        ('wall = "#FFFFFF"', 'wall = "white"', "$.palette.wall"),
        ('wall = "#FFFFFF"', "", "missing required field `wall` - at `$.palette`"),
        ('metal = "#404040"', 'metal = "#404040"\ngold = "#FFD700"', "unknown field `gold` - at `$.palette`"),
        ("strength = 0.5", "strength = 1.5", "$.strength"),
        ("strength = 0.5", "strength = nan", "$.strength"),
        ("guidance = 7.0", 'guidance = "7"', "$.guidance"),
        ("warmth = 0.1", "warmth = 2", "$.light.warmth"),
        ('pattern = "concrete"', 'pattern = "lava"', "$.materials.floor[0].pattern"),
        ("size = 0.3", "sise = 0.3", "unknown field `sise` - at `$.rooms[...].materials.floor[0]`"),
        ("[rooms.bathroom]", "[rooms.cellar]", "$.rooms"),
        ('rug = [{ name = "grey rug", pattern = "carpet", color = "#A0A0A0" }]', "rug = []", "$.materials.rug"),
        ('title = "Plain"', 'title = "Plain"\nname = "other"', "`name`"),
        ("[light]", "[light", "line"),
    ],
)
def test_broken_file_is_told_its_name_and_the_key(old: str, new: str, told: str) -> None:
    assert old in FILE
    with pytest.raises(StyleError) as caught:
        parse_style("plain", FILE.replace(old, new))
    assert str(caught.value).startswith("plain.toml: ")
    assert told in str(caught.value)


def test_file_name_must_be_a_word() -> None:
    with pytest.raises(StyleError, match=r"My Style\.toml.*name"):
        parse_style("My Style", FILE)


def test_another_style_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "plain.toml").write_text(FILE)
    (tmp_path / "notes.txt").write_text("no style")
    assert set(read_styles(tmp_path)) == {*read_styles(), "plain"}


def test_extra_style_replaces_ours_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "boho.toml").write_text(FILE)
    assert read_styles(tmp_path)["boho"].title == "Plain"


def test_unreadable_directory_and_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="nowhere"):
        read_styles(tmp_path / "nowhere")
    (tmp_path / "odd.toml").write_bytes(b"title = '\xff\xfe'")
    with pytest.raises(StyleError, match=r"odd\.toml"):
        read_styles(tmp_path)
