"""The weights store and the command that fills it, against a real HTTP server and real directories."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from servicekit.config import env
from servicekit.weights import Manifest, WeightsCorrupt, WeightsError, WeightsMissing, WeightStore
from servicekit.weights.directory import DirectorySource
from servicekit.weights.hub import HubSource
from servicekit.weights.pull import Puller
from tests.fixtures.model_hub import Hub

REPOSITORY = "owner/net"
WEIGHTS = save({"layer": np.arange(20_000, dtype=np.float32)})
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "pytorch_model.bin": b"\x80\x02.", "README.md": b"hello"}
MANIFEST = """
[net]
repository = "owner/net"
revision = "main"
files = ["config.json", "*.safetensors"]
licence = "MIT"
commercial = true
service = "detection"
purpose = "Finds nets"
tiers = ["default"]
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    path = tmp_path / "manifest.toml"
    path.write_text(MANIFEST)
    return Manifest.read(path)


@pytest.fixture
def store(tmp_path: Path, manifest: Manifest) -> WeightStore:
    return WeightStore(tmp_path / "store", manifest=manifest)


@pytest.fixture
def pull(hub: Hub, store: WeightStore) -> Callable[..., None]:
    def run(*, update: bool = False, pins: Path | None = None) -> None:
        source = HubSource(endpoint=hub.endpoint)
        Puller(store.directory, source, manifest=store.manifest, pins=pins).pull(["net"], update=update)

    return run


def lock_of(store: WeightStore) -> dict[str, object]:
    return dict(json.loads((store.directory / "weights.lock").read_text()))


def test_a_pull_takes_what_the_manifest_names_and_pins_it(
    hub: Hub, store: WeightStore, pull: Callable[..., None]
) -> None:
    commit = hub.commit(REPOSITORY, FILES)
    assert not store.has("net")
    pull()
    directory = store.path("net")
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == {
        "config.json": b"{}",
        "model.safetensors": WEIGHTS,
    }
    assert (store.model("net").name, store.model("net").revision) == (REPOSITORY, commit)
    assert not list((store.directory / ".partial").rglob("*"))
    store.verify("net")


def test_a_second_pull_moves_nothing(hub: Hub, store: WeightStore, pull: Callable[..., None]) -> None:
    hub.commit(REPOSITORY, FILES)
    pull()
    hub.ranges.clear()
    pull()
    assert hub.ranges == []


def test_the_lock_outlives_a_branch_that_moves(hub: Hub, store: WeightStore, pull: Callable[..., None]) -> None:
    first = hub.commit(REPOSITORY, FILES)
    pull()
    second = hub.commit(REPOSITORY, {**FILES, "config.json": b'{"changed": true}'})
    (store.directory / "net" / "config.json").unlink()
    pull()
    assert store.model("net").revision == first
    assert (store.path("net") / "config.json").read_bytes() == b"{}"
    pull(update=True)
    assert store.model("net").revision == second
    assert (store.path("net") / "config.json").read_bytes() == b'{"changed": true}'


def test_a_commit_that_is_gone_is_an_error_that_leaves_the_store_alone(
    hub: Hub, store: WeightStore, pull: Callable[..., None]
) -> None:
    commit = hub.commit(REPOSITORY, FILES)
    pull()
    before = lock_of(store)
    hub.commits.pop((REPOSITORY, commit))
    with pytest.raises(WeightsError, match=f"no revision '{commit}'"):
        pull()
    assert lock_of(store) == before
    store.verify("net")


def test_pins_kept_elsewhere_bind_an_empty_store(
    hub: Hub, store: WeightStore, pull: Callable[..., None], tmp_path: Path
) -> None:
    pins = tmp_path / "pins.lock"
    first = hub.commit(REPOSITORY, FILES)
    pull(pins=pins)
    for file in (store.directory / "net").iterdir():
        file.unlink()
    (store.directory / "weights.lock").unlink()
    hub.commit(REPOSITORY, {**FILES, "config.json": b"[]"})
    pull(pins=pins)
    assert store.model("net").revision == first
    store.verify("net")


def test_a_file_with_other_bytes_than_pinned_is_refused(
    hub: Hub, store: WeightStore, pull: Callable[..., None]
) -> None:
    hub.commit(REPOSITORY, FILES)
    pull()
    (store.directory / "net" / "config.json").unlink()
    hub.served["config.json"] = b"[]"
    with pytest.raises(WeightsCorrupt, match=r"config\.json is not what the lock says"):
        pull()
    with pytest.raises(WeightsMissing, match=r"config\.json is missing"):
        store.path("net")


def test_a_corrupt_transfer_is_refused_before_anything_is_locked(
    hub: Hub, store: WeightStore, pull: Callable[..., None]
) -> None:
    hub.commit(REPOSITORY, FILES)
    hub.served["model.safetensors"] = WEIGHTS[:-4] + b"\xff\xff\xff\xff"
    with pytest.raises(WeightsCorrupt, match="not what its repository says"):
        pull()
    assert not store.has("net")
    hub.served.clear()
    pull()
    store.verify("net")


