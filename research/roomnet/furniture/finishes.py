"""Wood, cloth, paint, metal, glass: materials by what a joiner or an upholsterer would call them."""

from research.roomnet.scene.material import Colour, Material, Texture, shade, srgb

WHITE_PAINT = Material(colour=(0.78, 0.77, 0.74), roughness=0.45, specular=0.04, detail=(0.05, 0.0))
BLACK_METAL = Material(colour=(0.03, 0.03, 0.03), roughness=0.45, specular=0.05)
BRASS = Material(colour=srgb("#b08d4c"), roughness=0.35, metal=1.0)
STEEL = Material(colour=(0.62, 0.61, 0.59), roughness=0.32, metal=1.0)
CHROME = Material(colour=(0.82, 0.82, 0.82), roughness=0.12, metal=1.0)
MIRROR = Material(colour=(0.88, 0.9, 0.89), roughness=0.03, metal=1.0, detail=(0.0, 0.0))
PANE = Material(colour=(0.9, 0.9, 0.9), roughness=0.03, specular=0.04, clear=0.93, detail=(0.0, 0.0))
PORCELAIN = Material(colour=(0.84, 0.83, 0.8), roughness=0.15, specular=0.05, detail=(0.02, 0.0))
SCREEN = Material(colour=(0.012, 0.012, 0.014), roughness=0.14, specular=0.045, detail=(0.0, 0.0))
PAPER = Material(colour=(0.75, 0.71, 0.62), roughness=0.9, specular=0.0)


def wood(colour: Colour, seed: int, *, contrast: float = 0.8, roughness: float = 0.42) -> Material:
    """Varnished furniture wood; the rings are darker than `colour`."""
    return Material(
        texture=Texture.WOOD,
        seed=seed,
        colour=colour,
        second=shade(colour, 0.45),
        size=(1.0, 0.03),
        detail=(contrast, 0.0),
        roughness=roughness,
        specular=0.04,
    )


def painted(colour: Colour, seed: int, *, roughness: float = 0.5) -> Material:
    """Lacquered or painted boards."""
    return Material(colour=colour, seed=seed, roughness=roughness, specular=0.04, detail=(0.06, 0.0))


def gap(front: Material) -> Material:
    """What shows between fronts of that material: their own colour in the dark."""
    return Material(colour=shade(front.colour, 0.22), specular=0.0, detail=(0.0, 0.0))


def wall_paint(colour: Colour, seed: int, *, mottle: float = 0.06) -> Material:
    """Emulsion over plaster, rolled on."""
    return Material(
        colour=colour, seed=seed, size=(1.3, 1.3), detail=(mottle, 0.0), roughness=0.75, specular=0.02, bump=0.0004
    )


def cloth(
    colour: Colour, seed: int, *, thread: float = 0.0025, melange: float = 0.45, relief: float = 0.0006
) -> Material:
    """Woven upholstery."""
    return Material(
        texture=Texture.WEAVE,
        seed=seed,
        colour=shade(colour, 1.12),
        second=shade(colour, 0.8),
        size=(thread, thread),
        detail=(melange, 0.0),
        specular=0.0,
        bump=relief,
    )


def leather(colour: Colour, seed: int) -> Material:
    """Smooth, with a dull gloss."""
    return Material(
        colour=colour, seed=seed, size=(0.2, 0.2), detail=(0.35, 0.0), roughness=0.48, specular=0.04, bump=0.0008
    )


def drapery(colour: Colour, seed: int, *, translucency: float = 0.35, clear: float = 0.0) -> Material:
    """Curtain cloth; `clear` above 0 for nets."""
    return Material(
        texture=Texture.WEAVE,
        seed=seed,
        colour=shade(colour, 1.05),
        second=shade(colour, 0.9),
        size=(0.004, 0.004),
        detail=(0.3, 0.0),
        specular=0.0,
        translucency=translucency,
        clear=clear,
    )


def lampshade(colour: Colour, seed: int) -> Material:
    """Lined cloth that lets a good part of the bulb's light through."""
    return Material(
        texture=Texture.WEAVE,
        seed=seed,
        colour=colour,
        second=shade(colour, 0.9),
        size=(0.003, 0.003),
        detail=(0.4, 0.0),
        specular=0.0,
        translucency=0.45,
    )


def glazed(colour: Colour, seed: int) -> Material:
    """Glazed pottery."""
    return Material(colour=colour, seed=seed, size=(0.1, 0.1), detail=(0.25, 0.0), roughness=0.25, specular=0.05)


def boards(
    light: Colour, dark: Colour, seed: int, *, width: float = 0.13, long: float = 1.2, worn: float = 0.4
) -> Material:
    """Floor boards or laminate."""
    return Material(
        texture=Texture.BOARDS,
        seed=seed,
        colour=light,
        second=dark,
        third=shade(dark, 0.25),
        size=(long, width),
        detail=(0.45, 0.9),
        roughness=worn,
        specular=0.035,
        bump=0.0007,
    )
