"""Printed, woven and papered patterns, tasteful or not."""

import colorsys
from typing import Final

from research.roomnet.scene.material import Colour, Material, Texture, shade
from research.roomnet.scene.workshop import Workshop

_WOVEN: Final = (Texture.FLORAL, Texture.STRIPES, Texture.CHECKS, Texture.MOSAIC)
_PAPERED: Final = (Texture.FLORAL, Texture.STRIPES, Texture.MOSAIC)


def any_colour(shop: Workshop) -> Colour:
    """Any hue, as often pale or dark as strong; linear."""
    saturation, value = shop.rng.random() ** 1.4, 0.08 + 0.92 * shop.rng.random()
    red, green, blue = colorsys.hsv_to_rgb(shop.rng.random(), saturation, value)
    return 0.86 * red**2.2 + 0.01, 0.86 * green**2.2 + 0.01, 0.86 * blue**2.2 + 0.01


def cloth(shop: Workshop, colour: Colour, second: Colour, third: Colour) -> Material:
    """For cushions, bedding, upholstery: a pattern of 3 to 40 cm."""
    texture = _WOVEN[int(shop.rng.choice(4, p=[0.45, 0.25, 0.2, 0.1]))]
    size = shop.between(0.06, 0.4) if texture is Texture.FLORAL else shop.between(0.03, 0.25)
    return Material(
        texture=texture,
        seed=shop.seed(),
        colour=colour,
        second=second,
        third=third,
        size=(size, size),
        detail=(shop.between(0.3, 0.9), 0.0),
        specular=0.0,
    )


def wallpaper(shop: Workshop, ground: Colour, *, loud: bool) -> Material:
    """Tone on tone, or as `loud` as paper gets."""
    texture = _PAPERED[int(shop.rng.choice(3, p=[0.6, 0.25, 0.15]))]
    second = any_colour(shop) if loud else shade(ground, shop.between(0.6, 1.15))
    third = any_colour(shop) if loud else shade(ground, shop.between(0.5, 0.9))
    size = shop.between(0.08, 0.35)
    return Material(
        texture=texture,
        seed=shop.seed(),
        colour=ground,
        second=second,
        third=third,
        size=(size, size),
        detail=(shop.between(0.3, 0.9), 0.0),
        specular=0.015,
    )


def loud(shop: Workshop) -> Material:
    """Anything that a surface could be, in any colours."""
    colour, second, third = (any_colour(shop) for _ in range(3))
    textures = (Texture.PLAIN, *_WOVEN, Texture.WOOD, Texture.STONE, Texture.TILES, Texture.BRICK, Texture.BOARDS)
    texture = textures[int(shop.rng.integers(len(textures)))]
    wide = shop.between(0.04, 0.5)
    sizes = {
        Texture.WOOD: (1.0, shop.between(0.02, 0.06)),
        Texture.BOARDS: (shop.between(0.8, 2.4), shop.between(0.06, 0.2)),
        Texture.BRICK: (0.24, 0.075),
        Texture.TILES: (wide, wide * shop.between(0.4, 1.0)),
    }
    details = {Texture.TILES: (shop.between(0.1, 0.9), shop.between(0.002, 0.008)), Texture.BOARDS: (0.45, 0.9)}
    return Material(
        texture=texture,
        seed=shop.seed(),
        colour=colour,
        second=second if texture in _WOVEN else shade(colour, shop.between(0.45, 1.1)),
        third=third if texture in _WOVEN else shade(colour, shop.between(0.2, 1.2)),
        size=sizes.get(texture, (wide, wide)),
        detail=details.get(texture, (shop.between(0.1, 0.9), 0.0)),
        roughness=shop.between(0.15, 0.8),
        specular=shop.between(0.0, 0.05),
    )
