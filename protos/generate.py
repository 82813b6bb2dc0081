"""Generates the committed stubs under `protos/gen`, or says whether they are fresh."""

import argparse
import filecmp
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

PROTOS = Path(__file__).parent
GENERATED = PROTOS / "gen"
PLUGINS = ("protoc-gen-mypy", "protoc-gen-mypy_grpc")


def generate(output: Path) -> None:
    """Compiles every proto of the repository into `output`, with type stubs for messages and services."""
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("modomo/**/*.proto"))
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={PROTOS}",
            f"--proto_path={files('grpc_tools') / '_proto'}",
            f"--python_out={output}",
            f"--grpc_python_out={output}",
            *(f"--plugin={name}={Path(sys.executable).parent / name}" for name in PLUGINS),
            f"--mypy_out=readable_stubs:{output}",
            f"--mypy_grpc_out=readable_stubs:{output}",
            *sources,
        ]
    )
    if status != 0:
        raise SystemExit(f"protoc ended with status {status}")
    for package in sorted({path.parent for path in output.glob("modomo/**/*_pb2.py")}):
        for directory in (package, *package.relative_to(output).parents):
            if len(directory.parts) > 1:  # `modomo` itself is shared with the client, as PEP 420 has it
                (output / directory / "__init__.py").touch()
        (output / Path(*package.relative_to(output).parts[:2]) / "py.typed").touch()


def stale(fresh: Path) -> list[str]:
    """Names the files that differ between `fresh` and the committed stubs."""
    names = {path.relative_to(fresh) for path in fresh.rglob("*.py*") if "__pycache__" not in path.parts}
    committed = {path.relative_to(GENERATED) for path in GENERATED.rglob("*.py*") if "__pycache__" not in path.parts}
    changed = {name for name in names & committed if not filecmp.cmp(fresh / name, GENERATED / name, shallow=False)}
    return sorted(str(name) for name in (names ^ committed) | changed)


def main() -> int:
    """Runs the command line; returns 1 where `--check` finds stale stubs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail where the stubs are stale")
    if not parser.parse_args().check:
        GENERATED.mkdir(exist_ok=True)
        generate(GENERATED)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        generate(Path(directory))
        names = stale(Path(directory))
    for name in names:
        print(f"stale: protos/gen/{name} (run `make protos`)", file=sys.stderr)  # noqa: T201 - a command's output
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
