"""What the torch engine makes of weights that are not what they should be, and of LoRAs that are."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import ControlNetModel, StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from diffusion.domain import Tier
from diffusion.sd import checkpoints, models
from diffusion.sd.latents import TinyAutoencoder
from diffusion.sd.lora import fuse_lora
from diffusion.sd.options import Control, Options, Structure
from diffusion.sd.previews import HalfSizeTaesdPreviewDecoder, LinearPreviewDecoder, TaesdPreviewDecoder
from diffusion.sd.tiers import FEWER_STEPS, FEWEST, HYPER_SD, LCM, fast_preset
from servicekit.config.env import SettingsError
from servicekit.inference import hardware
from servicekit.weights import Manifest, WeightsCorrupt, WeightsMissing, WeightStore
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller
from tests.fixtures import tiny_diffusion as tiny

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

HOST = hardware.choose("cpu")
UNET = "sd15/unet/diffusion_pytorch_model.fp16.safetensors"
SD15: Any = {"base": "sd15", "structure": Structure.EDGES, "device": "cpu"}
"""A base whose files are in half precision, and the ControlNets of the tests below."""

Change = Callable[[Path], None]


def store_with(origin: Path, directory: Path, change: Change, names: Sequence[str] = tiny.NAMES) -> Path:
    """A store pulled from changed repositories: everything is as its lock says, but not as a model needs it."""
    repositories = directory / "repositories"
    shutil.copytree(origin, repositories)
    change(repositories)
    Puller(directory / "store", DirectorySource(repositories), manifest=Manifest.shipped()).pull(names)
    return directory / "store"


def tensors(file: str, change: Callable[[dict[str, torch.Tensor]], None]) -> Change:
    def apply(root: Path) -> None:
        weights = load_file(root / file)
        change(weights)
        save_file(weights, root / file)

    return apply


def config(file: str, **values: object) -> Change:
    def apply(root: Path) -> None:
        path = root / file
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")

    return apply


def misshape(weights: dict[str, torch.Tensor]) -> None:
    weights["conv_in.weight"] = torch.zeros(3, 5)


def drop_weight(weights: dict[str, torch.Tensor]) -> None:
    del weights["conv_norm_out.weight"]


def for_a_wider_text_encoder(root: Path) -> None:
    blocks = {**tiny.BLOCKS, "cross_attention_dim": 48}
    net = ControlNetModel(conditioning_embedding_out_channels=(4, 8, 8, 16), **blocks)
    shutil.rmtree(root / "controlnet-depth")
    net.half().save_pretrained(root / "controlnet-depth", variant="fp16")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (tensors(UNET, misshape), r"sd15/unet cannot be loaded: .*conv_in.weight expected shape"),
        (tensors(UNET, drop_weight), r"sd15/unet cannot be loaded: 1 weights are missing .* conv_norm_out.weight"),
        (config("sd15/unet/config.json", layers_per_block=2), r"sd15/unet cannot be loaded: .* expected shape"),
        (config("sd15/unet/config.json", down_block_types=["Nonsense"] * 3), r"sd15/unet cannot be loaded: "),
        (config("sd15/text_encoder/config.json", hidden_size="wide"), r"sd15/text_encoder cannot be loaded: "),
        (config("sd15/scheduler/scheduler_config.json", prediction_type="sample"), "'sample' is not supported"),
        (
            for_a_wider_text_encoder,
            r"controlnet-depth: made for another base model \(cross_attention_dim is 48, the UN",
        ),
        (config("controlnet-canny/config.json", global_pool_conditions=True), "controlnet-canny: a ControlNet of this"),
        (lambda root: (root / "sd15/tokenizer/vocab.json").write_text("[]"), r"sd15/tokenizer cannot be loaded"),
    ],
)
def test_a_model_that_is_not_whole_ends_in_one_line(
    tiny_diffusion: Path, tmp_path: Path, change: Change, says: str
) -> None:
    store = store_with(tiny_diffusion, tmp_path, change)
    with pytest.raises(WeightsCorrupt, match=says) as caught:
        models.load(Options(weights=store, **SD15), HOST)
    assert "\n" not in str(caught.value)


def test_a_file_that_went_bad_on_disk_ends_in_one_line(tiny_diffusion: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(tiny_diffusion, store)
    size = (store / UNET).stat().st_size
    (store / UNET).write_bytes(b"\xff" * size)
    with pytest.raises(WeightsCorrupt, match=r"\.safetensors has changed since it was pulled; get it with"):
        models.load(Options(weights=store, **SD15), HOST)


def test_a_model_that_is_missing_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"python -m servicekit\.weights pull sd15"):
        models.load(Options(weights=tmp_path, **SD15), HOST)


def test_an_inpainting_unet_is_refused(tiny_diffusion: Path, tmp_path: Path) -> None:
    def widen(weights: dict[str, torch.Tensor]) -> None:
        weights["conv_in.weight"] = torch.zeros(16, 9, 3, 3, dtype=torch.float16)

    def change(root: Path) -> None:
        tensors(UNET, widen)(root)
        config("sd15/unet/config.json", in_channels=9)(root)

    store = store_with(tiny_diffusion, tmp_path, change)
    with pytest.raises(WeightsCorrupt, match="9 input channels"):
        models.load(Options(weights=store, **SD15), HOST)


def lora(name: str, weights: dict[str, torch.Tensor]) -> Change:
    def apply(root: Path) -> None:
        (file,) = (root / name).glob("*.safetensors")
        save_file(weights, file)

    return apply


TEXT_LORA = {
    "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight": torch.zeros(2, 32),
    "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_B.weight": torch.zeros(32, 2),
}
ELSEWHERE = {
    "unet.down_blocks.7.resnets.0.conv1.lora_A.weight": torch.zeros(2, 16, 3, 3),
    "unet.down_blocks.7.resnets.0.conv1.lora_B.weight": torch.zeros(16, 2, 1, 1),
}


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (tiny.kohya_lora(input_width=48), "made for another model: .*attn2.to_k is 32 wide, the LoRA expects 48"),
        (ELSEWHERE, "made for another model: the UNet has no layer down_blocks.7.resnets.0.conv1"),
        (TEXT_LORA, "changes more than the UNet"),
        ({"unet.conv_in.weight": torch.zeros(4)}, "made for another model: conv_in.weight is no LoRA matrix"),
        ({"lora_unet_nonsense.lora_down.weight": torch.zeros(2, 2)}, "lora-.*|cannot be loaded as a LoRA"),
        ({}, "cannot be loaded as a LoRA|has no weights"),
    ],
    ids=["other text encoder", "other layers", "text encoder too", "no LoRA", "half a LoRA", "empty"],
)
def test_a_lora_for_another_model_is_refused(
    tiny_diffusion: Path, tmp_path: Path, weights: dict[str, torch.Tensor], says: str
) -> None:
    store = store_with(tiny_diffusion, tmp_path, lora("lcm-lora", weights))
    with pytest.raises(WeightsCorrupt, match=says) as caught:
        models.load(Options(weights=store, **SD15, controlnets=(), fast_lora="lcm-lora"), HOST)
    assert "pytorch_lora_weights.safetensors" in str(caught.value)


@pytest.mark.parametrize("name", ["hyper-sd", "lcm-lora"])
def test_a_fused_lora_is_the_same_as_one_beside_the_weights(tiny_diffusion: Path, name: str) -> None:
    store = WeightStore(tiny_diffusion)
    plain, fused = checkpoints.load_unet(store, HOST), checkpoints.load_unet(store, HOST)
    fuse_lora(fused, store.file(name))
    base = checkpoints.load_base(store, HOST)
    pipeline = StableDiffusionPipeline(
        vae=base.vae,
        text_encoder=base.text_encoder,
        tokenizer=base.tokenizer,
        unet=base.unet,
        scheduler=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.load_lora_weights(str(store.file(name).parent), weight_name=store.file(name).name)
    random = torch.Generator().manual_seed(1)
    sample, text = torch.randn(1, 4, 8, 8, generator=random), torch.randn(1, 77, tiny.TEXT_WIDTH, generator=random)
    with torch.inference_mode():
        outputs = [unet(sample, 500, text, return_dict=False)[0] for unet in (plain, fused, pipeline.unet)]
    assert (outputs[1] - outputs[2]).abs().max() < 1e-5
    assert (outputs[1] - outputs[0]).abs().max() > 1e-3


def test_the_fast_tier_is_made_of_what_the_store_has(tiny_diffusion: Path, tmp_path: Path) -> None:
    store = WeightStore(tiny_diffusion)
    assert fast_preset("auto", store) == HYPER_SD
    assert fast_preset("lcm-lora", store) == LCM
    assert fast_preset("none", store) == FEWER_STEPS
    assert fast_preset("auto", WeightStore(tmp_path)) == FEWER_STEPS
    assert HYPER_SD.guided_by(12.0) == 8.0
    assert LCM.guided_by(7.5) == 1.0


def test_reduced_takes_one_unet_one_controlnet_and_taesd_and_needs_nothing_else(
    tiny_diffusion: Path, tmp_path: Path
) -> None:
    names = ["sd15", "controlnet-depth", "lcm-lora", "taesd"]
    store = store_with(tiny_diffusion, tmp_path, lambda _root: None, names=names)
    options = Options(weights=store, base="sd15", structure=Structure.DEPTH, device="cpu", reduced=True)
    with pytest.raises(WeightsMissing, match="pull hyper-sd"):
        models.load(replace(options, fast_lora="hyper-sd"), HOST)
    for lora in ("lcm-lora", "auto"):
        loaded = models.load(replace(options, fast_lora=lora), HOST)
        assert list(loaded.origins) == [*names[:3], "taesd"]
        assert loaded.unets[Tier.QUALITY] is loaded.unets[Tier.FAST]
        assert loaded.presets[Tier.QUALITY] == loaded.presets[Tier.FAST] == FEWEST
        assert isinstance(loaded.autoencoder, TinyAutoencoder)
        assert isinstance(loaded.preview_decoder, HalfSizeTaesdPreviewDecoder)
        assert loaded.sides[Tier.QUALITY] == loaded.sides[Tier.FAST] == 64
        assert not loaded.finished_side
    assert fast_preset("hyper-sd", WeightStore(store), reduced=True) == HYPER_SD


def test_previews_come_from_taesd_where_the_store_has_it(tiny_diffusion: Path, tmp_path: Path) -> None:
    options = Options(weights=tiny_diffusion, **SD15, controlnets=(Control.DEPTH,), fast_lora="none")
    assert isinstance(models.load(options, HOST).preview_decoder, TaesdPreviewDecoder)
    without = store_with(tiny_diffusion, tmp_path, lambda _root: None, names=("sd15", "controlnet-depth"))
    options = Options(weights=without, **SD15, controlnets=(Control.DEPTH,))
    assert isinstance(models.load(options, HOST).preview_decoder, LinearPreviewDecoder)


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="'nonsense'"):
        hardware.choose("nonsense")


def test_half_precision_on_cuda_single_on_the_host() -> None:
    assert hardware.choose("cpu").dtype == torch.float32
    assert not torch.backends.cudnn.benchmark


@pytest.mark.parametrize(
    ("chosen", "wrong"),
    [
        ({"guidance_end": 1.1}, "guidance_end must lie in 0–1"),
        ({"guidance_end": -0.1}, "guidance_end must lie in 0–1"),
        ({"deep_cache": 0}, "deep_cache must lie in 1–5"),
        ({"deep_cache": 6}, "deep_cache must lie in 1–5"),
        ({"deep_cache": 2, "reduced": True}, "deep_cache is for the quality tier"),
        ({"cuda_graphs": True, "device": "cpu"}, "cuda_graphs needs a CUDA device"),
    ],
)
def test_shortcuts_that_make_no_sense_are_refused_by_name(chosen: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Options(weights=Path(), **chosen)


@pytest.mark.parametrize(
    ("chosen", "wrong"),
    [
        ({"guidance_end": 0.6}, "MODOMO_DIFFUSION_GUIDANCE_END is about guidance, and lcm-lora runs without any"),
        ({"conditional_controls": True}, "MODOMO_DIFFUSION_CONDITIONAL_CONTROLS is about guidance"),
        ({"cuda_graphs": True}, "MODOMO_DIFFUSION_CUDA_GRAPHS needs an NVIDIA GPU"),
    ],
)
def test_shortcuts_that_nothing_here_could_take_end_the_start(chosen: dict[str, Any], wrong: str) -> None:
    with pytest.raises(SettingsError, match=wrong):
        models.load(Options(weights=Path("/nowhere"), reduced=True, fast_lora="lcm-lora", **chosen), HOST)
