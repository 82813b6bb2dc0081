"""The reference of our Python packages: a page for each package and its modules, filled by mkdocstrings."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.docs.pages import ROOT

FOLDER: Final = "reference/python"


def packages() -> Iterator[Path]:
    """The folder of every package under services/ that is shipped."""
    for file in sorted(ROOT.glob("services/*/pyproject.toml")):
        build = tomllib.loads(file.read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
        yield from (file.parent / name for name in build["packages"])


def pages() -> dict[str, str]:
    """Path and text of a page for each package, those inside of others included."""
    texts = {}
    for package in packages():
        for init in sorted(package.rglob("__init__.py")):
            name = ".".join(init.parent.relative_to(package.parent).parts)
            modules = sorted(path.stem for path in init.parent.glob("*.py") if not path.stem.startswith("_"))
            texts[f"{FOLDER}/{name}.md"] = f"::: {name}\n    options: {{ heading_level: 1 }}\n" + "".join(
                f"\n::: {name}.{module}\n" for module in modules
            )
    return texts
