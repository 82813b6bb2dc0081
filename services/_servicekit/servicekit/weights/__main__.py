"""`python -m servicekit.weights`: pull models, list them, check them.

pull [NAME…] [--from DIRECTORY] [--lock FILE] [--update] [--service SERVICE]
list
verify [NAME…]
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servicekit.config import env
from servicekit.weights.directory import DirectorySource
from servicekit.weights.errors import WeightsError
from servicekit.weights.manifest import Manifest
from servicekit.weights.pull import Puller
from servicekit.weights.source import Source
from servicekit.weights.store import WeightStore


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command reads from the environment."""

    weights: Path = env.shared(Path("weights"))
    """Directory of the local store, as the services read it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    options = _parser(env.read(Settings, prefix=env.PREFIX).weights).parse_args(arguments)
    manifest = Manifest.read(options.manifest) if options.manifest else Manifest.shipped()
    try:
        match options.command:
            case "pull":
                _pull(options, manifest)
            case "list":
                _list(WeightStore(options.directory, manifest=manifest))
            case "verify":
                store = WeightStore(options.directory, manifest=manifest)
                for name in options.names or [entry.name for entry in manifest if store.has(entry.name)]:
                    store.verify(name)
                    _say(f"{name}: whole")
    except WeightsError as error:
        _say(f"weights: {error}", error=True)
        return 1
    except KeyboardInterrupt:
        _say("weights: stopped; the same command goes on from here", error=True)
        return 130
    return 0


def _pull(options: argparse.Namespace, manifest: Manifest) -> None:
    names = options.names or [
        entry.name for entry in manifest if "default" in entry.tiers and options.service in (None, entry.service)
    ]
    puller = Puller(options.directory, _source(options.origin), manifest=manifest, pins=options.lock)
    puller.pull(names, update=options.update, report=_say)


def _source(origin: Path | None) -> Source:
    if origin is not None:
        return DirectorySource(origin)
    try:
        from servicekit.weights.hub import HubSource  # noqa: PLC0415 - pulling from a directory needs no hub client
    except ImportError as error:
        raise WeightsError("pulling needs the extra modomo-servicekit[weights]") from error
    return HubSource()


def _list(store: WeightStore) -> None:
    for entry in store.manifest:
        state = "here" if store.has(entry.name) else "default" if "default" in entry.tiers else "on request"
        use = "" if entry.commercial else ", not for commercial use"
        _say(f"{entry.name:24} {entry.service:12} {state:10} {entry.licence}{use}\n{'':24} {entry.purpose}")


def _parser(directory: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m servicekit.weights", description="The models' weights.")
    commands = parser.add_subparsers(dest="command", required=True)
    pull = commands.add_parser("pull", help="get models into the local store")
    pull.add_argument("--from", dest="origin", type=Path, help="take files from this directory, not from the hub")
    pull.add_argument("--lock", type=Path, help="a lock kept elsewhere, to obey and to keep up to date as well")
    pull.add_argument("--update", action="store_true", help="resolve revisions anew and replace what is locked")
    pull.add_argument("--service", choices=("detection", "controlmaps", "diffusion"), help="only this one's models")
    verify = commands.add_parser("verify", help="read every byte and compare with the lock")
    for command in (pull, verify):
        command.add_argument("names", nargs="*", metavar="NAME", help="models of the manifest; none means all")
    for command in (pull, verify, commands.add_parser("list", help="show what there is")):
        command.add_argument("--directory", type=Path, default=directory, help="local store (MODOMO_WEIGHTS)")
        command.add_argument("--manifest", type=Path, help="another manifest than the shipped one")
    return parser


def _say(line: str, *, error: bool = False) -> None:
    print(line, file=sys.stderr if error else sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
