"""The images of the lite engines, built by buildah and run by runc: read-only, as nobody, a photo goes through.

make test-images
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import psutil  # type: ignore[import-untyped]  # it publishes no types
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from PIL import Image

from deploy.local import ports
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.storage.settings import StorageSettings
from tests.deploy.charts import NAMED, container, of_kind, render
from tests.deploy.pod_processes import Pod, running
from tests.e2e.app import App
from tests.fixtures.api_keys import key_file, key_holder
from tests.fixtures.sample_room import sample_room
from tests.images import base_image, containers
from tools.images import catalogue
from tools.images.__main__ import OUT, main
from tools.images.builders import ROOT
from tools.release import versions
from tools.release.charts import build

PROGRAMS: Final = ("buildah", "debootstrap", "runc")
MISSING: Final = [program for program in PROGRAMS if not shutil.which(program)]
GRPC: Final = {"gateway": 50050, "detection": 50051, "controlmaps": 50052, "diffusion": 50053, "notifier": 50054}
LITE: Final = [image.name for image in catalogue.chosen(["lite"])]

pytestmark = [
    pytest.mark.skipif("MODOMO_TEST_IMAGES" not in os.environ, reason="builds images for minutes: make test-images"),
    pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)} of Debian's packages cannot be run here"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount what buildah has built"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module", autouse=True)
def built() -> Iterator[None]:
    """The five images, with their bills."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILDAH_ISOLATION", "chroot")
        patch.setenv("STORAGE_DRIVER", "vfs")
        base = base_image.make(OUT / "rootfs")
        assert main(["--builder", "buildah", "--options", base_image.contexts(base), "lite"]) == 0
        yield


@pytest.mark.parametrize("name", LITE)
def test_its_bill_is_valid_and_names_what_the_lock_has(name: str) -> None:
    text = (OUT / f"{name}.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = {one["name"].lower(): one["version"] for one in json.loads(text)["components"]}
    assert found[f"modomo-{name.removesuffix('-lite')}"] == versions.current()
    locked = (ROOT / "requirements.lock").read_text()
    for package in ("grpcio", "protobuf", "opentelemetry-sdk"):
        assert f"\n{package}=={found[package]} " in locked
    assert "libc6" in found, "Debian's packages belong to it too"
    assert not {"torch", "pip", "uv", "pytest"} & found.keys()


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The umbrella with its dependencies."""
    return build(tmp_path_factory.mktemp("charts"))


@pytest.fixture
def keys() -> Iterator[Path]:
    """A folder for a file of API keys that anybody may read, as a secret's volume is."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_a_photo_goes_through_containers_of_them(
    chart: Path, tmp_path: Path, keys: Path, s3_settings: StorageSettings, jobstore_settings: JobStoreSettings
) -> None:
    holder = key_holder("app")
    (keys / "keys.toml").write_text(key_file(holder))
    (keys / "keys.toml").chmod(0o644)
    store = {"bucket": s3_settings.s3_bucket, "endpoint": s3_settings.s3_endpoint, "region": s3_settings.s3_region}
    secrets = {
        "redis/url": jobstore_settings.redis_url,
        "s3/access-key-id": "test",
        "s3/secret-access-key": "test",
    }
    shared = dict(zip(GRPC.values(), ports.free(len(GRPC)), strict=True))
    deployments = of_kind(render(chart, NAMED, {"global": {"s3": store}}), "Deployment")
    async with AsyncExitStack() as exits:
        pods: dict[str, Pod] = {}
        for name, deployment in deployments.items():
            reference = container(deployment)["image"]
            command = exits.enter_context(containers.image(reference, tmp_path / "bundles", shared=[keys]))
            pods[name] = await exits.enter_async_context(
                running(
                    deployment,
                    folder=tmp_path / name,
                    secrets=secrets,
                    files={"/etc/modomo/keys": keys},
                    free=shared,
                    command=command,
                )
            )
        for pod in pods.values():
            await pod.until("readinessProbe")
        for name, pod in pods.items():
            confined(name, pod)
        async with App(f"http://127.0.0.1:{pods['m-gateway'].free[8000]}") as app:
            app.http.headers.update(holder.headers)
            job = await app.submit(sample_room())
            result = await app.ended(job["job_id"])
            assert result["status"] == "completed", result
        async with httpx.AsyncClient() as browser:
            restyled = await browser.get(result["result"]["transformed_url"])
        with Image.open(BytesIO(restyled.content)) as picture:
            assert picture.size == (1024, 768)  # as much of the photo as is kept


def confined(name: str, pod: Pod) -> None:
    """The process in the container is nobody, may do nothing, and cannot write to its root."""
    (process, *_its_own) = psutil.Process(pod.child.process.pid).children(recursive=True)
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    assert status["Uid"].split() == ["10001"] * 4, name
    assert status["CapEff"] == status["CapBnd"] == "0" * 16, name
    assert status["NoNewPrivs"] == "1", name
    mounts = [line.split() for line in Path(f"/proc/{process.pid}/mounts").read_text().splitlines()]
    (root,) = [options for _device, target, _type, options, *_rest in mounts if target == "/"]
    assert "ro" in root.split(","), name
