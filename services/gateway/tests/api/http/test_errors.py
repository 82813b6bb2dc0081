"""The catalogue of errors: complete, shown, and all that is wrong told at once."""

import ast
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gateway.api.http.error_catalogue import CATALOGUE
from tests.fixtures.gateway import Gateway, photo

SERVICES = Path(__file__).parents[5] / "services"
RAISED = {
    *("ServiceError", "InvalidArgument", "Unauthenticated", "PermissionDenied", "NotFound", "Conflict", "Exhausted"),
    *("FailedPrecondition", "Unavailable", "DeadlineExceeded", "JobError", "Failure", "_refusal"),
}
ANSWERED_BY_THE_FRAMEWORK = {"BAD_REQUEST", "NOT_FOUND", "METHOD_NOT_ALLOWED", "INTERNAL_SERVER_ERROR"}
ANSWERED_BY_A_PROXY = {"SERVICE_UNAVAILABLE"}
CODES_OF_GRPC = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "CANCELLED"}
"""Of a call that broke off without an error of ours (`servicekit.rpc.status`)."""


def raised_codes() -> Iterator[str]:
    """Every code that is written down in a service, in the call or as a constant of the same module."""
    for path in SERVICES.rglob("*.py"):
        if "tests" in path.relative_to(SERVICES).parts:
            continue
        module = ast.parse(path.read_text())
        constants = {
            getattr(one.target, "id", ""): one.value
            for one in module.body
            if isinstance(one, ast.AnnAssign) and one.value
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED:
                named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                for given in (*node.args[:1], *named):
                    value = constants.get(given.id, given) if isinstance(given, ast.Name) else given
                    if isinstance(value, ast.Constant) and re.fullmatch("[A-Z][A-Z_]+", str(value.value)):
                        yield str(value.value)


def test_the_catalogue_has_every_code_and_none_that_nobody_raises() -> None:
    raised = set(raised_codes())
    assert len(raised) > 60
    others = ANSWERED_BY_THE_FRAMEWORK | ANSWERED_BY_A_PROXY | CODES_OF_GRPC
    assert raised - set(CATALOGUE) == set(), "add these to gateway/api/http/error_catalogue.py"
    assert set(CATALOGUE) - raised - others == set()
    assert {status.phrase.upper().replace(" ", "_") for status in HTTPStatus} >= ANSWERED_BY_THE_FRAMEWORK


async def test_each_code_has_a_page_and_an_error_points_to_it(gateway: Gateway) -> None:
    answer = await gateway.http.get("/transform/status/none", headers={"X-Forwarded-Prefix": "/rooms"})
    assert answer.json()["type"] == f"{gateway.url}/rooms/errors/UNKNOWN_JOB"
    page = await gateway.http.get((await gateway.http.get("/transform/status/none")).json()["type"])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for code, entry in CATALOGUE.items():
        text = (await gateway.http.get(f"/errors/{code}")).text
        assert code in text
        assert entry.meaning.split("`")[0].strip(",.() ")[:20] in text
        assert "style=" not in text
    whole = (await gateway.http.get("/errors")).text
    assert set(re.findall(r'href="errors/(\w+)"', whole)) == set(CATALOGUE)
    assert (await gateway.http.get("/errors.css")).headers["content-type"].startswith("text/css")


async def test_there_is_no_page_about_what_is_no_code(gateway: Gateway) -> None:
    for code in ("QUEUE", "queue_full", "%3Cscript%3E", "a/b"):
        answer = await gateway.http.get(f"/errors/{code}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert "script" not in answer.text


async def test_the_document_lists_codes_and_words(gateway: Gateway) -> None:
    schemas = (await gateway.http.get("/openapi.json")).json()["components"]["schemas"]
    assert schemas["ErrorCode"]["enum"] == sorted(CATALOGUE)
    assert schemas["Problem"]["properties"]["code"]["$ref"] == "#/components/schemas/ErrorCode"
    assert schemas["JobWord"]["enum"] == ["queued", "analyzing", "generating", "completed", "failed", "cancelled"]
    assert len(schemas["JobStatus"]["enum"]) == 9


async def submit(gateway: Gateway, data: dict[str, str], photo_bytes: bytes, **headers: str) -> Any:
    form = {"files": {"file": ("a.jpg", photo_bytes)}, "data": data}
    return await gateway.http.post("/transform/submit", **form, headers=headers)  # type: ignore[arg-type]


async def test_all_bad_fields_are_told_in_one_answer(gateway: Gateway) -> None:
    wrong = {"strength": 2, "variants": 9, "colour": "red", "color_palette": ["#FFFFFF", "blue"]}
    data = {
        "style": "baroque",
        "preferences": json.dumps(wrong),
        "priority": "now",
        "webhook_url": "http://receiver.example/",
        "webhook_events": "started",
    }
    answer = await submit(gateway, data, b"no picture", **{"Idempotency-Key": "k" * 256})
    assert answer.status_code == 422
    told = {problem["field"]: problem["code"] for problem in answer.json()["errors"]}
    assert told == {
        "preferences.strength": "FIELD_INVALID",
        "preferences.variants": "FIELD_INVALID",
        "preferences.colour": "UNKNOWN_FIELD",
        "preferences.color_palette[1]": "FIELD_INVALID",
        "priority": "FIELD_INVALID",
        "webhook_events": "FIELD_INVALID",
        "webhook_url": "WEBHOOKS_OFF",
        "style": "UNKNOWN_STYLE",
        "Idempotency-Key": "FIELD_INVALID",
        "file": "IMAGE_UNSUPPORTED",
    }
    first = answer.json()["errors"][0]
    shown = answer.json()
    assert (shown["field"], shown["code"], shown["detail"]) == (first["field"], first["code"], first["detail"])


async def test_all_missing_parts_are_told_in_one_answer(gateway: Gateway) -> None:
    answer = await gateway.http.post("/transform/submit", files={"priority": (None, b"batch")})
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == ["file", "style"]


async def test_one_bad_field_looks_as_ever(gateway: Gateway) -> None:
    answer = await submit(gateway, {"style": "baroque"}, photo())
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "UNKNOWN_STYLE", "style")
    assert len(answer.json()["errors"]) == 1
    listed = await gateway.http.get("/transform/jobs?limit=0&status=done")
    assert {problem["field"] for problem in listed.json()["errors"]} == {"limit", "status"}
