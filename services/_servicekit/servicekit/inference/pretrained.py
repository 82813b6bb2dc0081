"""transformers' models from the local store: safetensors only, and only if complete.

transformers fills a missing weight with random numbers and goes on; here that is an error, as is a weight of another
shape or an unreadable file. Each error is one line that names the directory. Imports torch; only torch engines import
this.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from transformers.utils import logging as transformers_logging

from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt

_LOGGING: Final[Any] = transformers_logging  # it has no type annotations
_UNREADABLE: Final = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError)


def load(kind: type[Any], directory: Path, hardware: Hardware, *, unused: Sequence[str] = ()) -> Any:  # noqa: ANN401 - what `kind`, a model or an AutoModel, makes of the directory
    """A model for inference on the device; raises WeightsCorrupt naming the directory and what is wrong.

    `unused` are patterns of weights that take no part in the model's work, so that a file may lack them.
    """
    _LOGGING.disable_progress_bar()
    try:
        loaded, report = kind.from_pretrained(
            directory, dtype=hardware.dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
        lacking = sorted(
            [
                *(key for key in report["missing_keys"] if not any(re.search(pattern, key) for pattern in unused)),
                *(str(key) for key in report["mismatched_keys"]),
            ]
        )
        if lacking:
            raise ValueError(f"{len(lacking)} weights are missing or of another shape, the first {lacking[0]}")
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise WeightsCorrupt(f"{directory} cannot be loaded as {kind.__name__}: {reason}") from error
    return loaded.eval().requires_grad_(False).to(hardware.device)


def settings_of(directory: Path, filename: str) -> dict[str, Any]:
    """A JSON object that lies beside the weights; raises WeightsCorrupt."""
    try:
        found = json.loads((directory / filename).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsCorrupt(f"{directory / filename} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise WeightsCorrupt(f"{directory / filename} is not a JSON object")
    return found
