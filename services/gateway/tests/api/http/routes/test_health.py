"""What operators see: health, readiness, metrics."""

from importlib.metadata import version

import pytest

from tests.fixtures.gateway import Gateway, StartGateway, photo


async def test_health_names_version_engines_and_dependencies(gateway: Gateway) -> None:
    answer = await gateway.http.get("/health")
    assert answer.status_code == 200
    models = [{"name": "modomo-lite", "revision": "1", "licence": "Apache-2.0"}]
    assert answer.json() == {
        "success": True,
        "status": "ok",
        "version": version("modomo-gateway"),
        "dependencies": {
            "redis": {"ready": True, "engine": None, "models": []},
            "storage": {"ready": True, "engine": None, "models": []},
            "detection": {"ready": True, "engine": "lite", "models": models},
            "controlmaps": {"ready": True, "engine": "lite", "models": models},
            "diffusion": {"ready": True, "engine": "lite", "models": models},
            "notifier": {"ready": True, "engine": None, "models": []},
        },
    }
    assert (await gateway.http.get("/health/ready")).status_code == 200
    assert (await gateway.http.get("/health/live")).json() == {"success": True, "status": "alive"}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"redis_url": "redis://127.0.0.1:1/0"}, "redis"),
        ({"detection_address": "127.0.0.1:1"}, "detection"),
    ],
)
async def test_readiness_follows_the_dependencies(
    start_gateway: StartGateway, changes: dict[str, str], name: str
) -> None:
    gateway = await start_gateway(**changes)
    async with gateway.start_notifier():
        health = (await gateway.http.get("/health")).json()
        assert health["status"] == "degraded"
        assert {one for one, state in health["dependencies"].items() if not state["ready"]} == {name}
        ready = await gateway.http.get("/health/ready")
        assert (ready.status_code, ready.headers["retry-after"]) == (503, "1")
        assert (await gateway.http.get("/health/live")).status_code == 200


async def test_a_service_that_is_loading_is_not_ready(gateway: Gateway) -> None:
    await gateway.services.servers["controlmaps"].set_serving(False)
    assert (await gateway.http.get("/health")).json()["dependencies"]["controlmaps"]["ready"] is False


async def test_not_ready_once_told_to_end(gateway: Gateway) -> None:
    assert (await gateway.http.get("/health/ready")).status_code == 200
    gateway.api.readiness.stopping = True
    assert (await gateway.http.get("/health/ready")).status_code == 503


async def test_jobs_are_503_while_redis_is_away(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(redis_url="redis://127.0.0.1:1/0")
    submitted = await gateway.http.post("/transform/submit", files={"file": photo()}, data={"style": "modern"})
    status = await gateway.http.get("/transform/status/00000000-0000-4000-8000-000000000000")
    for answer in (submitted, status):
        assert (answer.status_code, answer.json()["code"]) == (503, "JOB_STORE_UNAVAILABLE")
        assert answer.headers["retry-after"]
    assert (await gateway.http.get("/metrics")).status_code == 200


async def test_metrics(gateway: Gateway) -> None:
    await gateway.submit(photo())
    await gateway.http.get("/transform/status/nonsense")
    await gateway.http.get("/nowhere")
    page = (await gateway.http.get("/metrics")).text
    assert "modomo_queue_waiting 1.0" in page
    counted = "modomo_http_request_duration_seconds_count"
    assert counted + '{method="POST",route="/transform/submit",status="202"}' in page
    assert counted + '{method="GET",route="/transform/status/{job_id}",status="404"}' in page
    assert 'route="unmatched"' in page
    assert "nonsense" not in page
