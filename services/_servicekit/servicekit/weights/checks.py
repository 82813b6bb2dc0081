"""Checks on a file before anything loads it.

Safetensors, text and ONNX hold no code. A pickle can run code when it is loaded, so none is accepted, with two
exceptions that the manifest has to name: Ultralytics' checkpoints, whose loader restricts what they may run, and files
that hold tensors and nothing else, which torch reads with `weights_only`.
"""

import hashlib
import json
import pickletools
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from servicekit.weights.errors import WeightsCorrupt, WeightsError
from servicekit.weights.manifest import Entry

TEXT_SUFFIXES: Final = frozenset({".json", ".txt"})
MAX_TEXT_BYTES: Final = 64 * 1024 * 1024
MAX_HEADER_BYTES: Final = 100_000_000
"""As in the safetensors library itself."""
_ZIP_MAGIC: Final = b"PK\x03\x04"
PICKLE_SUFFIXES: Final = {"ultralytics": frozenset({".pt"}), "tensors": frozenset({".pt", ".pth", ".bin"})}
"""By the manifest's word for the loader."""
MAX_PICKLE_BYTES: Final = 64 * 1024 * 1024
"""Of the pickle in a PyTorch archive; the tensors' bytes lie beside it."""
_TENSOR_GLOBALS: Final = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_parameter",
        "torch._utils _rebuild_tensor_v2",
        *(f"torch {kind}Storage" for kind in ("BFloat16", "Half", "Float", "Double", "Int", "Long", "Bool", "Byte")),
    }
)
"""All that a pickle of tensors calls by name."""


def validate_name(filename: str, entry: Entry) -> None:
    """Raises WeightsError for a file that could hold a pickle, or that would land outside its directory."""
    path = PurePosixPath(filename)
    if path.is_absolute() or ".." in path.parts or "\\" in filename:
        raise WeightsError(f"{entry.name}: {filename!r} is no path inside a repository")
    if path.suffix == ".safetensors" or path.suffix in TEXT_SUFFIXES:
        return
    if path.suffix == ".onnx" or path.suffix in PICKLE_SUFFIXES.get(entry.pickle, ()):
        return
    raise WeightsError(
        f"{entry.name}: {filename} is neither safetensors nor text and may hold a pickle; refused, unless the manifest "
        "names a loader for it"
    )


def validate_format(file: Path, entry: Entry) -> None:
    """Raises WeightsCorrupt where a file's content is not of the format that its name promises."""
    if file.suffix == ".safetensors":
        _validate_safetensors(file)
    elif file.suffix == ".json":
        _validate_json(file)
    elif file.suffix in PICKLE_SUFFIXES["tensors"]:
        _validate_archive(file)
        if entry.pickle == "tensors":
            _validate_tensors(file)


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


def _validate_archive(file: Path) -> None:
    with file.open("rb") as stream:
        if stream.read(4) != _ZIP_MAGIC:
            raise WeightsCorrupt(f"{file} is not a PyTorch archive")


def _validate_tensors(file: Path) -> None:
    """Raises WeightsCorrupt where a PyTorch archive's pickle calls anything that tensors do not need.

    The pickle is read, not run. Its own protocol is 2, whose only way to name a function is GLOBAL.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            (name,) = (one for one in archive.namelist() if one.count("/") == 1 and one.endswith("/data.pkl"))
            if archive.getinfo(name).file_size > MAX_PICKLE_BYTES:
                raise WeightsCorrupt(f"{file}: its pickle is too large for one of tensors")
            called = {
                str(argument) if opcode.name == "GLOBAL" else opcode.name
                for opcode, argument, _position in pickletools.genops(archive.read(name))
                if opcode.name in ("GLOBAL", "STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4")
            }
    except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
        raise WeightsCorrupt(f"{file} is cut short, or no PyTorch archive: {error}") from error
    foreign = sorted(called - _TENSOR_GLOBALS)
    if foreign:
        raise WeightsCorrupt(f"{file} holds more than tensors ({foreign[0]}) and is refused")


def _validate_json(file: Path) -> None:
    try:
        if file.stat().st_size > MAX_TEXT_BYTES:
            raise WeightsCorrupt(f"{file} is too large for JSON")
        json.loads(file.read_bytes())
    except ValueError as error:
        raise WeightsCorrupt(f"{file} is not JSON") from error
