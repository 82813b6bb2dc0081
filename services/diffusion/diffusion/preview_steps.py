"""When previews are made on the way to a result."""


def preview_steps(steps: int, wanted: int) -> frozenset[int]:
    """The steps after which a preview is made, numbered from 1: evenly spread, never the last."""
    count = min(wanted, steps - 1)
    return frozenset(round(steps * (position + 1) / (count + 1)) for position in range(count)) - {0, steps}
