"""Every model of the shipped manifest, against what its repository is recorded to hold (tests/data/hub)."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from servicekit.weights import Entry, Manifest, WeightsError, WeightsMissing, WeightStore
from servicekit.weights import __main__ as command
from servicekit.weights.lock import shipped
from servicekit.weights.online import OnlineSource
from servicekit.weights.pull import Puller
from tests.fixtures.model_hub import RECORDINGS, Hub, Recording

ENTRIES: Sequence[Entry] = tuple(Manifest.shipped())
RECORDED = {(one.repository, one.revision): one for one in Recording.read_all()}


def recording(entry: Entry) -> Recording:
    return RECORDED[entry.repository, entry.revision]


@pytest.fixture
def recorded(hub: Hub) -> Hub:
    for one in RECORDED.values():
        hub.record(one)
    return hub


def puller(hub: Hub, directory: Path, *, known: bool = False) -> Puller:
    source = OnlineSource(hub.endpoint)
    return Puller(directory, source, manifest=hub.manifest(), known=shipped() if known else None)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_entry_is_pulled_from_what_its_repository_holds(recorded: Hub, tmp_path: Path, entry: Entry) -> None:
    puller(recorded, tmp_path).pull([entry.name])
    store = WeightStore(tmp_path)
    pulled = {path.relative_to(store.path(entry.name)).as_posix() for path in tmp_path.rglob(f"{entry.name}/**/*.*")}
    assert pulled == set(entry.files)
    assert store.model(entry.name).name == entry.repository


def test_a_file_that_the_recording_lacks_fails_and_is_named_beside_all_others(recorded: Hub, tmp_path: Path) -> None:
    wrong = [
        msgspec.structs.replace(entry, files=(*entry.files, "unseen.safetensors", "nor.json"))
        for entry in ENTRIES
        if entry.name in ("upernet", "sam2")
    ]
    whole = next(entry for entry in ENTRIES if entry.name == "taesd")
    looking = Puller(tmp_path, OnlineSource(recorded.endpoint), manifest=recorded.manifest([*wrong, whole]))
    with pytest.raises(WeightsError) as caught:
        looking.pull(["upernet", "sam2", "taesd"])
    first, second = str(caught.value).splitlines()
    assert "facebookresearch/sam2 has no unseen.safetensors, nor.json" in first + second
    assert "openmmlab/upernet-convnext-base has no unseen.safetensors, nor.json" in first + second
    assert WeightStore(tmp_path).has("taesd"), "what is whole comes all the same"
    assert not WeightStore(tmp_path).has("upernet")


def test_the_model_that_has_only_a_pickle_stops_nothing_but_itself(recorded: Hub, tmp_path: Path) -> None:
    """What `make weights` once stopped at: this repository's main has no safetensors."""
    small = msgspec.structs.replace(
        next(entry for entry in ENTRIES if entry.name == "upernet"), repository="openmmlab/upernet-convnext-small"
    )
    recorded.commit(
        small.repository, {"config.json": b"{}", "pytorch_model.bin": b"x", "preprocessor_config.json": b"{}"}
    )
    others = [entry for entry in ENTRIES if entry.name in ("dpt", "realistic-vision")]
    pulling = Puller(tmp_path, OnlineSource(recorded.endpoint), manifest=recorded.manifest([small, *others]))
    with pytest.raises(WeightsMissing, match=r"upernet-convnext-small has no model\.safetensors; it has"):
        pulling.pull(["upernet", "dpt", "realistic-vision"])
    assert WeightStore(tmp_path).has("dpt")
    assert WeightStore(tmp_path).has("realistic-vision")


def test_check_lists_every_file_with_its_size_and_fetches_nothing(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in RECORDED.values():
        hub.record(one, sizes=True)
    served = hub.manifest()
    monkeypatch.setattr("servicekit.weights.__main__.Manifest.shipped", lambda: served)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
    assert command.main(["check", "--directory", str(tmp_path / "store")]) == 0
    said = capsys.readouterr().out
    for entry in ENTRIES:
        where = hub.endpoint + hub.path(entry.address) if entry.address else entry.repository
        assert f"\n{entry.name}: {where}, " in f"\n{said}"
        assert all(re.search(rf"^    {re.escape(name)} ", said, re.MULTILINE) for name in entry.files)
    assert re.search(r"yolo11l-seg\.pt +56\.1 MB", said)
    assert re.search(r"unet/diffusion_pytorch_model\.safetensors +3\.44 GB", said)
    assert f"\n{len(ENTRIES)} models, " in said
    assert hub.ranges == []
    assert not (tmp_path / "store").exists()
    assert command.main(["check", "--tier", "cpu", "--directory", str(tmp_path / "store")]) == 0
    size = float(re.findall(r"models, ([\d.]+) GB to fetch", capsys.readouterr().out)[0])
    assert size <= 3.6


def test_check_says_everything_that_is_missing_and_the_exit_status_tells(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in RECORDED.values():
        hub.record(one, sizes=True)
    served = hub.manifest()
    monkeypatch.setattr("servicekit.weights.__main__.Manifest.shipped", lambda: served)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
    for entry in ("taesd", "dpt"):
        repository = Manifest.shipped()[entry].repository
        hub.branches.pop((repository, "main"))
        hub.commits.pop((repository, RECORDED[repository, "main"].commit))
    assert command.main(["check", "--directory", str(tmp_path)]) == 1
    problems = capsys.readouterr().err.splitlines()
    assert len(problems) == 2
    assert all(problem.startswith("weights: ") and "does not exist" in problem for problem in problems)


def test_known_hashes_are_those_of_the_recordings_and_hold_from_the_first_pull(recorded: Hub, tmp_path: Path) -> None:
    known = shipped()
    for name, model in known.items():
        entry = Manifest.shipped()[name]
        assert (model.repository, model.revision) == (entry.repository, entry.revision)
        for filename, file in model.files.items():
            written = recording(entry).files[filename]
            assert (written["size"], written["sha256"]) == (file.size, file.sha256)
    for entry in ENTRIES:
        files = {name: recording(entry).files[name] for name in entry.files}
        with_hash = {name for name, file in files.items() if file["sha256"] and file["size"]}
        assert set(known[entry.name].files if entry.name in known else ()) == with_hash
    with pytest.raises(WeightsError, match=r"yolo11l-seg\.pt is not what this version of Modomo says it is"):
        puller(recorded, tmp_path, known=True).pull(["yolo11"])
    with pytest.raises(WeightsError, match=r"model\.safetensors has changed in google/siglip2"):
        puller(recorded, tmp_path, known=True).pull(["siglip2"])
    assert not WeightStore(tmp_path).has("yolo11")


def test_every_pickle_of_objects_goes_through_the_one_safe_loader_and_every_other_holds_tensors_alone() -> None:
    pickles = {
        entry.name: entry.pickle
        for entry in ENTRIES
        if any(Path(name).suffix in (".pt", ".pth", ".bin", ".ckpt", ".pkl") for name in entry.files)
    }
    assert {name for name, loader in pickles.items() if loader == "ultralytics"} == {"yolo11", "yolo11-nano", "yoloe"}
    assert {name for name, loader in pickles.items() if loader == "tensors"} == {
        "sam2",
        "sam2-tiny",
        "mlsd",
        "controlnet-tile",
    }
    assert all(pickles.values())


def test_recordings_say_where_every_file_was_read() -> None:
    for path in RECORDINGS.glob("*.json"):
        recorded = json.loads(path.read_text("utf-8"))
        assert recorded["read"]
        assert all(file["seen"] for file in recorded["files"].values()), path
