"""What a log must not show, whoever writes it."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicekit.observability.redaction import MAX_TEXT, one_line, redacted, text

API_KEY = "modomo_abc123_" + "s" * 43

SCRIPT = """
import logging, sys, threading, warnings
from servicekit.observability import logs
logs.configure("sample", level="DEBUG", log_format={log_format!r})
log = logs.get("here")
log.info("link", url="https://bucket.example/jobs/1/a.jpg?X-Amz-Signature=SECRET&X-Amz-Credential=SECRET")
log.info("file", path="/files/jobs/1/a.jpg?expires=1&signature=SECRET", webhook_secret="SECRET")
log.info("socket", headers={{"authorization": "Bearer SECRETSECRET", "Cookie": "SECRET", "accept": "x"}})
log.info("user says", text="two\\nlines \\x1b[31mred\\u2028and {{\\"event\\": \\"forged\\"}}")
logging.getLogger("uvicorn.error").info("GET %s", "/ws/transform/1?ticket=SECRET")
logging.getLogger("botocore.auth").debug("SECRET")
try:
    raise ValueError("redis://user:SECRET@host/0 refused whsec_SECRET")
except ValueError:
    log.exception("went wrong")
warnings.warn("careful\\nSECRET" if False else "careful\\nnow")
def fail(): raise RuntimeError("https://host/?token=SECRET")
thread = threading.Thread(target=fail); thread.start(); thread.join()
raise RuntimeError("https://host/?token=SECRET")
"""


def _lines(log_format: str) -> list[str]:
    command = [sys.executable, "-c", SCRIPT.format(log_format=log_format)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.splitlines()


def test_every_line_is_one_record_without_a_secret() -> None:
    lines = _lines("json")
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert "SECRET" not in "\n".join(lines)
    said = {record["event"]: record for record in records}
    assert said["link"]["url"] == "https://bucket.example/jobs/1/a.jpg?[redacted]"
    assert said["socket"]["headers"] == {"authorization": "[redacted]", "Cookie": "[redacted]", "accept": "x"}
    assert said["user says"]["text"].startswith("two\nlines"), "escaped, not lost"
    assert "GET /ws/transform/1?[redacted]" in said
    assert {"uncaught", "uncaught in a thread"} <= said.keys()
    assert any("careful" in event for event in said)


def test_people_see_no_secret_and_no_forged_line() -> None:
    shown = "\n".join(_lines("console"))
    assert "SECRET" not in shown
    (line,) = [line for line in shown.splitlines() if "user says" in line]
    assert "lines" in line
    assert "forged" in line
    assert "\x1b[31m" not in line


@pytest.mark.parametrize(
    "secret",
    [
        "https://user:hunter2hunter2@host/path",
        "rediss://:hunter2hunter2@redis.example:6379/0",
        "Authorization: Bearer hunter2hunter2",
        "authorization: basic hunter2hunter2",
        "whsec_hunter2hunter2",
        "eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIn0.hunter2hunter2",
        "GET /files/a.jpg?expires=5&signature=hunter2hunter2 HTTP/1.1",
        "wss://host/ws/transform/1?ticket=hunter2hunter2",
        "X-Amz-Security-Token: hunter2hunter2",
        "ticket=hunter2hunter2",
        "/ws/transform/8e6a5c0e-0d5c-4f0e-9d0b-3f5a4c1f7a11/hunter2hunter2",
        "x-api-key: hunter2hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2hunter2",
    ],
)
def test_secrets_are_known_by_their_shape(secret: str) -> None:
    for words in (secret, f"before {secret} after", f"'{secret}'", f'{{"a": "{secret}"}}'):
        assert "hunter2" not in text(words)


def test_an_api_key_is_named_but_not_shown() -> None:
    assert text(f"the key {API_KEY}.") == "the key modomo_abc123_[redacted]."


@pytest.mark.parametrize(
    "name", ["password", "redis_password", "X-Api-Key", "webhook_secrets", "ticket", "Set-Cookie", "id_token"]
)
def test_secrets_are_known_by_their_field(name: str) -> None:
    assert redacted({"outer": [{name: "hunter2"}]}) == {"outer": [{name: "[redacted]"}]}


@pytest.mark.parametrize("name", ["key", "tokens_left", "secretary", "path"])
def test_other_fields_stay(name: str) -> None:
    assert redacted({name: "jobs/1/original.jpg"}) == {name: "jobs/1/original.jpg"}


@pytest.mark.parametrize("words", ["What? Nothing.", "50 % of 3/4", "https://host/path", "a?b", "modomo_rpc_seconds"])
def test_ordinary_text_stays(words: str) -> None:
    assert text(words) == words


@given(
    st.recursive(
        st.text() | st.integers() | st.binary() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
@pytest.mark.slow
def test_anything_becomes_json_of_one_line(value: Any) -> None:
    assert "\n" not in json.dumps(redacted(value))


@given(st.text())
def test_one_line_is_one_line(value: str) -> None:
    assert len(one_line(value).splitlines()) <= 1


def test_long_texts_are_cut_and_take_no_time_to_look_through() -> None:
    for part in ("/", "a:", "x?", "https://", "eyJ.", "@"):
        assert len(text(part * 1_000_000)) <= 2 * MAX_TEXT
