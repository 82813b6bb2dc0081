"""Where tests run models."""

import os
from typing import Final

DEVICE: Final = os.environ.get("MODOMO_TEST_DEVICE", "cpu")
"""`cuda` runs the tiny models of the torch engines' tests on a GPU, in its precision."""
