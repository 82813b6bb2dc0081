"""`python -m tools.images`: builds images with docker, podman or buildah, tells what they hold and weigh."""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tools.images import builders, catalogue, sbom, weight
from tools.images.catalogue import Image
from tools.release import versions

OUT: Final = builders.ROOT / "build" / "images"


def build(
    images: Sequence[Image], builder: builders.Builder, *, registry: str, revision: str, options: Sequence[str]
) -> None:
    """Builds images, one after the other; bills of materials and a table of weights go to `build/images`."""
    OUT.mkdir(parents=True, exist_ok=True)
    rows = ["| image | unpacked MB | packed MB |", "|---|---|---|"]
    for number, image in enumerate(images, 1):
        version = versions.current()
        reference = image.reference(version, registry)
        print(f"[{number}/{len(images)}] {reference}", flush=True)
        arguments = {"VERSION": version, "REVISION": revision} | ({"ENGINE": image.variant} if image.variant else {})
        builder.build(image.dockerfile, reference, arguments, options)
        (OUT / f"{image.name}.cdx.json").write_text(sbom.bill(reference, builder.python(reference, sbom.PROGRAM)))
        with TemporaryDirectory() as folder:
            archive = Path(folder) / "image.tar"
            builder.save(reference, archive)
            weighed = weight.of_archive(archive)
        rows.append(f"| {image.name} | {weighed.unpacked / 1e6:.0f} | {weighed.packed / 1e6:.0f} |")
    table = "\n".join(rows) + "\n"
    (OUT / "weights.md").write_text(table)
    print(f"{table}bills of materials: {OUT.relative_to(builders.ROOT)}/*.cdx.json")


def _revision() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=builders.ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.images", description=__doc__)
    parser.add_argument("images", nargs="*", help="`lite` or names as `--list` prints them; all where none is given")
    parser.add_argument("--list", action="store_true", help="print the names and references, and build nothing")
    parser.add_argument("--released", action="store_true", help="only what a release publishes")
    parser.add_argument("--registry", default="", help="put in front of every name, as HOST/PATH")
    parser.add_argument("--builder", default="", help="docker, podman or buildah; without, the first that works")
    parser.add_argument("--options", default="", help="further options of its build command, in one word")
    parser.add_argument("--push", action="store_true", help="send each to its registry afterwards")
    options = parser.parse_args(arguments)
    try:
        images = [one for one in catalogue.chosen(options.images) if one.released or not options.released]
        if options.list:
            for one in images:
                print(one.name, one.reference(versions.current(), options.registry))
            return 0
        builder = builders.find(options.builder)
        build(images, builder, registry=options.registry, revision=_revision(), options=shlex.split(options.options))
        for one in images if options.push else ():
            builder.push(one.reference(versions.current(), options.registry))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error}\n{error.stderr or ''}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
