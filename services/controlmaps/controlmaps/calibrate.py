"""`python -m controlmaps.calibrate DIRECTORY`: finds the classifier's temperature on labelled photos.

DIRECTORY has a folder of JPEG or PNG photos for each room type, named as in the HTTP contract (`living_room`, …), and
one named `elsewhere` for photos that show no room. Half of the photos choose the temperature, the other half judge it.
The settings are the service's own.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from controlmaps.calibration import calibration_error, fit_temperature
from controlmaps.engine.resizing import resized
from controlmaps.engine.rooms import ELSEWHERE
from controlmaps.engine.tasks import Task, working_sizes
from controlmaps.engine.torch_networks import Options, TorchNetworks
from controlmaps.settings import PREFIX, Settings
from modomo.type.v1.image_pb2 import IMAGE_FORMAT_UNSPECIFIED, Image
from servicekit.config import env
from servicekit.imaging.arrays import RGB
from servicekit.imaging.images import decode_rgb
from servicekit.types.rooms import RoomType
from servicekit.weights import WeightStore


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m controlmaps.calibrate", description=__doc__)
    parser.add_argument("directory", type=Path)
    directory: Path = parser.parse_args().directory
    settings = env.read(Settings, prefix=PREFIX)
    options = Options(device=settings.device, classifier_directory=settings.classifier_directory)
    networks = TorchNetworks(WeightStore(settings.weights), options, tasks=[Task.CLASSIFICATION])
    size = working_sizes(settings.depth_model)[Task.CLASSIFICATION]
    rows, labels = [], []
    for label, photo in labelled(directory):
        (logits,) = networks.infer(Task.CLASSIFICATION, resized(photo, size.of(*photo.shape[:2]))[np.newaxis])
        rows.append(logits[0])
        labels.append(label)
    if len(rows) < 4:
        parser.error(f"{directory} has {len(rows)} labelled photos; a few dozen of each room type are needed")
    logits, truth = np.stack(rows), np.array(labels)
    temperature = fit_temperature(logits[::2], truth[::2])
    sys.stdout.write(
        f"{len(rows)} photos, {np.mean(logits.argmax(axis=1) == truth):.1%} right; calibration error on the half that "
        f"was not used: {calibration_error(logits[1::2], truth[1::2], 1.0):.3f} at 1, "
        f"{calibration_error(logits[1::2], truth[1::2], temperature):.3f} at {temperature:.2f}\n"
        f"{PREFIX}TEMPERATURE={temperature:.2f}\n"
    )


def labelled(directory: Path) -> Iterator[tuple[int, RGB]]:
    """Answers (controlmaps.engine.rooms) and photos, in a fixed order."""
    folders = [(index, directory / room) for index, room in enumerate(RoomType)] + [
        (ELSEWHERE, directory / "elsewhere")
    ]
    for label, folder in folders:
        for file in sorted(folder.glob("*")):
            if file.suffix.lower() in (".jpg", ".jpeg", ".png"):
                image = Image(data=file.read_bytes(), format=IMAGE_FORMAT_UNSPECIFIED)
                yield label, decode_rgb(image, field=str(file))


if __name__ == "__main__":
    main()
