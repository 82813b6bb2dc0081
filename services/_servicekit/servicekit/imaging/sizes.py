"""Sizes of pictures, as numbers alone."""


def bounded_size(width: int, height: int, long_side: int, *, least: int = 1) -> tuple[int, int]:
    """Width and height in proportion, the longer at most `long_side`, neither below `least`; never enlarged."""
    scale = min(1.0, long_side / max(width, height))
    if scale == 1.0:
        return width, height
    return max(least, round(width * scale)), max(least, round(height * scale))
