"""The files of the page for people: what there is, and where each is served."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "playground"
PREFIX: Final = "/page/"
"""Below which all files but `index.html` and the icon are served."""
_MEDIA_TYPES: Final = {".js": "text/javascript", ".webp": "image/webp"}
"""Those that not every system knows."""


@dataclass(frozen=True, kw_only=True)
class PageFile:
    """One file."""

    path: Path
    address: str
    """From the root, `/page/app.js`."""
    media_type: str

    @property
    def lasts(self) -> bool:
        """Whether it is a picture, which changes hardly ever."""
        return self.media_type.startswith("image/") and self.path.suffix != ".svg"


def page_files() -> list[PageFile]:
    """All but `index.html`, which is the page itself."""
    found = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.name != "index.html")
    return [PageFile(path=path, address=_address(path), media_type=_media_type(path)) for path in found]


def style_thumbnails() -> Mapping[str, str]:
    """Addresses of thumbnails by style; each changes when its picture does, so that it may be kept for long."""
    found = {}
    for path in (FOLDER / "pictures" / "styles").glob("*.webp"):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[path.stem] = f"{_address(path)}?v={digest[:12]}"
    return found


def _address(path: Path) -> str:
    return "/icon.svg" if path.name == "icon.svg" else PREFIX + path.relative_to(FOLDER).as_posix()


def _media_type(path: Path) -> str:
    return _MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
