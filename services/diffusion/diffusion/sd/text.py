"""Prompts of any length encoded to embeddings, which are kept for the next request.

A CLIP text encoder reads 77 tokens, of which two mark start and end. A longer prompt is read in pieces of 75 tokens,
and their embeddings are concatenated: cross-attention takes any number. What exceeds MAX_PIECES is cut off and told.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

MAX_PIECES: Final = 3
KEPT: Final = 64
"""Embeddings that are kept, 1.3 MB each in half precision at most: styles × rooms, and the negative prompts."""


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """Both prompts, encoded for the UNet."""

    positive: Tensor
    """1×(77·pieces)×D."""

    negative: Tensor
    """Of the same shape."""

    truncated: bool
    """Whether a prompt was longer than what was read."""


class TextEmbedder:
    """A tokenizer and a text encoder, with a cache of recent embeddings."""

    def __init__(self, tokenizer: CLIPTokenizer, encoder: CLIPTextModel) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._length = int(encoder.config.max_position_embeddings)
        self._made: OrderedDict[tuple[str, int], Tensor] = OrderedDict()

    def embed(self, positive: str, negative: str) -> Embeddings:
        """Both prompts in the same number of pieces."""
        tokens = {text: self._tokens(text) for text in (positive, negative)}
        room = self._length - 2
        needed = max(1, *(-(-len(one) // room) for one in tokens.values()))
        pieces = min(needed, MAX_PIECES)
        return Embeddings(
            positive=self._embedded(positive, tokens[positive], pieces),
            negative=self._embedded(negative, tokens[negative], pieces),
            truncated=needed > pieces,
        )

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
        return ids

    def _embedded(self, text: str, tokens: list[int], pieces: int) -> Tensor:
        made = self._made.pop((text, pieces), None)
        if made is None:
            made = self._encode(tokens, pieces)
        self._made[(text, pieces)] = made
        if len(self._made) > KEPT:
            self._made.popitem(last=False)
        return made

    def _encode(self, tokens: list[int], pieces: int) -> Tensor:
        start, end, pad = (
            self._tokenizer.convert_tokens_to_ids(str(token))
            for token in (self._tokenizer.bos_token, self._tokenizer.eos_token, self._tokenizer.pad_token)
        )
        room = self._length - 2
        rows = []
        for piece in range(pieces):
            words = tokens[piece * room : (piece + 1) * room]
            rows.append([start, *words, end] + [pad] * (room - len(words)))
        with torch.inference_mode():
            hidden: Tensor = self._encoder(torch.tensor(rows, device=self._encoder.device))[0]
        return hidden.reshape(1, pieces * self._length, -1)
