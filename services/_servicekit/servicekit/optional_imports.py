"""Libraries load whatever they find installed that they could use: what is not used here is kept from them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """While the block imports a library, modules of these names that are not loaded yet are as if not installed.

    A module that `sys.modules` has None for cannot be found (The Python Language Reference, 5.3.1).
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is documented, and missing from its types
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
