"""What only the torch networks can get wrong: agreement with transformers' own way, and their files."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from servicekit.errors import Exhausted
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType
from servicekit.weights import WeightsCorrupt, WeightsMissing, WeightStore

pytest.importorskip("torch", reason="the torch extra is not installed")

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoTokenizer,
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    DPTForDepthEstimation,
    SiglipModel,
    UperNetForSemanticSegmentation,
    ViTConfig,
    ViTForImageClassification,
)

from controlmaps.__main__ import compose
from controlmaps.engine import Engine, rooms, torch_rooms
from controlmaps.engine.model_engine import classification
from controlmaps.engine.tasks import Task
from controlmaps.engine.torch_networks import Options, TorchNetworks
from controlmaps.settings import Settings
from servicekit.inference.hardware import choose
from servicekit.weights.lock import LOCK_NAME
from tests.fixtures.rooms import draw_room

# the first test of a session loads torch and makes the tiny models
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CPU = Options(device="cpu")
RANDOM = np.random.default_rng(9)


def picture(height: int, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return RANDOM.integers(0, 256, (1, height, width, 3), dtype=np.uint8)


def normalised(pixels: np.ndarray[Any, Any], mean: list[float], std: list[float]) -> torch.Tensor:
    return torch.from_numpy(((pixels / 255 - mean) / std).transpose(0, 3, 1, 2).astype(np.float32))


HALVES = ([0.5] * 3, [0.5] * 3)
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


@torch.no_grad()
def test_room_types_agree_with_siglips_own_logits(tiny_vision: WeightStore) -> None:
    directory, pixels = tiny_vision.path("siglip2"), picture(224, 224)
    (ours,) = TorchNetworks(tiny_vision, CPU, tasks=[Task.CLASSIFICATION]).infer(Task.CLASSIFICATION, pixels)
    model: Any = SiglipModel.from_pretrained(directory)
    tokenizer = AutoTokenizer.from_pretrained(directory)
    (_bedroom, prompts) = rooms.prompts()[1]
    tokens = tokenizer(list(prompts), padding="max_length", max_length=64, return_tensors="pt")
    found = model(input_ids=tokens["input_ids"], pixel_values=normalised(pixels, *HALVES))
    text = found.text_embeds.mean(dim=0)
    cosine = torch.nn.functional.cosine_similarity(found.image_embeds[0], text, dim=0)
    assert ours.shape == (1, len(RoomType) + 1)
    assert ours[0, 1] == pytest.approx(float(cosine * model.logit_scale.exp()), abs=1e-3)


@torch.no_grad()
def test_depth_agrees_with_transformers(tiny_vision: WeightStore) -> None:
    pixels = picture(384, 384)
    (ours,) = TorchNetworks(tiny_vision, CPU, tasks=[Task.DEPTH]).infer(Task.DEPTH, pixels)
    model: Any = DPTForDepthEstimation.from_pretrained(tiny_vision.path("dpt"))
    theirs = model(pixel_values=normalised(pixels, *HALVES)).predicted_depth.numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@torch.no_grad()
def test_labels_agree_with_transformers(tiny_vision: WeightStore) -> None:
    pixels = picture(512, 672)
    labels, confidence = TorchNetworks(tiny_vision, CPU, tasks=[Task.SEGMENTATION]).infer(Task.SEGMENTATION, pixels)
    model: Any = UperNetForSemanticSegmentation.from_pretrained(tiny_vision.path("upernet"))
    theirs = model.eval()(pixel_values=normalised(pixels, *IMAGENET)).logits.softmax(dim=1)
    assert np.mean(labels == theirs.argmax(dim=1).numpy()) > 0.999
    np.testing.assert_allclose(confidence, theirs.amax(dim=1).numpy(), atol=1e-4)
    assert model.config.id2label[0] == ade20k.names()[0] == "wall"


def test_a_batch_answers_as_its_photos_do_alone(tiny_vision: WeightStore) -> None:
    networks = TorchNetworks(tiny_vision, CPU, tasks=[Task.CLASSIFICATION])
    photos = [picture(224, 224) for _photo in range(3)]
    (together,) = networks.infer(Task.CLASSIFICATION, np.concatenate(photos))
    alone = [networks.infer(Task.CLASSIFICATION, photo)[0][0] for photo in photos]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_clip_is_understood_as_well_as_siglip(tiny_vision: WeightStore, tmp_path: Path) -> None:
    symbols = ["<|startoftext|>", "<|endoftext|>", *"abcdefghijklmnopqrstuvwxyz,.-'"]
    symbols += [f"{letter}</w>" for letter in symbols[2:]]
    CLIPTokenizer(vocab={symbol: index for index, symbol in enumerate(symbols)}, merges=[]).save_pretrained(tmp_path)
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "vocab_size": len(symbols)}
    config = CLIPConfig(
        text_config={**tower, **ends}, vision_config={**tower, "image_size": 224, "patch_size": 32}, projection_dim=16
    )
    CLIPModel(config).save_pretrained(tmp_path)
    shutil.copy(tiny_vision.path("siglip2") / "preprocessor_config.json", tmp_path)
    options = Options(classifier_directory=tmp_path, device="cpu")
    networks = TorchNetworks(tiny_vision, options, tasks=[Task.CLASSIFICATION])
    (logits,) = networks.infer(Task.CLASSIFICATION, picture(224, 224))
    assert np.isfinite(logits).all()
    assert networks.models[0].revision == "local"


def classifier(directory: Path, names: list[str]) -> Path:
    labels = dict(enumerate(names))
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=224,
        patch_size=32,
        id2label=labels,
        label2id={name: index for index, name in labels.items()},
    )
    ViTForImageClassification(config).save_pretrained(directory)
    (directory / "preprocessor_config.json").write_text(json.dumps({"image_mean": [0.5] * 3, "image_std": [0.5] * 3}))
    return directory


@torch.no_grad()
def test_a_classifier_with_labels_is_summed_up_by_what_they_mean(tmp_path: Path) -> None:
    directory = classifier(tmp_path, ["bedroom", "hotel_room", "kitchen", "airport", "beach"])
    pixels = picture(224, 224)
    network = torch_rooms.build(directory, choose("cpu")).eval()
    found = classification(network(torch.from_numpy(pixels))[0].numpy())
    model: Any = ViTForImageClassification.from_pretrained(directory)
    bedroom, hotel, kitchen, airport, beach = (
        model(pixel_values=normalised(pixels, *HALVES)).logits[0].softmax(dim=0).tolist()
    )
    assert found.room_probability == pytest.approx(1 - airport - beach, abs=1e-4)
    assert found.rooms[RoomType.BEDROOM] == pytest.approx((bedroom + hotel) / (bedroom + hotel + kitchen), abs=1e-4)
    assert found.rooms[RoomType.HALLWAY] == pytest.approx(0, abs=1e-6)


def test_a_classifier_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsCorrupt, match="none of its labels is a room type: cat, dog"):
        torch_rooms.build(classifier(tmp_path, ["cat", "dog"]), choose("cpu"))


def test_a_model_that_knows_no_text_is_refused(tiny_vision: WeightStore) -> None:
    with pytest.raises(WeightsCorrupt, match="compares no pictures with text"):
        torch_rooms.build(tiny_vision.path("dpt"), choose("cpu"))


def test_segmentation_needs_ade20ks_classes(tiny_vision: WeightStore, tmp_path: Path) -> None:
    from controlmaps.engine import torch_segmentation

    directory = tmp_path / "upernet"
    shutil.copytree(tiny_vision.path("upernet"), directory)
    model: Any = UperNetForSemanticSegmentation.from_pretrained(directory, num_labels=21, ignore_mismatched_sizes=True)
    model.save_pretrained(directory)
    with pytest.raises(WeightsCorrupt, match="21 classes instead of ADE20K's 150"):
        torch_segmentation.build(directory, choose("cpu"))


@pytest.mark.parametrize("damage", ["cut", "lacking", "reshaped", "unconfigured"])
def test_a_damaged_model_is_named(tiny_vision: WeightStore, tmp_path: Path, damage: str) -> None:
    from controlmaps.engine import torch_depth

    directory = tmp_path / "dpt"
    shutil.copytree(tiny_vision.path("dpt"), directory)
    weights = directory / "model.safetensors"
    tensors = load_file(weights)
    name = "head.head.0.weight"
    match damage:
        case "cut":
            weights.write_bytes(weights.read_bytes()[:2000])
        case "lacking":
            save_file({key: one for key, one in tensors.items() if key != name}, weights, metadata={"format": "pt"})
        case "reshaped":
            save_file({**tensors, name: torch.zeros(3, 3)}, weights, metadata={"format": "pt"})
        case "unconfigured":
            (directory / "config.json").write_text("{}")
    with pytest.raises(WeightsCorrupt, match="dpt cannot be loaded"):
        torch_depth.build(directory, choose("cpu"))


def test_depth_does_without_the_layer_that_takes_no_part(tiny_vision: WeightStore, tmp_path: Path) -> None:
    from controlmaps.engine import torch_depth

    directory = tmp_path / "dpt"
    shutil.copytree(tiny_vision.path("dpt"), directory)
    weights = directory / "model.safetensors"
    whole = torch_depth.build(directory, choose("cpu"))
    tensors = load_file(weights)
    published = {name: one for name, one in tensors.items() if "fusion_stage.layers.0.residual_layer1" not in name}
    assert len(published) < len(tensors)
    save_file(published, weights, metadata={"format": "pt"})
    pixels = torch.from_numpy(picture(384, 384))
    assert torch.equal(torch_depth.build(directory, choose("cpu"))(pixels), whole(pixels))


async def test_reduced_roomnet_tells_rooms_and_the_store_needs_no_classifier(
    tiny_vision: WeightStore, tmp_path: Path
) -> None:
    names = ("depth-anything-small", "upernet-tiny")
    for name in names:
        shutil.copytree(tiny_vision.directory / name, tmp_path / name)
    lock = json.loads((tiny_vision.directory / LOCK_NAME).read_text())
    (tmp_path / LOCK_NAME).write_text(json.dumps({name: lock[name] for name in names}))
    settings = Settings(
        engine="torch",
        weights=tmp_path,
        device="cpu",
        depth_model="depth-anything-small",
        segmentation_model="upernet-tiny",
        reduced=True,
    )
    service = compose(settings)
    for one in service.engines:
        await one.load()
    engine, assistant = cast("list[Engine]", service.engines)
    photo = draw_room(160, 120).photo
    found = await engine.analyze(photo, set(Task))
    assert found["classification"] == (await assistant.analyze(photo, {Task.CLASSIFICATION}))["classification"]
    assert not np.array_equal(found["depth"], (await assistant.analyze(photo, {Task.DEPTH}))["depth"])
    assert engine.info.name == "torch"
    assert [model.name.rpartition("/")[2] for model in engine.info.models] == [
        "roomnet",
        "Depth-Anything-V2-Small-hf",
        "upernet-convnext-tiny",
    ]
    for one in service.engines:
        await one.close()


@torch.no_grad()
def test_bfloat16_sees_what_single_precision_sees(tiny_vision: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    options = Options(device="cpu", depth_model="depth-anything-small", segmentation_model="upernet-tiny")
    tasks = [Task.DEPTH, Task.SEGMENTATION]
    single, half = [
        TorchNetworks(tiny_vision, replace(options, reduced=reduced), tasks=tasks) for reduced in (False, True)
    ]
    pixels = draw_room(224, 224).photo[np.newaxis]
    assert next(half.networks[Task.DEPTH].parameters()).dtype == torch.bfloat16
    depth, rough = single.infer(Task.DEPTH, pixels)[0], half.infer(Task.DEPTH, pixels)[0]
    assert rough.dtype == np.float32
    assert np.abs(depth - rough).max() < 0.05 * max(1.0, float(np.abs(depth).max()))
    labels, rough = single.infer(Task.SEGMENTATION, pixels)[0], half.infer(Task.SEGMENTATION, pixels)[0]
    assert np.mean(labels == rough) > 0.9


def test_missing_weights_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="pull siglip2 --directory"):
        TorchNetworks(WeightStore(tmp_path), CPU)


def test_after_running_out_of_memory_the_next_batch_is_answered(tiny_vision: WeightStore) -> None:
    networks = TorchNetworks(tiny_vision, CPU, tasks=[Task.CLASSIFICATION])
    # an allocation that no machine can serve, on the way into the network
    hook = networks.networks[Task.CLASSIFICATION].register_forward_pre_hook(lambda *_given: torch.empty(1 << 55))
    with pytest.raises(Exhausted, match="too little memory"):
        networks.infer(Task.CLASSIFICATION, picture(224, 224))
    hook.remove()
    assert np.isfinite(networks.infer(Task.CLASSIFICATION, picture(224, 224))[0]).all()
