"""Checks on a file before anything loads it.

Only safetensors and text are accepted. A pickle can run code when it is loaded, so none is accepted, whatever its name;
the exception are Ultralytics' checkpoints, whose loader restricts what they may run.
"""

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Final

from servicekit.weights.errors import WeightsCorrupt, WeightsError
from servicekit.weights.manifest import Entry

TEXT_SUFFIXES: Final = frozenset({".json", ".txt"})
MAX_TEXT_BYTES: Final = 64 * 1024 * 1024
MAX_HEADER_BYTES: Final = 100_000_000
"""As in the safetensors library itself."""
_ZIP_MAGIC: Final = b"PK\x03\x04"


def validate_name(filename: str, entry: Entry) -> None:
    """Raises WeightsError for a file that could hold a pickle, or that would land outside its directory."""
    path = PurePosixPath(filename)
    if path.is_absolute() or ".." in path.parts or "\\" in filename:
        raise WeightsError(f"{entry.name}: {filename!r} is no path inside a repository")
    if path.suffix == ".safetensors" or path.suffix in TEXT_SUFFIXES:
        return
    if path.suffix == ".pt" and entry.pickle:
        return
    raise WeightsError(f"{entry.name}: {filename} is neither safetensors nor text and may hold a pickle; refused")


def validate_format(file: Path) -> None:
    """Raises WeightsCorrupt where a file's content is not of the format that its name promises."""
    match file.suffix:
        case ".safetensors":
            _validate_safetensors(file)
        case ".json":
            _validate_json(file)
        case ".pt":
            with file.open("rb") as stream:
                if stream.read(4) != _ZIP_MAGIC:
                    raise WeightsCorrupt(f"{file} is not a PyTorch archive")


def sha256(file: Path) -> str:
    """Hexadecimal digest of a file, read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _validate_safetensors(file: Path) -> None:
    """Header length, header and size of the data have to agree (the safetensors format, "Format")."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
            raise WeightsCorrupt(f"{file} is not in the safetensors format")
        try:
            header = json.loads(stream.read(length))
            ends = [tensor["data_offsets"][1] for key, tensor in header.items() if key != "__metadata__"]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise WeightsCorrupt(f"{file} is not in the safetensors format") from error
    if 8 + length + max(ends, default=0) != size:
        raise WeightsCorrupt(f"{file} is cut short or has bytes too many")


def _validate_json(file: Path) -> None:
    try:
        if file.stat().st_size > MAX_TEXT_BYTES:
            raise WeightsCorrupt(f"{file} is too large for JSON")
        json.loads(file.read_bytes())
    except ValueError as error:
        raise WeightsCorrupt(f"{file} is not JSON") from error
