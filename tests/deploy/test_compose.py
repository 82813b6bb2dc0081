"""The compose file fits the processes and the images; a bucket is made where there is none."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.chartdocs.__main__ import SETTINGS
from servicekit.config.env import variable_name
from servicekit.storage.bucket import make
from servicekit.storage.settings import StorageSettings, open_store

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
NETWORKS: dict[str, Any] = COMPOSE["networks"]
OURS = [name for name in SERVICES if name in SETTINGS]


def test_all_components_are_there() -> None:
    assert set(OURS) == SETTINGS.keys() - {"triton"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined(name: str) -> None:
    one = SERVICES[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["tmpfs"] == ["/tmp"]


def test_only_those_who_need_jobs_and_pictures_reach_them() -> None:
    """As SECURITY.md says who is trusted with what."""
    on = {network: {name for name, one in SERVICES.items() if network in one["networks"]} for network in NETWORKS}
    services = {"detection", "controlmaps", "diffusion"}
    assert on["jobs"] == {"gateway", "worker", "firstlook", "notifier", "redis"}
    assert on["pictures"] == {"gateway", "worker", "firstlook", "bucket", "s3"}
    assert on["models"] == {"gateway", "worker", "firstlook", *services, *(f"lite-{name}" for name in services)}
    assert on["outside"] == {"gateway", "notifier"}
    assert NETWORKS["jobs"] == {"internal": True}
    assert all("networks" in one for one in SERVICES.values()), "without, it would be on a network with everybody"


def test_nothing_starts_with_a_secret_that_everybody_knows() -> None:
    redis, store = SERVICES["redis"], SERVICES["s3"]
    password = required("REDIS_PASSWORD")
    assert redis["command"][-2:] == ["--requirepass", password]
    assert redis["environment"] == {"REDISCLI_AUTH": password}
    for name in ("gateway", "worker", "firstlook", "notifier"):
        assert SERVICES[name]["environment"]["MODOMO_REDIS_PASSWORD"] == password
    credentials = [required("S3_ACCESS_KEY_ID"), required("S3_SECRET_ACCESS_KEY")]
    assert [store["environment"][name] for name in ("ROOT_ACCESS_KEY", "ROOT_SECRET_KEY")] == credentials
    for name in ("gateway", "worker", "firstlook", "bucket"):
        environment = SERVICES[name]["environment"]
        assert [environment[f"MODOMO_{one}"] for one in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")] == credentials


def required(variable: str) -> str:
    """As Compose refuses to start without."""
    return f"${{{variable}:?belongs into deploy/.env}}"


@pytest.mark.parametrize("name", OURS)
def test_every_process_reads_its_variables(name: str) -> None:
    one = SERVICES[name]
    prefix, classes = SETTINGS[name]
    known = {variable_name(field, prefix) for settings in classes for field in fields(settings)}
    assert one["environment"].keys() <= known
    if build := one.get("build"):
        assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


def test_it_waits_for_what_is_healthy_and_everything_waited_for_can_say_so() -> None:
    for one in SERVICES.values():
        for name, how in (one["depends_on"] if isinstance(one.get("depends_on"), dict) else {}).items():
            other = SERVICES[name]
            if how["condition"] == "service_completed_successfully":
                assert other["restart"] == "no"
            elif "healthcheck" not in other:
                dockerfile = DEPLOY / other["build"]["context"] / other["build"]["dockerfile"]
                assert "HEALTHCHECK" in dockerfile.read_text()


def test_models_have_the_gpu_and_their_weights() -> None:
    for name in ("detection", "controlmaps", "diffusion"):
        (device,) = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
        assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
        environment = SERVICES[name]["environment"]
        assert environment[f"MODOMO_{name.upper()}_ENGINE"] == SERVICES[name]["build"]["args"]["ENGINE"] == "torch"
        assert environment[f"MODOMO_{name.upper()}_DEVICE"] == "cuda"
        assert any(volume.endswith(f":{environment['MODOMO_WEIGHTS']}:ro") for volume in SERVICES[name]["volumes"])


def test_first_looks_are_made_by_lite_engines_of_their_own() -> None:
    for name in ("detection", "controlmaps", "diffusion"):
        lite = SERVICES[f"lite-{name}"]
        assert lite["environment"][f"MODOMO_{name.upper()}_ENGINE"] == lite["build"]["args"]["ENGINE"] == "lite"
        address = SERVICES["firstlook"]["environment"][f"MODOMO_{name.upper()}_ADDRESS"]
        assert address.split(":") == [
            f"lite-{name}",
            SERVICES["gateway"]["environment"][f"MODOMO_{name.upper()}_ADDRESS"].split(":")[1],
        ]
        assert "deploy" not in lite


def test_without_a_gpu_the_lite_engines_run_and_nothing_asks_for_a_device() -> None:
    class Loader(yaml.SafeLoader):
        """Knows Compose's `!reset`."""

    Loader.add_constructor("!reset", lambda _loader, _node: "reset")
    lite = yaml.load((DEPLOY / "compose.cpu.yaml").read_text(), Loader)["services"]
    assert lite.keys() == {name for name, one in SERVICES.items() if "deploy" in one}
    for name, one in lite.items():
        assert (one["deploy"], one["volumes"]) == ("reset", "reset")
        assert one["environment"] == {f"MODOMO_{name.upper()}_ENGINE": one["build"]["args"]["ENGINE"]}
        assert one["build"]["args"]["ENGINE"] == "lite"


def test_jobs_are_kept_on_disk_and_callers_need_a_key() -> None:
    assert SERVICES["redis"]["command"][1:5] == ["--appendonly", "yes", "--appendfsync", "always"]
    assert SERVICES["gateway"]["environment"]["MODOMO_GATEWAY_API_KEYS_FILE"] == "/run/secrets/keys"
    assert "MODOMO_GATEWAY_AUTH" not in SERVICES["gateway"]["environment"]
    published = [port for one in SERVICES.values() for port in one.get("ports", ())]
    assert published
    assert all(port.startswith("${LISTEN:-127.0.0.1}:") for port in published)


def test_links_to_pictures_are_good_inside_and_outside() -> None:
    (endpoint,) = re.findall(
        r"\$\{S3_ENDPOINT:-http://([^:]+):9000}", SERVICES["gateway"]["environment"]["MODOMO_S3_ENDPOINT"]
    )
    assert endpoint in SERVICES["s3"]["networks"]["pictures"]["aliases"]
    assert endpoint.endswith(".localhost")


async def test_the_bucket_is_made_once(s3_endpoint: str) -> None:
    settings = StorageSettings(
        storage="s3",
        s3_bucket="made-by-us",
        s3_endpoint=s3_endpoint,
        s3_region="us-east-1",
        s3_access_key_id="test",
        s3_secret_access_key="test",
    )
    await make(settings)
    await make(settings)
    store = open_store(settings)
    try:
        await store.check()
    finally:
        await store.close()


@pytest.mark.slow
async def test_a_server_that_does_not_come_is_not_waited_for_for_ever() -> None:
    settings = StorageSettings(
        storage="s3",
        s3_bucket="b",
        s3_endpoint="http://127.0.0.1:1",
        s3_access_key_id="test",
        s3_secret_access_key="test",
    )
    with pytest.raises(TimeoutError):
        await make(settings, timeout_seconds=0.2)
