"""What goes wrong while weights are pulled or kept: each is one sentence that names the file and the remedy."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from servicekit.weights import Manifest, WeightsCorrupt, WeightsError, WeightsMissing, WeightStore, checks
from servicekit.weights import verified as verified_module
from servicekit.weights.directory import DirectorySource
from servicekit.weights.online import OnlineSource
from servicekit.weights.pull import Puller
from tests.fixtures.model_hub import Hub, archive, stand_in

ENTRY = """
[net]
repository = "owner/net"
revision = "main"
files = ["config.json", "model.safetensors"]
licence = "MIT"
commercial = true
service = "detection"
purpose = "Finds nets"
"""
RELEASE = """
[release]
repository = "owner/files"
revision = "v1"
address = "{address}"
files = ["net.pth"]
licence = "MIT"
commercial = true
service = "detection"
purpose = "Finds nets"
pickle = "tensors"
"""
FILES = {"config.json": b"{}", "model.safetensors": stand_in("model.safetensors")}


def manifest(tmp_path: Path, hub: Hub, *, replace: tuple[str, str] = ("", "")) -> Manifest:
    path = tmp_path / "manifest.toml"
    path.write_text((ENTRY + RELEASE.format(address=f"{hub.endpoint}/at/files/")).replace(*replace))
    return Manifest.read(path)


@pytest.fixture
def pull(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., WeightStore]:
    # the hub's client waits between tries of its own; that wait is not what is tested
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _seconds: None)
    hub.commit("owner/net", FILES)
    hub.addresses["/at/files/net.pth"] = stand_in("net.pth")

    def run(*names: str) -> WeightStore:
        store = WeightStore(tmp_path / "store", manifest=manifest(tmp_path, hub))
        Puller(store.directory, OnlineSource(hub.endpoint), manifest=store.manifest).pull(names or ["net"])
        return store

    return run


@pytest.mark.parametrize("name", ["net", "release"])
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            (401, "application/json", b"{}"),
            r"HTTP 401, it asks for a login: set HF_TOKEN|not for everyone \(HF_TOKEN\)",
        ),
        ((403, "application/json", b"{}"), "HTTP 403, access is refused: accept its licence there and set HF_TOKEN"),
        ((429, "application/json", b"{}"), "HTTP 429, it is asked too often: run the same command again later"),
        ((200, "text/html", b"<html>Please log in</html>"), "a proxy or a login page is in between"),
    ],
)
def test_an_answer_that_is_no_file_is_told_apart(
    hub: Hub, pull: Callable[..., WeightStore], name: str, answer: tuple[int, str, bytes], sentence: str
) -> None:
    hub.answer = answer
    with pytest.raises(WeightsError, match=sentence) as caught:
        pull(name)
    assert "\n" not in str(caught.value)


def test_a_web_page_in_place_of_a_files_bytes_is_never_kept(hub: Hub, pull: Callable[..., WeightStore]) -> None:
    hub.served["model.safetensors"] = b"<html>quota exceeded</html>"
    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        pull()
    hub.served["net.pth"] = b"<html>quota exceeded</html>"
    hub.reported["/at/files/", "net.pth"] = len(hub.served["net.pth"]), None
    with pytest.raises(WeightsCorrupt, match=r"net\.pth is not a PyTorch archive"):
        pull("release")


def test_a_release_goes_on_where_it_stopped_and_is_locked_by_its_bytes(
    hub: Hub, pull: Callable[..., WeightStore], tmp_path: Path
) -> None:
    data = hub.addresses["/at/files/net.pth"]
    partial = tmp_path / "store/.partial/release/local/net.pth"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(data[:40])
    store = pull("release")
    assert hub.ranges == ["bytes=40-"]
    assert store.file("release").read_bytes() == data
    assert store.model("release").revision == "v1"
    hub.addresses["/at/files/net.pth"] = archive(pickle.dumps([1.0], protocol=2))
    store.file("release").unlink()
    with pytest.raises(WeightsCorrupt, match=r"net\.pth is not what the lock says it is"):
        pull("release")


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_that_holds_more_than_tensors_is_refused_unrun(
    hub: Hub, pull: Callable[..., WeightStore], tmp_path: Path, protocol: int
) -> None:
    hub.addresses["/at/files/net.pth"] = archive(pickle.dumps({"state": Bomb(tmp_path / "trace")}, protocol=protocol))
    with pytest.raises(WeightsCorrupt, match=r"net\.pth holds more than tensors"):
        pull("release")
    assert not (tmp_path / "trace").exists()
    assert not (tmp_path / "store/release").exists()


def test_real_files_of_tensors_pass_and_a_real_one_of_objects_does_not(tmp_path: Path, hub: Hub) -> None:
    rooms = os.environ.get("MODOMO_ROOMS")
    if not rooms:
        pytest.skip("MODOMO_ROOMS names no real weights")
    entry = manifest(tmp_path, hub)["release"]
    for name in ("mlsd_tiny_512_fp32.pth", "METER_build_model_best_nyu_xxs.pth"):
        checks.validate_format(Path(rooms) / "weights" / name, entry)
    with pytest.raises(WeightsCorrupt, match=r"yolov5n\.pt holds more than tensors \(__builtin__ set\)"):
        checks.validate_format(Path(rooms) / "weights" / "yolov5n.pt", entry)


def test_the_real_mlsd_weights_are_those_that_the_manifest_knows(tmp_path: Path) -> None:
    rooms = os.environ.get("MODOMO_ROOMS")
    if not rooms:
        pytest.skip("MODOMO_ROOMS names no real weights")
    from servicekit.weights.lock import shipped

    origin = tmp_path / "origin" / "mlsd"
    origin.mkdir(parents=True)
    shutil.copy(Path(rooms) / "weights/mlsd_tiny_512_fp32.pth", origin)
    source = DirectorySource(origin.parent)
    Puller(tmp_path / "store", source, manifest=Manifest.shipped(), known=shipped()).pull(["mlsd"])
    assert WeightStore(tmp_path / "store").file("mlsd").stat().st_size == 2_613_835


@pytest.mark.parametrize("name", ["pytorch_model.bin", "net.ckpt", "net.pkl", "net.pt"])
def test_pickles_stay_out_where_the_manifest_names_no_loader(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.commit("owner/net", {**FILES, name: stand_in(name)})
    looked_up = manifest(tmp_path, hub, replace=('"model.safetensors"', f'"{name}"'))
    with pytest.raises(WeightsError, match="may hold a pickle; refused"):
        Puller(tmp_path / "store", OnlineSource(hub.endpoint), manifest=looked_up).pull(["net"])


def test_a_full_disk_is_known_before_the_first_byte(
    hub: Hub, pull: Callable[..., WeightStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(total=100, used=90, free=10))
    with pytest.raises(WeightsError, match=r"MB are to be fetched, but the disk has 0\.0 MB free; make room"):
        pull()
    assert hub.ranges == []


def test_a_disk_that_fills_up_on_the_way_is_named_and_nothing_half_written_is_loaded(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pull: Callable[..., WeightStore]
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    real_open = Path.open

    def open_full(path: Path, mode: str = "r", *options: object, **named: object) -> object:
        target = full if ".partial" in path.parts and path.name == "model.safetensors" and "a" in mode else path
        return real_open(target, mode, *options, **named)  # type: ignore[call-overload]  # whatever the caller asked for

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(WeightsError, match=r"store/net cannot be written: No space left on device; make room"):
        pull()
    monkeypatch.undo()
    store = WeightStore(tmp_path / "store", manifest=manifest(tmp_path, hub))
    assert not store.has("net")


def test_a_store_of_an_older_version_is_named_and_pulled_anew_but_pins_bind(
    hub: Hub, tmp_path: Path, pull: Callable[..., WeightStore]
) -> None:
    pull()
    hub.commit("owner/better", FILES)
    newer = manifest(tmp_path, hub, replace=("owner/net", "owner/better"))
    store = WeightStore(tmp_path / "store", manifest=newer)
    assert not store.has("net")
    with pytest.raises(WeightsMissing, match="holds owner/net at main, this version of Modomo needs owner/better"):
        store.path("net")
    shutil.copy(tmp_path / "store/weights.lock", tmp_path / "pins.lock")
    bound = Puller(store.directory, OnlineSource(hub.endpoint), manifest=newer, pins=tmp_path / "pins.lock")
    with pytest.raises(WeightsError, match="the manifest asks for owner/better at main, the lock holds owner/net"):
        bound.pull(["net"])
    Puller(store.directory, OnlineSource(hub.endpoint), manifest=newer).pull(["net"])
    assert store.model("net").name == "owner/better"


def test_bytes_are_hashed_once_a_change_not_once_a_start(
    tmp_path: Path, hub: Hub, pull: Callable[..., WeightStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    pull()
    hashed: list[str] = []

    def counted(file: Path) -> str:
        hashed.append(file.name)
        return checks.sha256(file)

    monkeypatch.setattr(verified_module, "sha256", counted)

    def start() -> None:
        WeightStore(tmp_path / "store", manifest=manifest(tmp_path, hub)).path("net")

    start()
    start()
    assert hashed == []
    weights = tmp_path / "store/net/model.safetensors"
    packed = weights.stat().st_mtime_ns // 1_000_000_000 * 1_000_000_000
    os.utime(weights, ns=(packed, packed))
    start()
    assert hashed == [], "an image of a container keeps whole seconds"
    os.utime(weights, ns=(1, 1))
    start()
    start()
    assert hashed == ["model.safetensors"]
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(WeightsCorrupt, match="has changed since it was pulled; get it with"):
        start()


def test_a_store_that_cannot_be_written_is_read_all_the_same(
    tmp_path: Path, hub: Hub, pull: Callable[..., WeightStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = pull()
    (store.directory / verified_module.NAME).unlink()

    def refuse(_path: Path, _data: bytes) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert store.path("net").is_dir()
    assert not (store.directory / verified_module.NAME).exists()
