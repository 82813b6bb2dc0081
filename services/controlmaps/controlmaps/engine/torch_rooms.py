"""Room types from pixels: zero-shot with CLIP or SigLIP, or any image classifier with labels.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021); Tschannen et al.,
"SigLIP 2" (2025).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForImageClassification, AutoTokenizer

from controlmaps.engine import rooms
from controlmaps.engine.torch_pixels import Normalisation
from servicekit.inference import pretrained
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt


class RoomNetwork(nn.Module):
    """B×224×224×3 uint8 pixels to B×10 logits; see controlmaps.engine.tasks."""

    def __init__(self, normalisation: Normalisation, scores: nn.Module, answers: Sequence[int]) -> None:
        """`scores` gives logits of any number of classes; `answers` says which answer each counts for."""
        super().__init__()
        self.normalisation = normalisation
        self.scores = scores
        self.groups = [[index for index, answer in enumerate(answers) if answer == one] for one in range(rooms.CLASSES)]

    def forward(self, pixels: Tensor) -> Tensor:
        """An answer's logit is the sum of its classes' probabilities, on the scale of logits."""
        scores = self.scores(self.normalisation(pixels)).float()
        lowest = scores.amin(dim=1) - 50
        grouped = [scores[:, group].logsumexp(dim=1) if group else lowest for group in self.groups]
        return torch.stack(grouped, dim=1)


class _Similarity(nn.Module):
    """Scaled cosine between a picture and each class's text."""

    text: Tensor

    def __init__(self, model: Any, text: Tensor) -> None:  # noqa: ANN401 - CLIP's and SigLIP's models share no class
        super().__init__()
        self.vision = model.vision_model
        self.projection = getattr(model, "visual_projection", nn.Identity())
        self.scale = float(model.logit_scale.exp())
        self.register_buffer("text", text)

    def forward(self, pixels: Tensor) -> Tensor:
        features = self.projection(self.vision(pixel_values=pixels).pooler_output).float()
        return nn.functional.normalize(features, dim=-1) @ self.text.T * self.scale


class _Labelled(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.model(pixel_values=pixels).logits
        return logits


def build(directory: Path, hardware: Hardware) -> RoomNetwork:
    """The network of whichever kind the directory holds; raises WeightsCorrupt."""
    configuration = pretrained.settings_of(directory, "config.json")
    architecture = str((configuration.get("architectures") or [""])[0])
    normalisation = Normalisation.of(directory, hardware)
    if architecture.endswith("ForImageClassification"):
        model: Any = pretrained.load(AutoModelForImageClassification, directory, hardware)
        try:
            answers = rooms.classes_of(model.config.id2label)
        except ValueError as error:
            raise WeightsCorrupt(f"{directory}: {error}") from error
        return RoomNetwork(normalisation, _Labelled(model), answers)
    if not {"text_config", "vision_config"} <= configuration.keys():
        raise WeightsCorrupt(f"{directory} holds a {architecture or 'model'}, which compares no pictures with text")
    model = pretrained.load(AutoModel, directory, hardware)
    text = _text(model, directory, [prompts for _answer, prompts in rooms.prompts()])
    model.text_model = None  # it has said all that it is asked; its memory is better spent
    return RoomNetwork(normalisation, _Similarity(model, text), [answer for answer, _prompts in rooms.prompts()])


@torch.inference_mode()
def _text(model: Any, directory: Path, classes: Sequence[Sequence[str]]) -> Tensor:  # noqa: ANN401 - as _Similarity's
    """Classes × features, each the direction of the mean of its prompts."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(directory, local_files_only=True)
        length = model.config.text_config.max_position_embeddings
        means = []
        for prompts in classes:
            tokens = tokenizer(
                [prompt.lower() for prompt in prompts],
                padding="max_length",
                max_length=length,
                truncation=True,
                return_tensors="pt",
            ).to(model.device)
            # SigLIP was trained without a mask, on padded text
            mask = {"attention_mask": tokens["attention_mask"]} if model.config.model_type == "clip" else {}
            features = model.get_text_features(input_ids=tokens["input_ids"], **mask).pooler_output.float()
            means.append(nn.functional.normalize(features, dim=-1).mean(dim=0))
    except (OSError, ValueError, KeyError, IndexError, RuntimeError, AttributeError, TypeError) as error:
        raise WeightsCorrupt(f"{directory}: prompts cannot be encoded: {error}") from error
    return nn.functional.normalize(torch.stack(means), dim=-1).clone()
