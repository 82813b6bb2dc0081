"""Makes API keys: `python -m gateway keys new TENANT --scopes submit read --append FILE`.

The key is printed once, on standard output, and kept nowhere; what the gateway needs of it goes to the file, or to
standard error where none is named.
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.api.auth import Scope
from gateway.api.auth.api_keys import KeyRecord, draw
from gateway.api.auth.keyring import KeysError, parse


def main(arguments: list[str]) -> int:
    """Runs the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=options.days) if options.days else None
    try:
        key, record = draw(
            options.tenant,
            tuple(Scope(scope) for scope in dict.fromkeys(options.scopes)),
            expires=expires,
            units_per_minute=options.units_per_minute,
            batch=options.batch,
        )
        if options.append is None:
            print(as_toml(record), file=sys.stderr)  # noqa: T201 - a command line
        else:
            _append(options.append, record)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line
        return 1
    print(key)  # noqa: T201 - a command line
    return 0


def as_toml(record: KeyRecord) -> str:
    """A record as the file has it."""
    scopes = ", ".join(f'"{scope}"' for scope in record.scopes)
    lines = [
        "[[key]]",
        f'id = "{record.id}"',
        f'owner = "{record.tenant}"',
        f"scopes = [{scopes}]",
        f'sha256 = "{record.sha256}"',
    ]
    if record.expires is not None:
        lines.append(f"expires = {record.expires.isoformat().replace('+00:00', 'Z')}")
    if record.units_per_minute:
        lines.append(f"units_per_minute = {record.units_per_minute}")
    if record.batch:
        lines.append("batch = true")
    return "\n".join(lines)


def _append(path: Path, record: KeyRecord) -> None:
    """Adds a record to a file that must be in order before and after; raises KeysError, OSError."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    after = f"{before.rstrip()}\n\n{as_toml(record)}\n".lstrip()
    if record.id in parse(before, source=str(path)):
        raise KeysError(f"{path}: the id {record.id} is taken; try again")
    parse(after, source=str(path))
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, encoding="utf-8", delete=False) as draft:
        draft.write(after)  # which nobody else can read, whatever lies beside it
    Path(draft.name).replace(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway keys", description=__doc__)
    commands = parser.add_subparsers(required=True)
    new = commands.add_parser("new", help="make a key")
    new.add_argument("tenant", metavar="TENANT", help="whose jobs it sees; keys of one tenant see the same jobs")
    new.add_argument("--scopes", nargs="+", choices=list(Scope), default=["submit", "read"])
    new.add_argument("--days", type=int, default=0, help="how long it is good; 0 for ever")
    new.add_argument("--units-per-minute", type=int, default=0, help="0 for what the gateway's settings say")
    new.add_argument("--batch", action="store_true", help="all that it submits has the priority `batch`")
    new.add_argument("--append", type=Path, metavar="FILE", help="file of keys to add it to, made if need be")
    return parser
