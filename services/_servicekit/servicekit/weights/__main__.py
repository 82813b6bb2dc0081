"""`python -m servicekit.weights`: look models up, pull them, list them, verify them.

check [NAME…] [--tier TIER] [--service SERVICE] [--from DIRECTORY]
pull [NAME…] [--tier TIER] [--service SERVICE] [--from DIRECTORY] [--lock FILE] [--update]
list
verify [NAME…]

The exit status is 0 where all went well, 1 where a model could not be had, 130 where it was stopped.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from servicekit.config import env
from servicekit.weights.directory import DirectorySource
from servicekit.weights.errors import WeightsError
from servicekit.weights.lock import shipped
from servicekit.weights.manifest import Manifest, Tier
from servicekit.weights.pull import Puller, in_words
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
            case "check":
                return _check(options, manifest)
            case "pull":
                _puller(options, manifest).pull(_names(options, manifest), update=options.update, report=_say)
            case "list":
                _list(WeightStore(options.directory, manifest=manifest))
            case "verify":
                store = WeightStore(options.directory, manifest=manifest)
                for name in options.names or [entry.name for entry in manifest if store.has(entry.name)]:
                    store.verify(name)
                    _say(f"{name}: whole")
    except WeightsError as error:
        for line in str(error).splitlines():
            _say(f"weights: {line}", error=True)
        return 1
    except KeyboardInterrupt:
        _say("weights: stopped; the same command goes on from here", error=True)
        return 130
    return 0


def _names(options: argparse.Namespace, manifest: Manifest) -> list[str]:
    """The models that the command is about."""
    return options.names or [
        entry.name
        for entry in manifest
        if (options.tier is None or options.tier in entry.tiers) and options.service in (None, entry.service)
    ]


def _puller(options: argparse.Namespace, manifest: Manifest) -> Puller:
    known = {} if options.manifest else shipped()
    return Puller(options.directory, _source(options.origin), manifest=manifest, pins=options.lock, known=known)


def _check(options: argparse.Namespace, manifest: Manifest) -> int:
    """Says what a pull would fetch, file by file, and everything that it could not; fetches nothing."""
    planned, problems = _puller(options, manifest).look_up(_names(options, manifest))
    for one in planned:
        where = one.entry.address or one.entry.repository
        _say(f"{one.entry.name}: {where}, {in_words(one.bytes)} to fetch ({one.entry.licence})")
        for filename, file in one.files.items():
            size = in_words(file.size) if file.size is not None else "size unknown"
            _say(f"    {filename:60} {'here' if filename in one.here else size}")
    _say(f"{len(planned)} models, {in_words(sum(one.bytes for one in planned))} to fetch into {options.directory}")
    for problem in problems:
        _say(f"weights: {problem}", error=True)
    return 1 if problems else 0


def _source(origin: Path | None) -> Source:
    if origin is not None:
        return DirectorySource(origin)
    try:
        from servicekit.weights.online import OnlineSource  # noqa: PLC0415 - a directory needs no HTTP client
    except ImportError as error:
        raise WeightsError("pulling needs the extra modomo-servicekit[weights]") from error
    return OnlineSource()


def _list(store: WeightStore) -> None:
    for entry in store.manifest:
        state = "here" if store.has(entry.name) else "/".join(entry.tiers) or "on request"
        use = "" if entry.commercial else ", not for commercial use"
        _say(f"{entry.name:24} {entry.service:12} {state:10} {entry.licence}{use}\n{'':24} {entry.purpose}")


def _parser(directory: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m servicekit.weights", description="The models' weights.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="look up what a pull would fetch, and its size")
    pull = commands.add_parser("pull", help="get models into the local store")
    verify = commands.add_parser("verify", help="read every byte and compare with the lock")
    shown = commands.add_parser("list", help="show what there is")
    for command in (check, pull):
        command.add_argument("--from", dest="origin", type=Path, help="files of this directory, not of the hub")
        command.add_argument(
            "--service", choices=("detection", "controlmaps", "diffusion"), help="only this one's models"
        )
        command.add_argument("--lock", type=Path, help="a lock kept elsewhere, to obey and to keep up to date as well")
    check.add_argument("--tier", choices=get_args(Tier), help="what this machine needs; without it, all there is")
    pull.add_argument("--tier", choices=get_args(Tier), default="default", help="what this machine needs")
    pull.add_argument("--update", action="store_true", help="resolve revisions anew and replace what is locked")
    for command in (check, pull, verify):
        command.add_argument("names", nargs="*", metavar="NAME", help="models of the manifest; none means all")
    for command in (check, pull, verify, shown):
        command.add_argument("--directory", type=Path, default=directory, help="local store (MODOMO_WEIGHTS)")
        command.add_argument("--manifest", type=Path, help="another manifest than the shipped one")
    return parser


def _say(line: str, *, error: bool = False) -> None:
    print(line, file=sys.stderr if error else sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
