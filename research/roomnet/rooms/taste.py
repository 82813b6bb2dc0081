"""Chance's taste: the materials of one room, drawn so that they go together about as well as in real homes."""

from dataclasses import dataclass
from typing import Final

from research.roomnet.furniture import finishes
from research.roomnet.furniture.plants import foliage
from research.roomnet.rooms import patterns
from research.roomnet.scene.material import Colour, Material, Texture, srgb
from research.roomnet.scene.workshop import Workshop

WALLS: Final = (
    ("#f1efea", "#e9e4d9", "#eceae4", "#f3f1ec", "#e4e0d6", "#efece6", "#dedad0", "#e8e8e6"),  # whites
    ("#d8c7a6", "#cdb894", "#e0d0b0", "#c9b8a0", "#d9c9b0", "#e3d3b0", "#cbb48a"),  # beiges
    ("#c3c5c6", "#a9adb0", "#b9bcba", "#8e9499", "#d0d2d4"),  # greys
    ("#c7d3c0", "#b5c7d3", "#dfc9c4", "#e6dca8", "#a9bfae", "#c4d2da", "#9db4a8", "#d8b98c", "#e7c96f"),  # pastels
    ("#3f5a55", "#4a5668", "#7a3f35", "#5b4a3d", "#2f3437", "#8a5a3c", "#6b7a4f", "#b5532e", "#35507a"),  # strong ones
)
WALL_SHARES: Final = (0.46, 0.22, 0.12, 0.13, 0.07)

WOODS: Final = (
    "#c9a26d",
    "#b5824d",
    "#a5764a",
    "#8a5a34",
    "#6e4526",
    "#4e3020",
    "#3a261b",
    "#d9bd8e",
    "#9c6b43",
    "#7d4a2e",
)
CLOTHS: Final = (
    "#8b7d6b", "#b8ab97", "#d8d0c0", "#6d6a66", "#4a4a4c", "#98948c", "#7a5b43", "#5a4334", "#a08c6e", "#e6e1d6",
    "#3d5060", "#5b7186", "#4d5c45", "#7d8a6a", "#7a3030", "#a2573a", "#c28b3c", "#2d2d30", "#b09a8a", "#8a6f86",
)  # fmt: skip
ACCENTS: Final = (
    "#b5552f",
    "#d9a441",
    "#44594a",
    "#34506e",
    "#8c2f39",
    "#e5dccb",
    "#2a2a2c",
    "#5c8a8a",
    "#c97b84",
    "#7a8c4a",
)
FOLIAGE: Final = ("#34562a", "#4a6b2f", "#2f4d2c", "#5c7f36", "#3b5e45", "#6b7f3a")


@dataclass(frozen=True, kw_only=True)
class Taste:
    """Materials that a room's things share."""

    wall: Material
    accent_wall: Material
    ceiling: Material
    floor: Material
    trim: Material
    """Skirting, casings, window frames."""

    door: Material
    wood: Material
    other_wood: Material
    cloth: Material
    other_cloth: Material
    metal: Material
    curtain: Material

    shop: Workshop

    def accent(self) -> Material:
        """Cloth in a stronger colour: cushions, throws."""
        shop = self.shop
        colour = pick(shop, ACCENTS)
        if shop.chance(0.22):
            return patterns.cloth(shop, colour, pick(shop, CLOTHS), pick(shop, ACCENTS))
        if shop.chance(0.2):
            return Material(
                texture=Texture.STRIPES,
                seed=shop.seed(),
                colour=colour,
                second=pick(shop, CLOTHS),
                size=(shop.between(0.03, 0.1), 0.1),
                detail=(0.5, 0.0),
                specular=0.0,
            )
        if shop.chance(0.15):
            return Material(
                texture=Texture.CHECKS,
                seed=shop.seed(),
                colour=pick(shop, CLOTHS),
                second=colour,
                third=pick(shop, ACCENTS),
                size=(shop.between(0.05, 0.15), 0.1),
                specular=0.0,
            )
        return finishes.cloth(colour, shop.seed())

    def pottery(self) -> Material:
        """For vases and flowerpots."""
        tones = ("#ddd5c4", "#9c5a3c", "#3e5c66", "#d9cfbb", "#4b4b4b", "#b5764c", "#f0ece4", "#6f7f6a")
        return finishes.glazed(pick(self.shop, tones), self.shop.seed())

    def green(self) -> Material:
        """Leaves."""
        return foliage(FOLIAGE[int(self.shop.rng.integers(len(FOLIAGE)))], self.shop.seed())

    def image(self) -> Material:
        """What is painted or printed in a frame."""
        shop = self.shop
        if shop.chance(0.5):
            colours = (
                ("#9fb4c4", "#b9c9d4", "#d9c7a8", "#8fa3b5"),
                ("#5d6b45", "#4f6b6b", "#7a6a4a"),
                ("#8a7440", "#6b7a3f", "#a07a4a"),
            )
            sky, hills, ground = (pick(shop, choice) for choice in colours)
            return Material(
                texture=Texture.LANDSCAPE, seed=shop.seed(), colour=sky, second=hills, third=ground, roughness=0.4
            )
        palette = (*ACCENTS, "#f0ece4", "#e8dfd0", "#d0d4d6")
        colour, second, third = (pick(shop, palette) for _ in range(3))
        return Material(
            texture=Texture.ABSTRACT, seed=shop.seed(), colour=colour, second=second, third=third, roughness=0.4
        )

    def pile(self, width: float, length: float) -> Material:
        """Of a rug of that size."""
        shop, kind = self.shop, self.shop.rng.random()
        colour, second, third = (pick(shop, (*CLOTHS, *ACCENTS)) for _ in range(3))
        seed = shop.seed()
        if kind < 0.3:
            size = (width / 2, length / 2)
            return Material(
                texture=Texture.ORIENTAL, seed=seed, colour=colour, second=second, third=third, size=size, specular=0.0
            )
        if kind < 0.5:
            size = (shop.between(0.15, 0.5), 0.2)
            return Material(
                texture=Texture.MOSAIC,
                seed=seed,
                colour=colour,
                second=second,
                third=third,
                size=size,
                detail=(0.5, 0.0),
                specular=0.0,
            )
        if kind < 0.65:
            size = (shop.between(0.08, 0.4), 0.1)
            return Material(
                texture=Texture.STRIPES,
                seed=seed,
                colour=colour,
                second=second,
                size=size,
                detail=(0.5, 0.0),
                specular=0.0,
            )
        plain = pick(shop, CLOTHS)
        darker = (plain[0] * 0.7, plain[1] * 0.7, plain[2] * 0.7)
        return Material(
            texture=Texture.PILE,
            seed=seed,
            colour=plain,
            second=darker,
            size=(0.012, 0.01),
            detail=(0.25, 0.0),
            specular=0.0,
        )


def pick(shop: Workshop, colours: tuple[str, ...]) -> Colour:
    """One of them, a little off."""
    colour = srgb(colours[int(shop.rng.integers(len(colours)))])
    off = shop.rng.normal(1, 0.07, 3) * shop.rng.normal(1, 0.05)
    return tuple(float(min(max(channel * factor, 0.01), 0.88)) for channel, factor in zip(colour, off, strict=True))  # type: ignore[return-value]  # three channels stay three
