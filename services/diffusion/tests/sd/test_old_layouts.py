"""Checkpoints as they were written years ago, which is how the public ones are: their names, not today's.

Each is today's tiny checkpoint under the names and in the precision of the public files, so that both have to compute
the same. The names are those in the files of `runwayml/stable-diffusion-v1-5` and of its derivatives (diffusers' and
transformers' own conversion code lists them).
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextModel

from diffusion.sd import checkpoints, schedulers
from diffusion.sd.schedulers import Sampler
from servicekit.inference.hardware import Hardware
from servicekit.weights import Manifest, WeightsCorrupt, WeightStore
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller
from tests.fixtures import tiny_diffusion as tiny

pytestmark = pytest.mark.slow  # loads torch

HOST = Hardware(device=torch.device("cpu"), dtype=torch.float32)
HALF = Hardware(device=torch.device("cpu"), dtype=torch.float16)

ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
"""Of an autoencoder's attention: today's names and those of 2022."""


def old_clip(name: str) -> str:
    return name if name.startswith("text_model.") else f"text_model.{name}"


def old_attention(name: str) -> str:
    for today, before in ATTENTION.items():
        name = name.replace(f".attentions.0.{today}.", f".attentions.0.{before}.")
    return name


def rewrite(directory: Path, module: nn.Module, rename: Callable[[str], str], **more: Tensor) -> None:
    """Saves a module under other names, in single precision and without a variant."""
    module.save_pretrained(directory)  # type: ignore[operator]  # both libraries' models have it
    (file,) = directory.glob("*.safetensors")
    state = {rename(name): tensor.clone().contiguous() for name, tensor in module.state_dict().items()}
    save_file(state | more, file, metadata={"format": "pt"})


@pytest.fixture(scope="module")
def parts() -> Mapping[str, Any]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        made: dict[str, Any] = {"text": tiny.text_encoder(600), "vae": AutoencoderKL(**tiny.AUTOENCODER)}
        return {name: module.eval() for name, module in made.items()}


def test_clip_with_its_prefix_and_position_ids_computes_the_same(parts: Mapping[str, Any], tmp_path: Path) -> None:
    ids = {"text_model.embeddings.position_ids": torch.arange(77)[None]}
    rewrite(tmp_path, parts["text"], old_clip, **ids)
    loaded = checkpoints._load(CLIPTextModel, tmp_path, HOST)
    tokens = torch.arange(77)[None]
    with torch.inference_mode():
        assert torch.equal(loaded(tokens).last_hidden_state, parts["text"](tokens).last_hidden_state)


def test_an_autoencoder_with_attentions_old_names_computes_the_same(parts: Mapping[str, Any], tmp_path: Path) -> None:
    rewrite(tmp_path, parts["vae"], old_attention)
    (file,) = tmp_path.glob("*.safetensors")
    assert {name.split(".")[-2] for name in load_file(file) if ".attentions." in name} >= set(ATTENTION.values())
    loaded = checkpoints._load(AutoencoderKL, tmp_path, HOST)
    with torch.inference_mode():
        latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(loaded.decode(latents).sample, parts["vae"].decode(latents).sample)


def test_a_repository_in_single_precision_alone_is_cast_to_half(parts: Mapping[str, Any], tmp_path: Path) -> None:
    rewrite(tmp_path / "vae", parts["vae"], lambda name: name)
    rewrite(tmp_path / "text", parts["text"], lambda name: name)
    assert not list(tmp_path.rglob("*.fp16.*"))
    for kind, name in ((AutoencoderKL, "vae"), (CLIPTextModel, "text")):
        assert {one.dtype for one in checkpoints._load(kind, tmp_path / name, HALF).parameters()} == {torch.float16}


DEIS = {
    "_class_name": "DEISMultistepScheduler",
    "_diffusers_version": "0.20.0.dev0",
    "algorithm_type": "deis",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "solver_order": 2,
    "solver_type": "logrho",
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "lower_order_final": True,
}
PNDM = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}


@pytest.mark.parametrize("config", [DEIS, PNDM], ids=["DEIS", "PNDM"])
@pytest.mark.parametrize("sampler", list(Sampler))
def test_every_sampler_runs_on_the_scheduler_that_a_repository_brings(
    tmp_path: Path, config: dict[str, object], sampler: Sampler
) -> None:
    (tmp_path / "scheduler_config.json").write_text(json.dumps(config))
    read = checkpoints._scheduler_config(tmp_path)
    built = schedulers.build(sampler, read)
    assert built.alphas_cumprod[-1] == pytest.approx(0.0047, abs=1e-4), "Stable Diffusion 1.5's own noise"
    assert len(schedulers.schedule(built, 20, 1.0, torch.device("cpu"))) >= 15


def test_the_tile_controlnets_pickle_of_tensors_is_read_and_a_pickle_of_objects_is_not(tmp_path: Path) -> None:
    origin = tmp_path / "origin" / "controlnet-tile"
    net = tiny.controlnet()
    net.save_pretrained(origin, safe_serialization=False)
    assert [file.suffix for file in origin.glob("diffusion*")] == [".bin"]
    Puller(tmp_path / "store", DirectorySource(origin.parent), manifest=Manifest.shipped()).pull(["controlnet-tile"])
    directory = WeightStore(tmp_path / "store").path("controlnet-tile")
    loaded = checkpoints._load(type(net), directory, HALF)
    assert {one.dtype for one in loaded.parameters()} == {torch.float16}
    torch.save({"conv_in.weight": Path("x")}, origin / "diffusion_pytorch_model.bin")
    with pytest.raises(WeightsCorrupt, match=r"diffusion_pytorch_model\.bin holds more than tensors \(pathlib"):
        Puller(tmp_path / "other", DirectorySource(origin.parent), manifest=Manifest.shipped()).pull(
            ["controlnet-tile"]
        )


@pytest.mark.parametrize(
    ("config", "family"),
    [
        ({"cross_attention_dim": 2048, "addition_embed_type": "text_time"}, "Stable Diffusion XL"),
        ({"cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20]}, "Stable Diffusion 2"),
        ({"cross_attention_dim": 768, "in_channels": 9}, "9 input channels is for another task"),
    ],
)
def test_a_base_of_another_family_is_named_before_its_weights_are_read(
    tmp_path: Path, config: dict[str, object], family: str
) -> None:
    origin = tmp_path / "origin" / "sd15"
    tiny.unet().save_pretrained(origin / "unet", variant="fp16")
    written = json.loads((origin / "unet/config.json").read_text()) | config
    (origin / "unet/config.json").write_text(json.dumps(written))
    for entry in Manifest.shipped()["sd15"].files:
        file = origin / entry
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix == ".safetensors":
                save_file({"layer": torch.zeros(1)}, file)
            else:
                file.write_text("{}")
    Puller(tmp_path / "store", DirectorySource(origin.parent), manifest=Manifest.shipped()).pull(["sd15"])
    with pytest.raises(WeightsCorrupt, match=rf"sd15/unet: .*{family}") as caught:
        checkpoints.load_unet(WeightStore(tmp_path / "store"), HOST, name="sd15")
    assert "\n" not in str(caught.value)


def test_a_lora_for_another_family_names_its_file_and_what_would_fit(tmp_path: Path) -> None:
    from diffusion.sd.lora import fuse_lora

    name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    weights = {
        f"{name}.lora_down.weight": torch.zeros(4, 2048),
        f"{name}.lora_up.weight": torch.zeros(32, 4),
        f"{name}.alpha": torch.tensor(4.0),
    }
    save_file(weights, tmp_path / "sdxl.safetensors")
    with pytest.raises(WeightsCorrupt, match=r"sdxl\.safetensors was made for another model.*Stable Diffusion 1\.5"):
        fuse_lora(tiny.unet(), tmp_path / "sdxl.safetensors")
