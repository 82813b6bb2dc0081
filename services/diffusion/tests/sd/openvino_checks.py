"""Networks in OpenVINO give what they give in torch, and none runs that does not belong to these weights."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")
pytest.importorskip("openvino", reason="diffusion's openvino extra is for Linux on x86-64 alone")

import torch

from diffusion.domain import PreviewFrame, Progress, Tier
from diffusion.sd import models
from diffusion.sd.control import ControlBranch
from diffusion.sd.openvino import __main__ as command
from diffusion.sd.openvino import backend, convert, files
from diffusion.sd.openvino.compiled import CompiledControlNet, CompiledUNet, Graph
from diffusion.sd.options import Control, Options, Structure
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.sd.tiers import fast_preset
from diffusion.sd.traceable import residual_sides
from servicekit.config.env import SettingsError
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt, WeightsError, WeightsMissing, WeightStore
from servicekit.weights.checks import sha256
from servicekit.weights.lock import LOCK_NAME
from tools.gpu.requests import restyling, style

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

HOST = Hardware(device=torch.device("cpu"), dtype=torch.float32)
TOLERANCE = 1e-4
"""Of numbers of size 1, both in single precision, which add up in another order."""
LORA = "lcm-lora"
UNET = "sd15+lcm-lora"
NET = "controlnet-depth"


@pytest.fixture(scope="module")
def options(tiny_diffusion: Path, tmp_path_factory: pytest.TempPathFactory) -> Options:
    """Those of `make run MODOMO_ENGINE=cpu` on tiny models, whose UNet and ControlNet are converted."""
    directory = tmp_path_factory.mktemp("openvino") / "store"
    shutil.copytree(tiny_diffusion, directory)
    lock = json.loads((directory / LOCK_NAME).read_text())
    del lock["ip-adapter"]
    (directory / LOCK_NAME).write_text(json.dumps(lock))
    made = Options(
        weights=directory,
        device="cpu",
        base="sd15",
        structure=Structure.DEPTH,
        fast_lora="lcm-lora",
        reduced=True,
        backend="openvino",
    )
    for one in wanted(made):
        convert.write(directory, "sd15", LORA, one)
    return made


@pytest.fixture(scope="module")
def both(options: Options) -> tuple[models.Models, models.Models]:
    """In OpenVINO, and in torch."""
    return models.load(options, HOST), models.load(replace(options, backend="torch"), HOST)


@pytest.fixture
def apart(options: Options, tmp_path: Path) -> Options:
    """A store that a test may spoil."""
    shutil.copytree(options.weights, tmp_path / "store")
    return replace(options, weights=tmp_path / "store")


def wanted(options: Options) -> list[files.Wanted]:
    store = WeightStore(options.weights)
    return list(files.wanted(store, options, LORA, models.control_names(options, store)))


def compiled(options: Options, hardware: Hardware = HOST) -> backend.Compiled | None:
    store = WeightStore(options.weights)
    lora = fast_preset(options.fast_lora, store, reduced=options.reduced).lora
    return backend.compiled(options, store, hardware, lora=lora, controls=models.control_names(options, store))


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    assert one.shape == other.shape
    return float((one - other).abs().max() / max(1.0, float(other.abs().max())))


@pytest.mark.parametrize(
    ("batch", "height", "width", "tokens"), [(1, 8, 8, 77), (2, 9, 14, 77), (4, 12, 7, 231)], ids=str
)
def test_unet_and_controlnet_give_torchs_numbers_in_every_size_and_batch(
    both: tuple[models.Models, models.Models], batch: int, height: int, width: int, tokens: int
) -> None:
    ours, torchs = both
    unet, net = ours.unets[Tier.FAST], ours.controls[Control.DEPTH]
    other, plain = torchs.unets[Tier.FAST], torchs.controls[Control.DEPTH]
    assert isinstance(unet, CompiledUNet)
    assert isinstance(net, CompiledControlNet)
    assert isinstance(plain, ControlBranch)
    random = torch.Generator().manual_seed(batch)
    sample = torch.randn(batch, 4, height, width, generator=random)
    text = torch.randn(batch, tokens, 32, generator=random)
    picture, timestep = torch.rand(1, 3, height * 8, width * 8, generator=random), torch.tensor(499)
    cond = plain.controlnet_cond(picture)
    assert difference(net.controlnet_cond(picture), cond) < TOLERANCE
    named: dict[str, Any] = {"encoder_hidden_states": text, "added_cond_kwargs": None, "return_dict": False}
    with torch.inference_mode():
        down, middle = plain.residuals(sample, timestep, text, cond, 0.8)
        ours_down, ours_middle = net.residuals(sample, timestep, text, cond, 0.8)
        for one, expected in zip([*ours_down, ours_middle], [*down, middle], strict=True):
            assert difference(one, expected) < TOLERANCE
        for residuals in ((down, middle), (None, None)):
            named |= dict(
                zip(("down_block_additional_residuals", "mid_block_additional_residual"), residuals, strict=True)
            )
            assert difference(unet(sample, timestep, **named)[0], other(sample, timestep, **named)[0]) < TOLERANCE


@pytest.mark.parametrize(
    "changes",
    [
        {"height": 90, "width": 120},
        {"variants": 3, "strength": 1.0},
        {"keep": np.eye(64, dtype=np.bool_).repeat(6, axis=0)[:64], "palette": ("#A3AD91",)},
        {"style": style(positive="oak floor, the room, " * 20)},
    ],
    ids=["a photo that does not fill the latents", "variants from noise", "kept and a palette", "a long prompt"],
)
def test_the_whole_loop_gives_torchs_picture(
    both: tuple[models.Models, models.Models], changes: dict[str, Any]
) -> None:
    request = restyling(**{"strength": 0.9, "previews": 1, **changes})
    one, other = (list(RestylingPipeline(each, HOST, variants_at_once=4).restyle(request)) for each in both)
    assert [type(step) for step in one] == [type(step) for step in other]
    for image, expected in zip(one[-1].images, other[-1].images, strict=True):  # type: ignore[union-attr]  # the result
        assert np.abs(image.astype(int) - expected).max() <= 1


def test_torchs_networks_are_not_loaded_beside(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("torch's copy is loaded")

    for name in ("load_unet", "load_controlnet"):
        monkeypatch.setattr(f"diffusion.sd.checkpoints.{name}", refuse)
    loaded = models.load(replace(options, backend="auto"), HOST)
    assert isinstance(loaded.unets[Tier.QUALITY], CompiledUNet)
    assert loaded.unets[Tier.QUALITY] is loaded.unets[Tier.FAST]


def test_a_graph_is_compiled_anew_after_so_many_sizes_and_gives_the_same(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffusion.sd.openvino.compiled.SIZES", 2)
    made: list[int] = []
    compile_one = Graph._compiled

    def counted(graph: Graph) -> Any:
        made.append(1)
        return compile_one(graph)

    monkeypatch.setattr(Graph, "_compiled", counted)
    graph = Graph(options.weights / files.FOLDER / NET, "embedding", HOST)
    pictures = [torch.rand(1, 3, 64, side, generator=torch.Generator().manual_seed(1)) for side in (32, 40, 32, 48, 32)]
    answers = [graph(picture)[0] for picture in pictures]
    assert len(made) == 2
    assert torch.equal(answers[0], answers[2])
    assert torch.equal(answers[0], answers[4])


def test_leaving_stops_after_the_step_that_runs(both: tuple[models.Models, models.Models]) -> None:
    unet = both[0].unets[Tier.FAST]
    counts: list[int] = []

    def counted(*inputs: Any, **named: Any) -> tuple[torch.Tensor, ...]:
        counts.append(1)
        return unet(*inputs, **named)

    counted.dtype = torch.float32  # type: ignore[attr-defined]  # as the Protocol has it
    pipeline = RestylingPipeline(replace(both[0], unets=dict.fromkeys(Tier, counted)), HOST, variants_at_once=1)  # type: ignore[arg-type]
    steps = pipeline.restyle(restyling(strength=0.9, previews=3))
    assert isinstance(next(steps), Progress)
    assert isinstance(next(steps), PreviewFrame)
    steps.close()
    assert len(counts) == 1


def test_a_picture_whose_look_is_wanted_is_no_input_of_a_converted_unet(
    both: tuple[models.Models, models.Models],
) -> None:
    with pytest.raises(ValueError, match="takes no image condition"):
        both[0].unets[Tier.FAST](
            torch.zeros(1, 4, 8, 8),
            torch.tensor(1),
            encoder_hidden_states=torch.zeros(1, 77, 32),
            down_block_additional_residuals=None,
            mid_block_additional_residual=None,
            added_cond_kwargs={"image_embeds": [torch.zeros(1, 1, 24)]},
            return_dict=False,
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reduced": False}, "is for MODOMO_DIFFUSION_REDUCED"),
        ({"compile": True}, "MODOMO_DIFFUSION_COMPILE compiles torch's networks"),
        ({"fast_lora": "hyper-sd"}, "sd15\\+hyper-sd is missing .*`make weights TIER=cpu`"),
        ({"fast_lora": "none"}, "openvino/sd15 is missing"),
        ({"structure": Structure.SURFACES}, "controlnet-segmentation is missing"),
        ({"structure": Structure.EDGES}, "controlnet-canny is missing"),
        ({"base": "realistic-vision"}, "realistic-vision\\+lcm-lora is missing"),
    ],
)
def test_what_it_cannot_run_ends_the_start_by_name_or_runs_in_torch(
    options: Options, changes: dict[str, Any], words: str
) -> None:
    chosen = replace(options, **changes)
    with pytest.raises(SettingsError, match=words):
        compiled(chosen)
    assert compiled(replace(chosen, backend="auto")) is None


def test_nor_on_a_gpu_nor_beside_an_adapter_nor_where_it_is_not_installed(
    options: Options, tiny_diffusion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="MODOMO_DIFFUSION_DEVICE is cuda"):
        compiled(options, Hardware(device=torch.device("cuda"), dtype=torch.float16))
    with pytest.raises(SettingsError, match="the store has ip-adapter"):
        compiled(replace(options, weights=tiny_diffusion))
    monkeypatch.setattr(files, "installed", lambda: "")
    with pytest.raises(SettingsError, match="the package openvino is not installed here; take torch"):
        compiled(options)


def rewritten(**changes: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        record = json.loads((folder / files.RECORD).read_text())
        (folder / files.RECORD).write_text(json.dumps(record | changes))

    return apply


def shortened(folder: Path) -> None:
    weights = folder / "network.bin"
    weights.write_bytes(weights.read_bytes()[:-4])


def flipped(folder: Path) -> None:
    content = bytearray((folder / "network.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "network.bin").write_bytes(content)


def other_weights(folder: Path) -> None:
    """The store has other ones now."""
    lock = folder.parents[1] / LOCK_NAME
    models = json.loads(lock.read_text())
    found = models[LORA]["files"]["pytorch_lora_weights.safetensors"]
    found["sha256"] = "0" * 64
    lock.write_text(json.dumps(models))


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (lambda folder: (folder / files.RECORD).unlink(), WeightsMissing, "lcm-lora is missing or was not written"),
        (lambda folder: (folder / "network.xml").unlink(), WeightsMissing, "network.xml is missing"),
        (lambda folder: (folder / files.RECORD).write_text("{"), WeightsCorrupt, "conversion.json is no record"),
        (shortened, WeightsCorrupt, "network.bin has .* bytes instead of"),
        (flipped, WeightsCorrupt, "network.bin has changed since it was converted"),
        (other_weights, WeightsCorrupt, "converted from other weights than .*pytorch_lora_weights.safetensors"),
        (rewritten(openvino="2024.1.0"), WeightsCorrupt, "converted by OpenVINO 2024.1.0, and 2"),
        (rewritten(format=0), WeightsCorrupt, "converted by another version of Modomo"),
    ],
    ids=["half-written", "a file less", "no record", "short", "a bit", "stale", "other OpenVINO", "other format"],
)
def test_half_written_stale_and_corrupt_ones_are_never_loaded(
    apart: Options, spoil: Callable[[Path], None], kind: type[WeightsError], words: str
) -> None:
    spoil(apart.weights / files.FOLDER / UNET)
    (unet, _net) = wanted(apart)
    with pytest.raises(kind, match=f"{words}.*; convert it anew: `make weights TIER=cpu`"):
        files.checked(WeightStore(apart.weights), unet)


def test_a_graph_that_openvino_cannot_read_is_named(apart: Options) -> None:
    folder = apart.weights / files.FOLDER / UNET
    (folder / "network.xml").write_text("<net/>")
    record = json.loads((folder / files.RECORD).read_text())
    found = (folder / "network.xml").read_bytes()
    record["files"]["network.xml"] = {"size": len(found), "sha256": sha256(folder / "network.xml")}
    (folder / files.RECORD).write_text(json.dumps(record))
    with pytest.raises(WeightsCorrupt, match=r"network.xml cannot be compiled: .*; convert it anew"):
        compiled(apart)


def test_the_command_converts_what_lacks_in_a_process_of_its_own_and_says_so(
    apart: Options, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = apart.weights / files.FOLDER
    shortened(folder / NET)
    before = (folder / UNET / files.RECORD).stat().st_mtime_ns
    for name, value in (("DEVICE", "cpu"), ("BASE", "sd15"), ("STRUCTURE", "depth"), ("FAST_LORA", LORA)):
        monkeypatch.setenv(f"MODOMO_DIFFUSION_{name}", value)
    monkeypatch.setenv("MODOMO_DIFFUSION_REDUCED", "true")
    monkeypatch.setenv("MODOMO_WEIGHTS", str(apart.weights))
    assert command.main() == 0
    said = capsys.readouterr().out
    assert "openvino: 1 networks to convert with OpenVINO 2" in said
    assert f"(1 of 1) {NET}: done in" in said
    assert (folder / UNET / files.RECORD).stat().st_mtime_ns == before
    assert sorted(one.name for one in folder.iterdir()) == sorted([UNET, NET])
    assert [files.checked(WeightStore(apart.weights), one).name for one in wanted(apart)] == [UNET, NET]
    assert command.main() == 0
    assert "all is converted" in capsys.readouterr().out
    monkeypatch.setenv("MODOMO_DIFFUSION_BACKEND", "torch")
    assert command.main() == 0
    assert "nothing to convert, torch computes" in capsys.readouterr().out


def test_no_room_on_the_disk_or_in_memory_is_said_before_anything_is_written(
    apart: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(apart.weights / files.FOLDER)
    store, networks = WeightStore(apart.weights), wanted(apart)
    monkeypatch.setattr(convert, "available_memory", lambda: 1000)
    with pytest.raises(WeightsError, match=r"converting needs .* GB of memory, and 0\.0 GB are free; .* torch runs"):
        convert.convert(store, "sd15", LORA, networks, lambda _line: None)
    monkeypatch.setattr(convert.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 0))  # type: ignore[attr-defined]
    with pytest.raises(WeightsError, match=r"GB are to be written, but the disk has 0\.0 GB free"):
        convert.convert(store, "sd15", LORA, networks, lambda _line: None)
    assert not (apart.weights / files.FOLDER).exists()


def test_what_a_network_takes_is_counted_before_it_is_read(options: Options) -> None:
    store, (unet, net) = WeightStore(options.weights), wanted(options)
    for one in (unet, net):
        written = sum(file.stat().st_size for file in (options.weights / files.FOLDER / one.name).glob("*.bin"))
        assert 0.9 < convert.size_of(store, one) / written < 1.1
    assert len(residual_sides({"block_out_channels": (1, 2), "layers_per_block": 1})) == 5
