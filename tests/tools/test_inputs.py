"""Every input of the corpus becomes what is expected of it; so do files from elsewhere, where there are some."""

import os
from pathlib import Path

import pytest

from tools.inputs.__main__ import got
from tools.inputs.corpus import Input, corpus

CASES = os.environ.get("MODOMO_CASES", "")
PATCHED = {"p3-named-srgb.jpg", "png-gamma-1.png"}
REFUSED = {"jpeg-arithmetic.jpg": "IMAGE_UNSUPPORTED"}
UPRIGHT = {"png-xmp-orientation-6.png": (1024, 768)}


@pytest.mark.slow
def test_every_input_becomes_what_is_expected_of_it() -> None:
    inputs = list(corpus())
    assert {one.name: got(one) for one in inputs} == {one.name: one.expected for one in inputs}


@pytest.mark.skipif(not CASES, reason="MODOMO_CASES names no folder of inputs that were made elsewhere")
def test_inputs_that_were_made_elsewhere() -> None:
    files = sorted(Path(CASES).iterdir())
    assert files
    for file in files:
        one = Input(
            name=file.name,
            data=file.read_bytes(),
            expected=REFUSED.get(file.name, "taken"),
            patches=file.name in PATCHED,
            size=UPRIGHT.get(file.name),
        )
        assert got(one) == one.expected, file.name
