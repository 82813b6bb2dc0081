"""The OpenAPI document by the rules of others, and its committed copy that clients are made from."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.gateway import Gateway
from tools.docs import openapi

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "build" / "node" / "node_modules" / ".bin"
COPY = ROOT / "clients" / "openapi.json"

needs_linters = pytest.mark.skipif(
    not (PROGRAMS / "redocly").exists(), reason="no linters: `make test` takes them from npm where there is one"
)


def lint(program: str, *arguments: str, folder: Path) -> str:
    """What a linter says about a folder's openapi.json; any warning is an error."""
    ran = subprocess.run(
        [PROGRAMS / program, "lint", *arguments, "openapi.json"],
        cwd=folder,
        env=os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return f"exit status {ran.returncode}\n{ran.stdout}{ran.stderr}"


@needs_linters
@pytest.mark.slow
async def test_recommended_rules_find_nothing(gateway: Gateway, tmp_path: Path) -> None:
    document: dict[str, Any] = (await gateway.http.get("/openapi.json")).json()
    (tmp_path / "redocly.yaml").write_text("extends: [recommended]\n")
    (tmp_path / "spectral.yaml").write_text("extends: ['spectral:oas']\n")
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    said = await asyncio.to_thread(lint, "redocly", folder=tmp_path)
    assert "Your API description is valid" in said, said
    assert "warning" not in said.replace("Deprecation warning", ""), said
    strictly = ("spectral", "--fail-severity", "hint", "--ruleset", "spectral.yaml")
    said = await asyncio.to_thread(lint, *strictly, folder=tmp_path)
    assert said.startswith("exit status 0"), said
    assert "No results" in said
    del document["paths"]["/styles"]["get"]["operationId"]  # so that the rules are known to be asked
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    said = await asyncio.to_thread(lint, *strictly, folder=tmp_path)
    assert not said.startswith("exit status 0")


def test_the_copy_that_clients_are_made_from_is_fresh() -> None:
    fresh = COPY.read_text() == openapi.copy()  # apart: pytest would look for differences for minutes
    assert fresh, "run `make clients`"


def test_what_generators_need_is_there() -> None:
    document = openapi.document()
    assert document["servers"] == [{"url": "/", "description": "The gateway that shows this document."}]
    named = {tag["name"] for tag in document["tags"]}
    for operations in (*document["paths"].values(), *document["webhooks"].values()):
        for operation in operations.values():
            assert set(operation["tags"]) <= named
            assert operation["operationId"]
            assert operation["summary"]
    submit = document["paths"]["/transform/submit"]["post"]["responses"]
    assert {"Location", "Idempotent-Replayed", "X-Request-ID", "RateLimit", "RateLimit-Policy"} <= set(
        submit["202"]["headers"]
    )
    assert set(submit["429"]["headers"]) == {"X-Request-ID", "Retry-After"}
    assert "WWW-Authenticate" in submit["401"]["headers"]
    stream = document["paths"]["/transform/events/{job_id}"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    assert stream["schema"] == {"$ref": "#/components/schemas/ServerSentEvent"}
    event = document["components"]["schemas"]["ServerSentEvent"]["properties"]["data"]
    assert event["contentSchema"] == {"$ref": "#/components/schemas/EventMessage"}
    assert set(document["webhooks"]) == {
        f"transform.{event}" for event in ("accepted", "completed", "failed", "cancelled")
    }