def test_an_interrupted_download_goes_on_where_it_stopped(
    hub: Hub, store: WeightStore, pull: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the hub client waits a second before each of five tries of its own; that wait is not what is tested
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
    hub.commit(REPOSITORY, FILES)
    hub.cut_after = 0
    with pytest.raises(WeightsError, match="Offline"):
        pull()
    partial = next((store.directory / ".partial").rglob("config.json"))
    partial.with_name("model.safetensors").write_bytes(WEIGHTS[:30_000])
    hub.cut_after = None
    hub.ranges.clear()
    pull()
    assert "bytes=30000-" in hub.ranges
    store.verify("net")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"config.json": b"{}", "pytorch_model.bin": b"\x80\x02."}, r"has no \*\.safetensors; it has config"),
        ({"config.json": b"{}", "x.safetensors": b"\x80\x02pickle in disguise"}, "not in the safetensors format"),
        ({"config.json": b"{}", "x.safetensors": WEIGHTS[:-100]}, "cut short"),
        ({"config.json": b"{}", "x.safetensors": WEIGHTS + b"PK"}, "bytes too many"),
        ({"config.json": b"not json", "x.safetensors": WEIGHTS}, r"config\.json is not JSON"),
    ],
)
def test_only_sound_safetensors_come_in(
    hub: Hub, store: WeightStore, pull: Callable[..., None], files: dict[str, bytes], problem: str
) -> None:
    hub.commit(REPOSITORY, files)
    with pytest.raises(WeightsError, match=problem):
        pull()
    assert not store.has("net")


def test_a_pickle_is_refused_even_where_the_manifest_names_it(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(MANIFEST.replace('"*.safetensors"', '"pytorch_model.bin"'))
    hub.commit(REPOSITORY, FILES)
    puller = Puller(tmp_path / "store", HubSource(endpoint=hub.endpoint), manifest=Manifest.read(path))
    with pytest.raises(WeightsError, match="may hold a pickle"):
        puller.pull(["net"])


def test_an_unknown_repository_and_a_dead_mirror_are_named(hub: Hub, store: WeightStore) -> None:
    with pytest.raises(WeightsError, match="owner/net does not exist"):
        Puller(store.directory, HubSource(endpoint=hub.endpoint), manifest=store.manifest).pull(["net"])
    with pytest.raises(WeightsError, match="Offline"):
        Puller(store.directory, HubSource(endpoint="http://127.0.0.1:9"), manifest=store.manifest).pull(["net"])


@pytest.mark.parametrize("layout", ["net", "owner/net", "models--owner--net/snapshots/main"])
def test_a_directory_serves_in_three_layouts(store: WeightStore, tmp_path: Path, layout: str) -> None:
    origin = tmp_path / "origin" / layout
    origin.mkdir(parents=True)
    for name, data in FILES.items():
        (origin / name).write_bytes(data)
    Puller(store.directory, DirectorySource(tmp_path / "origin"), manifest=store.manifest).pull(["net"])
    assert (store.path("net") / "model.safetensors").read_bytes() == WEIGHTS
    store.verify("net")


def test_a_store_serves_another_with_its_commit(
    hub: Hub, store: WeightStore, pull: Callable[..., None], tmp_path: Path
) -> None:
    commit = hub.commit(REPOSITORY, FILES)
    pull()
    copy = WeightStore(tmp_path / "copy", manifest=store.manifest)
    Puller(copy.directory, DirectorySource(store.directory), manifest=store.manifest).pull(["net"])
    assert copy.model("net").revision == commit


def test_a_start_names_what_is_missing_or_cut_and_the_command(
    hub: Hub, store: WeightStore, pull: Callable[..., None]
) -> None:
    with pytest.raises(WeightsMissing, match=r"python -m servicekit\.weights pull net --directory"):
        store.path("net")
    hub.commit(REPOSITORY, FILES)
    pull()
    weights = store.path("net") / "model.safetensors"
    weights.write_bytes(WEIGHTS[:-1])
    with pytest.raises(WeightsCorrupt, match=rf"{len(WEIGHTS) - 1} bytes instead of {len(WEIGHTS)}"):
        store.path("net")
    weights.write_bytes(WEIGHTS[:-1] + b"\x01")
    for check in (store.verify, WeightStore(store.directory, manifest=store.manifest).path):
        with pytest.raises(WeightsCorrupt, match="has changed since"):
            check("net")
    weights.unlink()
    with pytest.raises(WeightsMissing, match=r"model\.safetensors is missing"):
        store.path("net")
    assert issubclass(WeightsMissing, env.SettingsError)


def test_a_lock_that_is_no_lock_is_named(store: WeightStore) -> None:
    store.directory.mkdir()
    (store.directory / "weights.lock").write_text('{"net": {"commit": 3}}')
    with pytest.raises(WeightsError, match=r"weights\.lock is not a lock"):
        store.path("net")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (MANIFEST.replace("commercial", "comercial"), "comercial"),
        (MANIFEST.replace('"detection"', '"kitchen"'), "kitchen"),
        ("[net", "end of a table"),
    ],
)
def test_a_wrong_manifest_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(text)
    with pytest.raises(WeightsError, match=problem):
        Manifest.read(path)


def test_every_file_of_the_shipped_manifest_may_come_in() -> None:
    from servicekit.weights.checks import validate_name

    entries = list(Manifest.shipped())
    assert {entry.service for entry in entries} == {"detection", "controlmaps", "diffusion"}
    for entry in entries:
        for filename in entry.files:
            validate_name(filename, entry)


@pytest.mark.slow
def test_the_command_pulls_from_a_mirror_and_fails_in_one_line_without_one(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text(MANIFEST)
    hub.commit(REPOSITORY, FILES)
    command = [sys.executable, "-m", "servicekit.weights", "pull", "--manifest", str(tmp_path / "manifest.toml")]
    environ = {
        "HF_ENDPOINT": hub.endpoint,
        "MODOMO_WEIGHTS": str(tmp_path / "store"),
        "HF_HOME": str(tmp_path / "home"),
        "TQDM_POSITION": "-1",  # as on a terminal: progress bars, although stderr is a pipe here
    }
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert "net: owner/net at" in done.stdout
    assert "model.safetensors: 100%" in done.stderr
    environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
    (tmp_path / "store" / "net" / "config.json").unlink()
    failed = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "Offline?" in failed.stderr
