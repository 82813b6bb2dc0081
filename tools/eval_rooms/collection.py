"""A folder of real photos, and what is known of each, from whatever part of it is there.

    photos/*                                    photos of which nothing is known
    **/*_label150.png                           ADE20K's indices from 1, 0 unlabelled; beside it the picture
    **/seg40_*/*mask*.png                       NYU-40's indices from 0, 255 unlabelled; beside it the picture
    **/depth_seg_*/segm_gt_N.png, depth_gt_N.png, N.png
    **/depth_*/…depth….png|pgm                  beside it …color…, …rgb… of any picture format
    **/room_type/TYPE/*                         photos of one type of room
    more/NAME_N.*                               photos without labels: half A where N is even, half B where it is odd
    nonrooms/*                                  pictures that show no room

Folders may be missing and nested, names may differ; what cannot be paired or read is told, not fatal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from servicekit.types.rooms import RoomType

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".ppm", ".bmp"})
COLOUR_WORDS: Final = ("color", "colour", "rgb", "image")
"""What stands in a picture's name where its depth file says `depth`."""


class NothingToEvaluateError(Exception):
    """The folder holds no photo at all; the message says what was looked for."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The files of one photo."""

    name: str
    """Of its folder and its own, unique in the collection and fit for a file's name."""

    picture: Path

    ade20k: Path | None = None
    nyu40: Path | None = None
    depth: Path | None = None

    room_type: RoomType | None = None
    """What it shows; such photos are only classified."""

    half: Literal["A", "B"] | None = None
    """Of the photos without labels: constants may be chosen on A, B is for reporting alone."""

    is_room: bool = True
    """False for a picture of something else, which is only asked whether it shows a room."""


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A file that could not be used, and why."""

    file: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Everything that a folder holds."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


def find(root: Path) -> Collection:
    """Looks through a folder; raises NothingToEvaluateError where it is none or holds no photo."""
    if not root.is_dir():
        raise NothingToEvaluateError(f"{root} is not a directory")
    found = list(_found(root))
    sources = tuple(_distinct(one for one in found if isinstance(one, Source)))
    if not sources:
        raise NothingToEvaluateError(
            f"{root} holds no photo: looked for photos/*, more/*, nonrooms/*, *_label150.png, seg40_*/, depth_*/ and "
            "room_type/TYPE/*"
        )
    return Collection(sources=sources, skipped=tuple(one for one in found if isinstance(one, Skipped)))


def _found(root: Path) -> Iterator[Source | Skipped]:
    folders = sorted(path for path in (root, *root.rglob("*")) if path.is_dir())
    for folder in folders:
        yield from _labelled(root, folder)
        if folder.name.startswith("depth_seg"):
            yield from _labelled_with_depth(root, folder)
        elif folder.name.startswith("depth"):
            yield from _with_depth(root, folder)
        elif folder.name.startswith("seg40"):
            yield from _nyu(root, folder)
        elif folder.name == "more":
            yield from (_half(root, file) for file in _pictures(folder))
        elif folder.name == "nonrooms":
            yield from (replace(_source(root, file), is_room=False) for file in _pictures(folder))
        elif folder.name == "photos":
            yield from (_source(root, file) for file in _pictures(folder))
        elif folder.parent.name == "room_type":
            yield from _typed(root, folder)


def _distinct(sources: Iterable[Source]) -> Iterator[Source]:
    """The sources with a number added to every name that was there before."""
    seen: Counter[str] = Counter()
    for source in sources:
        seen[source.name] += 1
        number = seen[source.name]
        yield source if number == 1 else replace(source, name=f"{source.name}-{number}")


def _labelled(root: Path, folder: Path) -> Iterator[Source | Skipped]:
    for labels in sorted(folder.glob("*_label150.png")):
        picture = _picture(folder, labels.stem.removesuffix("_label150"))
        yield _source(root, picture, ade20k=labels) if picture else _alone(root, labels)


def _nyu(root: Path, folder: Path) -> Iterator[Source | Skipped]:
    for labels in sorted(folder.glob("*mask*.png")):
        picture = _picture(folder, labels.stem.replace("mask", "").strip("_-"))
        yield _source(root, picture, nyu40=labels) if picture else _alone(root, labels)


def _labelled_with_depth(root: Path, folder: Path) -> Iterator[Source | Skipped]:
    numbers = {file.stem.split("_gt_")[-1] for kind in ("segm_gt_*", "depth_gt_*") for file in folder.glob(kind)}
    for number in sorted(numbers):
        picture = _picture(folder, number)
        labels, depth = folder / f"segm_gt_{number}.png", folder / f"depth_gt_{number}.png"
        if picture is None:
            yield _alone(root, labels if labels.exists() else depth)
            continue
        yield _source(root, picture, nyu40=labels if labels.exists() else None, depth=depth if depth.exists() else None)


def _with_depth(root: Path, folder: Path) -> Iterator[Source | Skipped]:
    for depth in sorted(folder.iterdir()):
        if "depth" not in depth.stem.lower() or depth.suffix.lower() not in (".png", ".pgm"):
            continue
        names = (depth.stem.replace("sync_", "").replace("depth", word) for word in COLOUR_WORDS)
        picture = next((file for name in names if (file := _picture(folder, name))), None)
        yield _source(root, picture, depth=depth) if picture else _alone(root, depth)


def _half(root: Path, file: Path) -> Source | Skipped:
    number = file.stem.rpartition("_")[2]
    if not (number.isascii() and number.isdigit()):
        return Skipped(file=str(file.relative_to(root)), reason="no number in its name to tell which half it is of")
    return replace(_source(root, file), half="B" if int(number) % 2 else "A")


def _typed(root: Path, folder: Path) -> Iterator[Source | Skipped]:
    try:
        room_type = RoomType(folder.name.lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        yield Skipped(file=str(folder.relative_to(root)), reason="not one of our types of rooms")
        return
    yield from (_source(root, file, room_type=room_type) for file in _pictures(folder))


def _source(
    root: Path,
    picture: Path,
    *,
    ade20k: Path | None = None,
    nyu40: Path | None = None,
    depth: Path | None = None,
    room_type: RoomType | None = None,
) -> Source:
    inside = picture.relative_to(root).with_suffix("").parts
    return Source(
        name="-".join(inside[-2:]).replace(" ", "_"),
        picture=picture,
        ade20k=ade20k,
        nyu40=nyu40,
        depth=depth,
        room_type=room_type,
    )


def _alone(root: Path, file: Path) -> Skipped:
    return Skipped(file=str(file.relative_to(root)), reason="the picture that belongs to it is missing")


def _picture(folder: Path, stem: str) -> Path | None:
    return next((file for file in _pictures(folder) if file.stem == stem), None)


def _pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file() and file.suffix.lower() in SUFFIXES)
