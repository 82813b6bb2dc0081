"""values-try.yaml: one command, nothing else to install, no password of ours, and never for production."""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any
from uuid import uuid4

import helm_python
import httpx
import kubernetes_validate
import pytest

from gateway.api.auth.api_keys import key_id
from gateway.api.auth.keyring import KeyRing
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.storage.settings import StorageSettings
from tests.deploy.charts import NAMED, TRY, container, environment, files, merged, of_kind, preset, render
from tests.deploy.pod_processes import running
from tests.deploy.test_helm_chart import KUBERNETES, restricted
from tests.deploy.test_helm_network import called


def tried(chart: Path, *values: dict[str, Any]) -> list[dict[str, Any]]:
    """All manifests of a try-out."""
    return render(chart, preset("try"), TRY, *values)


def test_it_is_valid_kubernetes_and_needs_no_secret_of_anybody(chart: Path) -> None:
    manifests = tried(chart)
    for manifest in manifests:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    pods = [
        one["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for one in of_kind(manifests, kind).values()
    ]
    made = {(name, key) for name, secret in of_kind(manifests, "Secret").items() for key in secret["stringData"]}
    for spec in pods:
        restricted(spec)
        for one in spec["containers"]:
            for variable in one["env"]:
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                assert reference is None or (reference["name"], reference["key"]) in made
        for volume in spec.get("volumes", ()):
            assert volume.get("secret", {}).get("secretName", "modomo-try-keys") in {name for name, _key in made}


def test_components_find_its_servers_and_may_call_them(chart: Path) -> None:
    manifests = tried(chart)
    services = of_kind(manifests, "Service")
    secret = of_kind(manifests, "Secret")["modomo-try"]["stringData"]
    found = [
        re.search(r"([a-z0-9-]+):(\d+)(?:/0)?$", address)
        for address in (secret["url"], environment(of_kind(manifests, "Deployment")["m-gateway"])["MODOMO_S3_ENDPOINT"])
    ]
    policies = of_kind(manifests, "NetworkPolicy")
    for match in found:
        assert match is not None
        name, port = match[1], int(match[2])
        service = services[name]["spec"]
        assert [one["port"] for one in service["ports"]] == [port]
        server = of_kind(manifests, "Deployment")[name]
        labels = server["spec"]["template"]["metadata"]["labels"]
        assert service["selector"].items() <= labels.items()
        assert [one["containerPort"] for one in container(server)["ports"]] == [port]
        reachable = [
            peer["podSelector"]["matchLabels"].items() <= labels.items()
            for rule in policies["m-worker"]["spec"]["egress"]
            if rule["ports"] == [{"port": port}]
            for peer in rule["to"]
        ]
        assert reachable == [True]
    assert called(manifests)


def test_the_notes_have_a_key_that_the_gateway_takes_and_say_what_this_is_not_for(chart: Path) -> None:
    rendered = files(chart, preset("try"), TRY)
    notes = rendered["modomo/templates/NOTES.txt"]
    assert "NOT FOR PRODUCTION" in notes
    (key,) = re.findall(r"Bearer (modomo_\S+)\"", notes)
    text = of_kind(tried(chart), "Secret")["modomo-try-keys"]["stringData"]["keys.toml"]
    (record,) = tomllib.loads(text)["key"]
    assert record["sha256"] == hashlib.sha256(key.encode()).hexdigest()
    assert key_id(key) == record["id"]
    assert len(KeyRing(text=text, path=None)) == 1


@pytest.mark.slow
async def test_the_gateway_opens_to_the_key_of_the_notes_alone(
    chart: Path, tmp_path: Path, s3_settings: StorageSettings, jobstore_settings: JobStoreSettings
) -> None:
    (key,) = re.findall(r"Bearer (modomo_\S+)\"", files(chart, preset("try"), TRY)["modomo/templates/NOTES.txt"])
    s3 = {"endpoint": s3_settings.s3_endpoint, "bucket": s3_settings.s3_bucket, "region": s3_settings.s3_region}
    manifests = tried(chart, {"global": {"s3": s3}})
    (tmp_path / "keys.toml").write_text(of_kind(manifests, "Secret")["modomo-try-keys"]["stringData"]["keys.toml"])
    secrets = {
        "modomo-try/url": jobstore_settings.redis_url,
        "modomo-try/access-key-id": "test",
        "modomo-try/secret-access-key": "test",
    }
    async with running(
        of_kind(manifests, "Deployment")["m-gateway"],
        folder=tmp_path,
        secrets=secrets,
        files={"/etc/modomo/keys": tmp_path},
    ) as pod:
        await pod.until("livenessProbe")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{pod.free[8000]}") as client:
            for shown, status in ((key, 404), (key[:-1] + "-", 401)):
                answer = await client.get(f"/transform/status/{uuid4()}", headers={"Authorization": f"Bearer {shown}"})
                assert answer.status_code == status


def test_no_password_is_ours_and_none_is_used_twice(chart: Path) -> None:
    with pytest.raises(helm_python.HelmError, match=re.escape("global.try.password is not set")):
        render(chart, preset("try"))

    def passwords(password: str) -> set[str]:
        other = tried(chart, {"global": {"try": {"password": password}}})
        secret = of_kind(other, "Secret")["modomo-try"]["stringData"]
        key = of_kind(other, "Secret")["modomo-try-keys"]["stringData"]["keys.toml"]
        return {secret["valkey-password"], secret["secret-access-key"], str(tomllib.loads(key)["key"][0]["sha256"])}

    first, second = passwords("a" * 16), passwords("b" * 16)
    assert len(first) == len(second) == 3
    assert not first & second


def test_new_passwords_replace_every_pod_that_reads_them(chart: Path) -> None:
    def checksums(password: str) -> dict[str, str]:
        deployments = of_kind(tried(chart, {"global": {"try": {"password": password}}}), "Deployment")
        annotations = {
            name: one["spec"]["template"]["metadata"].get("annotations", {}) for name, one in deployments.items()
        }
        return {name: found["checksum/secrets"] for name, found in annotations.items() if found}

    first, second = checksums("a" * 16), checksums("b" * 16)
    assert first.keys() == {"m-gateway", "m-worker", "m-firstlook", "m-notifier", "modomo-try-valkey", "modomo-try-s3"}
    assert len(set(first.values())) == 1
    assert all(first[name] != second[name] for name in first)


def test_nothing_of_it_is_in_other_installs(chart: Path) -> None:
    assert not [one for one in render(chart, NAMED) if "try" in one["metadata"]["name"]]
    assert not of_kind(render(chart, NAMED), "Secret")


def test_images_are_fixed_and_engines_lite(chart: Path) -> None:
    for name, deployment in of_kind(tried(chart), "Deployment").items():
        image = container(deployment)["image"]
        assert re.fullmatch(r"[a-z]+/[a-z]+:v?\d[\w.-]*(@sha256:[0-9a-f]{64})?", image), image
        if engine := environment(deployment).get(f"MODOMO_{name.removeprefix('m-').upper()}_ENGINE"):
            assert engine == "lite"
    assert merged(preset("try"))["global"]["try"] == {"enabled": True}
