"""`python -m tools.retired_names`: refuses names that docs/glossary.md has retired.

Reads the last column of the glossary's tables: `Word` is a class, `word()` a function or method, `word.py` a module,
and plain `word` any part of the name of a module, class, function, parameter or metric label.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
GLOSSARY: Final = Path("docs/glossary.md")
METRICS: Final = frozenset({"Counter", "Gauge", "Histogram", "CounterMetricFamily"})
FURNITURE: Final = ("research/", "services/_roomnet/", "services/diffusion/")
"""Where a door or a desk stands in a room."""
FURNITURE_WORDS: Final = frozenset({"door", "desk"})


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name that somebody gave."""

    kind: str
    """`module`, `class`, `function`, `parameter` or `label`."""
    text: str
    line: int


def retired(glossary: str) -> dict[str, str]:
    """Every retired name as the glossary spells it, with the term that took its place."""
    names: dict[str, str] = {}
    for line in glossary.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3:
            names |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[2]), cells[0])
    return names


def names_in(path: str, source: str) -> Iterator[Name]:
    """The module's own name, and all that is defined in it."""
    parts = Path(path).with_suffix("").parts
    yield from (Name(kind="module", text=part, line=1) for part in parts)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef():
                yield Name(kind="class", text=node.name, line=node.lineno)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield Name(kind="function", text=node.name, line=node.lineno)
            case ast.arg():
                yield Name(kind="parameter", text=node.arg, line=node.lineno)
            case ast.Call(func=ast.Name(id=called)) if called in METRICS:
                lists = [*node.args, *(keyword.value for keyword in node.keywords)]
                for label in (item for one in lists if isinstance(one, ast.List | ast.Tuple) for item in one.elts):
                    if isinstance(label, ast.Constant):
                        yield Name(kind="label", text=str(label.value), line=node.lineno)


def refusals(path: str, source: str, names: dict[str, str]) -> Iterator[str]:
    """What is wrong with a file's names, a line each."""
    for name in names_in(path, source):
        words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name.text)
        spelled = {word.lower() for word in words}
        spelled |= {
            "module": {f"{name.text}.py"},
            "class": {name.text.strip("_")},
            "function": {f"{name.text.strip('_')}()"},
        }.get(name.kind, set())
        if path.startswith(FURNITURE):
            spelled -= FURNITURE_WORDS
        for word in sorted(spelled & names.keys()):
            yield f"{path}:{name.line}: {name.kind} {name.text!r}: say {names[word]!r}, not {word!r}"


def main(paths: Sequence[str] = ()) -> int:
    """The command; 1 where a name is refused."""
    names = retired((ROOT / GLOSSARY).read_text())
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = paths or [path for path in listed.stdout.splitlines() if not path.startswith("protos/gen/")]
    found = [line for path in files for line in refusals(path, (ROOT / path).read_text(), names)]
    print("\n".join(found) or f"no retired name in {len(files)} files")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
