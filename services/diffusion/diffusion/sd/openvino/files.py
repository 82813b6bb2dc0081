"""Converted networks in the store of weights: `<store>/openvino/<network>/`, each with a record of what it was made of.

Of a network whose record does not fit these weights and this OpenVINO, or whose files do not fit the record, nothing
is loaded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

from diffusion.sd.options import Control, Options
from servicekit.weights import WeightsCorrupt, WeightsMissing, WeightStore
from servicekit.weights.lock import LockedFile
from servicekit.weights.verified import Verified

FOLDER: Final = "openvino"
RECORD: Final = "conversion.json"
FORMAT: Final = 1
"""Of what is written here; another number makes everything be converted anew."""
REMEDY: Final = "convert it anew: `make weights TIER=cpu`, or `python -m diffusion.sd.openvino` with the same settings"


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a network was made of, and what of it."""

    format: int
    openvino: str
    """Version of the package that converted it."""

    sources: dict[str, str]
    """SHA-256 of the weights, by path in the store."""

    files: dict[str, LockedFile]
    """By name."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A network that a service needs."""

    name: str
    """Of its folder."""

    control: Control | None
    """None for the UNet."""

    sources: Mapping[str, str]
    """SHA-256 of the weights that it is made of, by path in the store."""


def installed() -> str:
    """OpenVINO's version; empty where it is not installed."""
    try:
        return version("openvino")
    except PackageNotFoundError:
        return ""


def wanted(store: WeightStore, options: Options, lora: str, controls: Mapping[Control, str]) -> Iterator[Wanted]:
    """The UNet with its LoRA, if any, and each ControlNet; `controls` holds the store's names."""
    sources = _sources(store, options.base, "unet/") | (_sources(store, lora) if lora else {})
    yield Wanted(name="+".join([options.base, *([lora] if lora else [])]), control=None, sources=sources)
    for control, name in controls.items():
        yield Wanted(name=name, control=control, sources=_sources(store, name))


def checked(store: WeightStore, one: Wanted) -> Path:
    """The folder of a converted network, whole and of these weights; raises WeightsMissing or WeightsCorrupt.

    Bytes are read only of a file that has changed since they were read last.
    """
    folder = store.directory / FOLDER / one.name
    record = _record(folder)
    if record.format != FORMAT:
        raise WeightsCorrupt(f"{folder} was converted by another version of Modomo; {REMEDY}")
    if record.openvino != installed():
        given = installed() or "none"
        raise WeightsCorrupt(f"{folder} was converted by OpenVINO {record.openvino}, and {given} is here; {REMEDY}")
    for path in sorted({*record.sources, *one.sources}):
        if record.sources.get(path) != one.sources.get(path):
            raise WeightsCorrupt(f"{folder} was converted from other weights than {store.directory / path}; {REMEDY}")
    for name, file in record.files.items():
        _check(folder / name, file, store.directory)
    return folder


def _sources(store: WeightStore, name: str, under: str = "") -> dict[str, str]:
    """Of a model, or of what lies in a directory of it."""
    return {f"{name}/{path}": digest for path, digest in store.digests(name).items() if path.startswith(under)}


def _record(folder: Path) -> Record:
    file = folder / RECORD
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except FileNotFoundError as error:
        raise WeightsMissing(f"{folder} is missing or was not written to its end; {REMEDY}") from error
    except msgspec.MsgspecError as error:
        raise WeightsCorrupt(f"{file} is no record of a conversion: {error}; {REMEDY}") from error


def _check(file: Path, expected: LockedFile, store: Path) -> None:
    if not file.is_file():
        raise WeightsMissing(f"{file} is missing; {REMEDY}")
    size = file.stat().st_size
    if size != expected.size:
        raise WeightsCorrupt(f"{file} has {size} bytes instead of {expected.size}; {REMEDY}")
    if Verified(store).digest(file) != expected.sha256:
        raise WeightsCorrupt(f"{file} has changed since it was converted; {REMEDY}")
