"""The TypeScript client: types from the schemas of the OpenAPI document, kinds of errors, JavaScript for the page."""

import re
import subprocess
import textwrap
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tools.clients.python_asynchronous import GENERATED
from tools.docs import openapi

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "clients" / "typescript"
SOURCE: Final = PACKAGE / "src" / "modomo-client.ts"
TYPES: Final = PACKAGE / "src" / "types.ts"
VENDORED: Final = ROOT / "services" / "gateway" / "gateway" / "api" / "http" / "playground" / "modomo-client.js"
PROGRAMS: Final = ROOT / "build" / "node" / "node_modules" / ".bin"
"""Of npm's packages, which `make build/node/ready` installs where there is npm."""

_KINDS: Final = re.compile(r"^const KINDS = \{.*?\n?\};$", re.MULTILINE | re.DOTALL)


def source() -> str:
    """The client, with the kinds of errors of today's catalogue."""
    codes: dict[str, list[str]] = defaultdict(list)
    for code, kind in openapi.document()["components"]["schemas"]["ErrorCode"]["x-error-kinds"].items():
        codes[kind].append(code)
    filled = {
        kind: textwrap.fill(" ".join(names), 114, break_long_words=False) for kind, names in sorted(codes.items())
    }
    rows = "\n".join(f"  {kind}: `\n{textwrap.indent(text, '    ')}`," for kind, text in filled.items())
    text, count = _KINDS.subn(f"const KINDS = {{\n{rows}\n}};", SOURCE.read_text())
    if count != 1:
        raise ValueError(f"{SOURCE.name} has {count} places for the kinds of errors")
    return text


def types() -> str:
    """What the API takes and answers; needs npm's packages."""
    options = ("--root-types", "--root-types-no-schema-prefix", "--default-non-nullable=false")
    ran = subprocess.run(
        [PROGRAMS / "openapi-typescript", *options],
        input=openapi.copy(),
        capture_output=True,
        text=True,
        check=True,
    )
    return f"/** What the API takes and answers. {GENERATED} */\n\n{ran.stdout.partition('*/')[2].lstrip()}"


def compiled() -> dict[str, str]:
    """Names and texts of what is published; needs npm's packages. Raises CalledProcessError with the errors found."""
    with TemporaryDirectory() as folder:
        command: list[str | Path] = [PROGRAMS / "tsc", "--project", PACKAGE, "--outDir", folder]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return {path.name: path.read_text() for path in sorted(Path(folder).iterdir())}


def write() -> None:
    """Writes all of it; without npm's packages the kinds of errors alone."""
    SOURCE.write_text(source())
    if not PROGRAMS.exists():
        print("no npm: the TypeScript client's types and the page's copy of it stay as they are")
        return
    TYPES.write_text(types())
    published = compiled()
    VENDORED.write_text(published[VENDORED.name])
    (PACKAGE / "dist").mkdir(exist_ok=True)  # for `npm pack`
    for name, text in published.items():
        (PACKAGE / "dist" / name).write_text(text)
