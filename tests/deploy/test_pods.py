"""What the chart renders, run as real processes: probes are answered, and one line says what is wrong."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from deploy.local import ports
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.process import EXIT_CONFIGURATION
from servicekit.storage.settings import StorageSettings
from tests.deploy.charts import NAMED, container, merged, of_kind, render
from tests.deploy.pod_processes import Pod, running
from tests.fixtures.api_keys import key_file, key_holder

GRPC = {"gateway": 50050, "detection": 50051, "controlmaps": 50052, "diffusion": 50053, "notifier": 50054}
NOWHERE = "redis://127.0.0.1:1/0"


def deployments(chart: Path, *layers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Rendered deployments by component."""
    rendered = of_kind(render(chart, NAMED, *layers), "Deployment")
    return {name.removeprefix("m-"): deployment for name, deployment in rendered.items()}


def bucket(settings: StorageSettings, **changes: str) -> dict[str, Any]:
    """Values of a bucket."""
    values = {"bucket": settings.s3_bucket, "endpoint": settings.s3_endpoint, "region": settings.s3_region}
    return {"global": {"s3": {**values, **changes}}}


def secrets(redis_url: str) -> dict[str, str]:
    """What the secrets of the release hold."""
    return {"redis/url": redis_url, "s3/access-key-id": "test", "s3/secret-access-key": "test"}


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """The secret with API keys, mounted."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "keys.toml").write_text(key_file(key_holder("app")))
    return {"/etc/modomo/keys": folder}


@pytest.mark.slow
async def test_every_probe_is_answered_by_the_process_that_the_chart_starts(
    chart: Path,
    tmp_path: Path,
    s3_settings: StorageSettings,
    jobstore_settings: JobStoreSettings,
    keys: dict[str, Path],
) -> None:
    shared = dict(zip(GRPC.values(), ports.free(len(GRPC)), strict=True))
    async with AsyncExitStack() as exits:
        pods: dict[str, Pod] = {}
        for name, deployment in deployments(chart, bucket(s3_settings)).items():
            pods[name] = await exits.enter_async_context(
                running(
                    deployment,
                    folder=tmp_path / name,
                    secrets=secrets(jobstore_settings.redis_url),
                    files=keys,
                    free=shared,
                )
            )
        assert pods.keys() == {*GRPC, "worker", "firstlook"}
        for name, pod in pods.items():
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                await pod.until(kind)
            assert all(line["level"] != "critical" for line in pod.lines()), name


@pytest.mark.slow
async def test_probes_need_no_certificate(chart: Path, tmp_path: Path, jobstore_settings: JobStoreSettings) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    folder = tmp_path / "tls"
    folder.mkdir()
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    certificate.private_key_pem.write_to_path(str(folder / "tls.key"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "tls.crt"))
    deployment = deployments(chart, {"global": {"tls": {"existingSecret": "certificates"}}})["notifier"]
    async with running(
        deployment,
        folder=tmp_path,
        secrets=secrets(jobstore_settings.redis_url),
        files={"/etc/modomo/tls": folder},
    ) as pod:
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            await pod.until(kind)


@pytest.mark.slow
async def test_a_wrong_redis_address_is_named_and_nothing_becomes_ready(
    chart: Path, tmp_path: Path, s3_settings: StorageSettings, keys: dict[str, Path]
) -> None:
    found = deployments(chart, bucket(s3_settings, bucket="no-such-bucket"))
    events = {"gateway": "a dependency does not answer", "worker": "a dependency does not answer"}
    async with AsyncExitStack() as exits:
        pods = {
            name: await exits.enter_async_context(
                running(found[name], folder=tmp_path / name, secrets=secrets(NOWHERE), files=keys)
            )
            for name in ("gateway", "worker", "notifier")
        }
        for name, pod in pods.items():
            await pod.until("livenessProbe")
            assert not await pod.probe("readinessProbe")
            event = events.get(name, "events do not flow")
            line = await pod.line(event, value="global.redis.existingSecret")
            assert "MODOMO_REDIS_URL" in line["problem"]
            assert "127.0.0.1:1" in line["problem"]
        for name in ("gateway", "worker"):
            line = await pods[name].line("the bucket refuses", value="global.s3.bucket")
            assert "MODOMO_S3_BUCKET" in line["problem"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("component", "values", "problem", "value"),
    [
        ("gateway", {}, "MODOMO_GATEWAY_API_KEYS_FILE", "global.apiKeys.existingSecret"),
        (
            "gateway",
            {"gateway": {"env": {"MODOMO_GATEWAY_URL_SECONDS": "soon"}}},
            "MODOMO_GATEWAY_URL_SECONDS",
            "gateway.env.MODOMO_GATEWAY_URL_SECONDS",
        ),
        ("notifier", {"global": {"tls": {"existingSecret": "c"}}}, "MODOMO_TLS_", "global.tls.existingSecret"),
        (
            "detection",
            {"detection": {"env": {"MODOMO_DETECTION_ENGINE": "torch"}, "weights": {"source": "claim", "claim": "w"}}},
            "is missing",
            "detection.weights",
        ),
        (
            "detection",
            {
                "detection": {
                    "env": {"MODOMO_DETECTION_ENGINE": "torch", "MODOMO_DETECTION_DEVICE": "cuda:9"},
                    "gpu": {"count": 1},
                    "weights": {"source": "claim", "claim": "w"},
                }
            },
            "there is no device 'cuda:9'",
            "detection.env",
        ),
    ],
    ids=["no-keys", "wrong-variable", "no-certificate", "no-weights", "no-gpu"],
)
async def test_a_process_that_cannot_start_says_what_and_which_value_mends_it(
    chart: Path, tmp_path: Path, *, component: str, values: dict[str, Any], problem: str, value: str
) -> None:
    deployment = deployments(chart, merged(values))[component]
    missing = dict.fromkeys(("/etc/modomo/keys", "/etc/modomo/tls", "/weights"), tmp_path / "missing")
    async with running(deployment, folder=tmp_path, secrets=secrets(NOWHERE), files=missing) as pod:
        assert await pod.ended() == EXIT_CONFIGURATION
    last = pod.lines()[-1]
    assert (last["level"], last["event"], last["value"]) == ("critical", "cannot start", value)
    assert problem in last["problem"]
    assert container(deployment)["terminationMessagePolicy"] == "FallbackToLogsOnError"
