"""IP-Adapter: the look of a picture as a second prompt, read by attention layers of its own.

Ye et al., "IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models" (2023). The layers are
diffusers' own, loaded as its pipelines load them. A UNet has them for the time of a request alone: every other request
runs as if there were none, and costs the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

from diffusion.sd import checkpoints
from servicekit.imaging.arrays import RGB
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt, WeightStore

NAME: Final = "ip-adapter"
"""The store's name."""
SCALE: Final = 0.5
"""How strongly the picture counts beside the prompt: its authors use .5–.6 together with text, 1 without."""

_FOLDER: Final = "models"
_FILE: Final = "ip-adapter_sd15.safetensors"
_PARTS: Final = ("image_proj", "ip_adapter")


class StyleAdapter:
    """The image encoder, and for each UNet of the service the layers that read its embedding."""

    def __init__(
        self, encoder: CLIPVisionModelWithProjection, weights: Mapping[str, Mapping[str, Tensor]], hardware: Hardware
    ) -> None:
        """`weights` are the checkpoint's two parts, `image_proj` and `ip_adapter`."""
        self._encoder = encoder
        self._weights = weights
        self._hardware = hardware
        side: Any = encoder.config.image_size
        self._processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
        self._layers: dict[str, Any] = {}
        self._projection: torch.nn.Module | None = None

    def fit(self, unets: Sequence[UNet2DConditionModel]) -> None:
        """Makes the layers for UNets of one shape, which share them; raises KeyError, RuntimeError, ValueError else."""
        first = unets[0]
        plain = first.attn_processors
        first._load_ip_adapter_weights([self._weights], low_cpu_mem_usage=False)
        self._layers, self._projection = first.attn_processors, first.encoder_hid_proj
        for layer in self._layers.values():
            if isinstance(layer, IPAdapterAttnProcessor2_0):
                layer.scale = [SCALE]
                layer.requires_grad_(False)
        _switch(first, plain, None)

    @contextmanager
    def on(self, unet: UNet2DConditionModel) -> Iterator[None]:
        """The UNet reads an image embedding, and needs one, inside the block."""
        plain = unet.attn_processors
        _switch(unet, self._layers, self._projection)
        try:
            yield
        finally:
            _switch(unet, plain, None)

    @torch.inference_mode()
    def embed(self, picture: RGB) -> Tensor:
        """1×1×D embedding of a picture of any size, of which the middle square is looked at."""
        pixels = self._processor(images=picture, return_tensors="pt").pixel_values
        pixels = pixels.to(self._hardware.device, self._hardware.dtype)
        embedded: Tensor = self._encoder(pixels).image_embeds
        return embedded[:, None]


def load_style_adapter(
    store: WeightStore, unets: Sequence[UNet2DConditionModel], hardware: Hardware
) -> StyleAdapter | None:
    """The adapter where the store has one; raises WeightsCorrupt for one that was made for another base model."""
    if not store.has(NAME):
        return None
    directory = store.path(NAME) / _FOLDER
    encoder = checkpoints.load_module(CLIPVisionModelWithProjection, directory / "image_encoder", hardware)

    try:
        weights = parts_of(load_file(directory / _FILE), hardware)
        adapter = StyleAdapter(encoder, weights, hardware)
        adapter.fit(unets)
    except (KeyError, RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsCorrupt(f"{directory / _FILE} was made for another base model, or is broken: {reason}") from error
    wide = int(weights["image_proj"]["proj.weight"].shape[1])
    if wide != encoder.config.projection_dim:
        given = encoder.config.projection_dim
        raise WeightsCorrupt(f"{directory / _FILE} reads embeddings of {wide} numbers; the encoder makes {given}")
    return adapter


def parts_of(weights: Mapping[str, Tensor], hardware: Hardware) -> dict[str, dict[str, Tensor]]:
    """A checkpoint's tensors by part, on the device; raises KeyError for another part."""
    parts: dict[str, dict[str, Tensor]] = {name: {} for name in _PARTS}
    for key, value in weights.items():
        part, _, name = key.partition(".")
        parts[part][name] = value.to(hardware.device, hardware.dtype)
    return parts


def _switch(unet: UNet2DConditionModel, layers: Mapping[str, Any], projection: torch.nn.Module | None) -> None:
    unet.set_attn_processor(dict(layers))
    unet.encoder_hid_proj = projection
    unet.config.encoder_hid_dim_type = None if projection is None else "ip_image_proj"
