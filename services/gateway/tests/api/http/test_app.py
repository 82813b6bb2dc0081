"""What holds for every request, and the endpoints beside jobs."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.api.uploads.header import read_header
from gateway.api.uploads.optimise import PhotoOptimiser
from servicekit.errors import Exhausted
from tests.fixtures.gateway import STYLES, Gateway, StartGateway, photo


async def analyze(gateway: Gateway, data: bytes) -> Any:
    return await gateway.http.post("/analyze", files={"file": ("room.jpg", data)})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("GET", "/transform/submit/", 404, "NOT_FOUND"),
        ("GET", "/files/../../etc/passwd", 404, "NOT_FOUND"),
        ("PUT", "/transform/submit", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/analyze", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("BREW", "/health", 400, None),
    ],
)
async def test_the_frameworks_own_errors(
    gateway: Gateway, method: str, path: str, status: int, code: str | None
) -> None:
    answer = await gateway.http.request(method, path)
    assert answer.status_code == status
    if code:
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["success"], answer.json()["code"]) == (False, code)
        assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.slow
async def test_an_unexpected_exception_shows_nothing(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    async def explode(_self: object, _data: bytes) -> None:
        raise RuntimeError("secret detail at /etc/shadow")

    with monkeypatch.context() as patched:
        patched.setattr(PhotoOptimiser, "optimise", explode)
        answer = await analyze(gateway, photo())
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json() == {
        "success": False,
        "type": f"{gateway.url}/errors/INTERNAL",
        "title": "Internal",
        "status": 500,
        "detail": "Something went wrong on our side.",
        "code": "INTERNAL",
        "retryable": False,
    }
    assert (await analyze(gateway, photo())).status_code == 200


@pytest.mark.parametrize("given", ["abc-123", "a" * 128])
async def test_a_request_id_is_taken_over(gateway: Gateway, given: str) -> None:
    for path in ("/health/live", "/nowhere"):
        assert (await gateway.http.get(path, headers={"X-Request-ID": given})).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "a b", "x{}", "é"])
async def test_or_made(gateway: Gateway, given: str) -> None:
    answer = await gateway.http.get("/health/live", headers={b"X-Request-ID": given.encode()})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_security_headers(gateway: Gateway) -> None:
    for path in ("/health/live", "/nowhere", "/", "/docs"):
        headers = (await gateway.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
        assert "server" not in headers
    secure = await gateway.http.get("/health/live", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["strict-transport-security"]


async def test_cors_is_off_unless_set(start_gateway: StartGateway, gateway: Gateway) -> None:
    origin = {"Origin": "https://app.example"}
    assert "access-control-allow-origin" not in (await gateway.http.get("/styles", headers=origin)).headers
    allowing = await start_gateway(cors_origins=("https://app.example",))
    answer = await allowing.http.get("/styles", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
    other = await allowing.http.get("/styles", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("asked", ["idempotency-key", "traceparent,tracestate", "baggage, sentry-trace", "b3"])
async def test_pages_may_send_what_tracing_adds(start_gateway: StartGateway, asked: str) -> None:
    gateway = await start_gateway(cors_origins=("https://app.example",))
    for method, path in (("POST", "/transform/submit"), ("HEAD", "/styles"), ("DELETE", "/transform/1")):
        preflight = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked}
        answer = await gateway.http.options(path, headers=preflight | {"Origin": "https://app.example"})
        assert answer.status_code == 200
        allowed = answer.headers["access-control-allow-headers"].split(",")
        assert {name.strip() for name in asked.split(",")} <= {name.strip().lower() for name in allowed}
        assert "access-control-allow-credentials" not in answer.headers
        other = await gateway.http.options(path, headers=preflight | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


async def test_analyze(gateway: Gateway) -> None:
    answer = await analyze(gateway, photo(2048, 1024))
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "data": {
            "room_type": "kitchen",
            "probability": 0.75,
            "is_room": True,
            "room_probability": 0.5,
            "rooms": {"kitchen": 0.75, "office": 0.25},
            "detections": [{"id": "sofa-1", "label": "sofa", "confidence": 0.75, "box": [1.0, 2.0, 30.0, 40.0]}],
            "width": 1024,
            "height": 512,
        },
    }
    assert read_header(gateway.services.detector.photos[0]).width == 1024


async def test_analyze_refuses_as_submit_does(gateway: Gateway) -> None:
    assert (await analyze(gateway, b"text")).status_code == 415
    both = await gateway.http.post("/analyze", files={"file": ("a.jpg", photo())}, data={"style": "modern"})
    assert (both.status_code, both.json()["field"]) == (422, "style")


async def test_a_busy_service_is_503_with_retry_after(gateway: Gateway) -> None:
    gateway.services.detector.failure = Exhausted("QUEUE_FULL", "The detection queue is full.", retry_after_seconds=2.5)
    answer = await analyze(gateway, photo())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert (answer.json()["code"], answer.json()["retryable"]) == ("QUEUE_FULL", True)


async def test_a_client_that_sends_too_many_photos(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(photos_per_minute=3)
    headers = {"X-Forwarded-For": "203.0.113.7"}
    form: dict[str, Any] = {"files": {"file": photo()}, "data": {"style": "modern"}}
    answers = [await gateway.http.post("/transform/submit", **form, headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert (answers[-1].json()["code"], answers[-1].json()["retryable"]) == ("RATE_LIMITED", True)
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert (await gateway.http.get("/styles", headers=headers)).status_code == 200
    assert (await gateway.http.post("/transform/submit", **form)).status_code == 202


async def test_styles(gateway: Gateway) -> None:
    styles = (await gateway.http.get("/styles")).json()
    assert styles["success"] is True
    assert [style["name"] for style in styles["styles"]] == list(STYLES)
    thumbnail = styles["styles"][0].pop("thumbnail_url")
    assert re.fullmatch(re.escape(gateway.url) + r"/page/pictures/styles/boho\.webp\?v=[0-9a-f]{12}", thumbnail)
    assert styles["styles"][0] == {
        "name": "boho",
        "title": "Boho",
        "description": "A style.",
        "palette": ["#FFFFFF", "#000000"],
    }


async def test_submissions_are_503_while_no_styles_are_known(start_gateway: StartGateway) -> None:
    never_seen = await start_gateway(diffusion_address="127.0.0.1:1")
    answer = await never_seen.http.post(
        "/transform/submit", files={"file": ("a.jpg", photo())}, data={"style": "modern"}
    )
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert "retry-after" in answer.headers


async def test_pictures_are_shown_to_holders_of_a_signed_link_alone(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    await gateway.complete(await gateway.jobstore.queue.claim())
    status = (await gateway.http.get(f"/transform/status/{job_id}")).json()
    link = urlsplit(status["data"]["result"]["original_url"])
    good = await gateway.http.get(f"{link.path}?{link.query}")
    assert (good.status_code, good.headers["content-type"]) == (200, "image/jpeg")
    assert "private" in good.headers["cache-control"]
    other = link.path.replace("original", "thumbnail")
    for path in (
        link.path,
        f"{link.path}?{link.query}x",
        f"{other}?{link.query}",
        f"/files/..%2f..%2flink-secret?{link.query}",
        f"/files/%2fetc%2fpasswd?{link.query}",
        f"{link.path}?expires=99999999999&{link.query.partition('&')[2]}",
        f"{link.path}?expires=%00&signature=%00",
    ):
        answer = await gateway.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_pages(gateway: Gateway) -> None:
    page = await gateway.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text
    assert "style=" not in page.text
    for name in re.findall(r'(?:src|href)="([a-z]+\.[a-z]+)"', page.text):
        assert (await gateway.http.get(f"/{name}")).status_code == 200
    docs = await gateway.http.get("/docs")
    assert "/openapi.json" in (await gateway.http.get("/docs/docs.js")).text
    assert not re.search(r"<script>|style=", docs.text)
    assert not re.search(r"(?:https?:)?//[a-z]", docs.text), "a page of ours asks nobody else's server"
    assert "http" not in docs.headers["content-security-policy"]
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/{name}" in docs.text
        assert len((await gateway.http.get(f"/docs/{name}")).content) > 100_000
    assert "script-src 'self';" in docs.headers["content-security-policy"]


async def test_openapi_describes_everything(gateway: Gateway) -> None:
    document = (await gateway.http.get("/openapi.json")).json()
    operations = {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {
        ("POST", "/transform/submit"),
        ("GET", "/transform/jobs"),
        ("GET", "/transform/status/{job_id}"),
        ("GET", "/transform/shared/{job_id}"),
        ("GET", "/transform/events/{job_id}"),
        ("DELETE", "/transform/{job_id}"),
        ("POST", "/analyze"),
        ("GET", "/webhooks/secrets"),
        ("GET", "/styles"),
        ("GET", "/health"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/metrics"),
        ("GET", "/files/{key}"),
    }
    submit = operations["POST", "/transform/submit"]["responses"]
    assert set(submit) == {"200", "202", "400", "401", "403", "408", "409", "413", "415", "422", "429", "503"}
    for status in set(submit) - {"200", "202"}:
        assert submit[status]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    schemas = document["components"]["schemas"]
    assert {"Problem", "Preferences", "EventMessage", "Result", "Submitted", "JobStatusAnswer"} <= set(schemas)
    assert schemas["Preferences"]["additionalProperties"] is False
    for name in re.findall(r'"#/components/schemas/(\w+)"', (await gateway.http.get("/openapi.json")).text):
        assert name in schemas
    for name in ("Problem", "Preferences", "EventMessage", "Submitted", "JobStatusAnswer"):
        assert schemas[name]["examples"]


async def test_openapi_tells_the_limits_that_are_set(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(max_file_bytes=3 * 2**20)
    page = (await gateway.http.get("/openapi.json")).text
    assert "at most 3 MB and 50 megapixels, at least 256 px on the short side" in page


async def test_many_requests_at_once(gateway: Gateway) -> None:
    data = photo(1200, 900)
    ids = await asyncio.gather(*(gateway.submit(data) for _ in range(20)))
    assert len(set(ids)) == 20
    assert (await gateway.jobstore.jobs.queue_state()).waiting == 20
