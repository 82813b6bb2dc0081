"""`python -m research.roomnet.fit_room_test FOLDER…`: fits the test that tells rooms from other pictures, on rooms.

Prints the constants of `roomnet.rooms`, and with `--check FOLDER` how many pictures of a folder are taken for rooms.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from roomnet import network, picture, rooms

QUANTILE = 0.99


def measured(folder: Path, *, half: str = "") -> Iterator[tuple[Path, NDArray[np.float64]]]:
    """Measures of every JPEG below a folder; `half` takes files whose number is `even` or `odd`."""
    model = network.load()
    for file in sorted(folder.rglob("*.jpg")):
        if half and int(file.stem.rpartition("_")[2]) % 2 != (half == "odd"):
            continue
        photo = cv2.imread(str(file))
        if photo is None:
            raise SystemExit(f"{file} cannot be read")
        fine = picture.reduced(np.asarray(photo[..., ::-1], dtype=np.uint8), 512)
        yield file, rooms.measures(np.ascontiguousarray(fine), model.predict(fine).groups.max(axis=0))


def fitted(measures: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Mean, precision and limit of N×3 measures."""
    mean: NDArray[np.float64] = measures.mean(axis=0)
    precision = np.asarray(np.linalg.inv(np.cov(measures.T)), dtype=np.float64)
    short = np.minimum(measures - mean, 0)
    return mean, precision, float(np.quantile(np.einsum("ni,ij,nj->n", short, precision, short), QUANTILE))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m research.roomnet.fit_room_test", description="Fits the test of rooms."
    )
    parser.add_argument("folders", nargs="+", help="FOLDER of rooms, or FOLDER:even for files of even numbers alone")
    parser.add_argument("--check", nargs="*", default=[], help="as FOLDER; how many are taken for rooms")
    asked = parser.parse_args(arguments)

    def of(name: str) -> NDArray[np.float64]:
        folder, _, half = name.partition(":")
        return np.array([found for _, found in measured(Path(folder), half=half)])

    mean, precision, limit = fitted(np.concatenate([of(name) for name in asked.folders]))
    sys.stdout.write(f"MEAN = {tuple(mean.round(4).tolist())}\n")
    sys.stdout.write(f"PRECISION = {tuple(tuple(row) for row in precision.round(3).tolist())}\nLIMIT = {limit:.2f}\n")
    for name in asked.check:
        short = np.minimum(of(name) - mean, 0)
        taken = np.einsum("ni,ij,nj->n", short, precision, short) <= limit
        sys.stdout.write(f"{name}: {int(taken.sum())} of {len(taken)} taken for rooms\n")


if __name__ == "__main__":
    main()
