"""`make inputs`: the whole corpus through the code that takes photos in, as a table: name, expected, got.

`python -m tools.inputs FILE…` shows what becomes of files of one's own.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.api.uploads.header import read_header
from gateway.api.uploads.optimise import optimise
from servicekit.errors import ServiceError
from tools.inputs.corpus import PATCH_TOLERANCE, Input, corpus
from tools.inputs.patches import largest_difference

LONG_SIDE = 1024


def got(one: Input) -> str:
    """`taken`, the reason of a refusal, or what is wrong with what is kept."""
    try:
        photo = optimise(read_header(one.data), long_side=LONG_SIDE)
    except ServiceError as error:
        return error.reason
    if one.size and (photo.width, photo.height) != one.size:
        return f"taken as {photo.width}×{photo.height}"
    difference = largest_difference(photo.jpeg) if one.patches else 0
    return "taken" if difference <= PATCH_TOLERANCE else f"colours off by {difference}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something else came out than is expected."""
    parser = argparse.ArgumentParser(prog="python -m tools.inputs", description="Shows what becomes of photos.")
    parser.add_argument("files", nargs="*", type=Path)
    files = parser.parse_args(arguments).files
    inputs = [Input(name=file.name, data=file.read_bytes(), expected="") for file in files] if files else corpus()
    wrong = 0
    for one in inputs:
        start = time.perf_counter()
        result = got(one)
        seconds = time.perf_counter() - start
        mark = "" if result == one.expected or not one.expected else "  ← wrong"
        wrong += bool(mark)
        print(f"{one.name:<52} {one.expected:<20} {result:<20} {seconds:6.2f} s{mark}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
