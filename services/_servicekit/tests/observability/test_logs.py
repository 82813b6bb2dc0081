"""What a log line looks like, from a process of its own: logging is set up once a process."""

import json
import re
import subprocess
import sys
from typing import Any

SCRIPT = """
import logging
from servicekit.observability import logs
from servicekit.rpc import context
logs.configure("sample", level="INFO", log_format={log_format!r})
log = logs.get("here")
with context.bound(request="r-1", job="j-1"):
    log.info("job finished", seconds=1.5)
    logging.getLogger("elsewhere").warning("other people's %s", "words")
log.debug("not shown")
try:
    raise ValueError("the detail")
except ValueError:
    log.exception("went wrong")
log.info("no job", size="1×2")
"""


def _run(log_format: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(log_format=log_format)], capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_is_one_object_a_line_with_ids() -> None:
    lines: list[dict[str, Any]] = [json.loads(line) for line in _run("json")]
    ours, others, failure, last = lines
    assert ours["event"] == "job finished"
    assert ours["seconds"] == 1.5
    assert others["event"] == "other people's words"
    for line in (ours, others):
        assert (line["service"], line["request_id"], line["job_id"]) == ("sample", "r-1", "j-1")
        assert line["timestamp"].endswith("Z")
    assert failure["level"] == "error"
    assert "ValueError: the detail" in failure["exception"]
    assert "job_id" not in last
    assert last["size"] == "1×2"


def test_auto_is_json_where_nobody_watches() -> None:
    assert all(json.loads(line)["service"] == "sample" for line in _run("auto"))


def test_console_is_for_people() -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(_run("console")))
    assert "job finished" in text
    assert "j-1" in text
    assert "ValueError: the detail" in text
    assert "not shown" not in text
