"""What an image weighs: unpacked, as a node keeps it, and packed, as a registry keeps it."""

import gzip
import json
import tarfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

_CHUNK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Weight:
    """Of all layers of an image together, the base's included."""

    unpacked: int
    """Bytes."""

    packed: int
    """Bytes, by gzip at level 6."""


class _Counted:
    """Takes what is written and keeps its length alone."""

    def __init__(self) -> None:
        self.length = 0

    def write(self, data: bytes, /) -> int:
        self.length += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""


def of_archive(path: Path) -> Weight:
    """Weighs what `docker save` writes; raises ValueError naming a file that is no such archive."""
    try:
        with tarfile.open(path) as archive:
            manifest = archive.extractfile("manifest.json")
            assert manifest is not None
            ((layers),) = [one["Layers"] for one in json.load(manifest)]
            weights = [_layer(archive.extractfile(name)) for name in layers]
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is no archive of one image: {error}") from error
    return Weight(unpacked=sum(one.unpacked for one in weights), packed=sum(one.packed for one in weights))


def _layer(file: IO[bytes] | None) -> Weight:
    assert file is not None
    zipped = file.read(2) == _GZIP
    file.seek(0)
    counted = _Counted()
    unpacked = 0
    with (
        gzip.GzipFile(fileobj=file) if zipped else nullcontext(file) as plain,
        gzip.GzipFile(fileobj=counted, mode="wb", compresslevel=6, mtime=0) as packer,
    ):
        while chunk := plain.read(_CHUNK):
            unpacked += len(chunk)
            packer.write(chunk)
    return Weight(unpacked=unpacked, packed=counted.length)
