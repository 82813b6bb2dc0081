"""`python -m tools.release`: writes a version everywhere, builds what is published of it, tells what has changed."""

import argparse
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tools.release import changelog, charts, versions


def version(new: str) -> None:
    """Writes a version everywhere, the changelog included; raises ValueError, and changes nothing, where it cannot."""
    text = changelog.cut(changelog.FILE.read_text(), new, datetime.now(UTC).date())
    versions.write(new)
    changelog.FILE.write_text(text)


def dist(out: Path) -> None:
    """Builds sdist and wheel of every package, and the chart, into a folder that is emptied before."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for project in versions.projects():
        command = [sys.executable, "-m", "hatchling", "build", "--directory", str(out.absolute())]
        subprocess.run(command, cwd=project.parent, check=True)
    charts.package(out)


def notes(tag: str) -> str:
    """What has changed, for the release of a tag `vX.Y.Z`; raises ValueError where that is not the version."""
    if tag != f"v{versions.current()}":
        raise ValueError(f"the tag is {tag}, the version {versions.current()}")
    return changelog.section(changelog.FILE.read_text(), versions.current())


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version", help="write a version everywhere").add_argument("new")
    commands.add_parser("dist", help="build packages and chart").add_argument("out", type=Path)
    commands.add_parser("notes", help="print what has changed; fails for another tag").add_argument("tag")
    options = parser.parse_args()
    try:
        match options.command:
            case "version":
                version(options.new)
            case "dist":
                dist(options.out)
            case _:
                sys.stdout.write(notes(options.tag) + "\n")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
