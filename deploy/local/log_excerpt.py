"""What a process complained about, in plain lines out of its log."""

import json
from typing import Any, Final

LINES: Final = 5
"""At most so many."""


def complaint(log: str) -> str:
    """The last records of the worst level that there is from `error` up, or else the last lines."""
    lines = [line for line in log.splitlines() if line.strip()]
    for level in ("critical", "error"):
        if bad := [line for line in lines if _record(line).get("level") == level]:
            return "\n".join(map(_plain, bad[-LINES:]))
    return "\n".join(map(_plain, lines[-LINES:]))


def _plain(line: str) -> str:
    """A JSON record as `event: problem`; another line as it is."""
    record = _record(line)
    if "event" not in record:
        return line
    facts = [str(record[key]) for key in ("problem", "error") if key in record]
    facts += str(record.get("exception", "")).splitlines()[-1:]
    return ": ".join([str(record["event"]), *facts])


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
