"""The other side of servicekit.triton: what the Python backends in Triton's model repository have in common.

Runs inside Triton's Python backend, which provides `triton_python_backend_utils`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import triton_python_backend_utils as backend  # inside Triton alone
from numpy.typing import NDArray

from servicekit import logs
from servicekit.engine import Model
from servicekit.errors import Exhausted
from servicekit.triton_names import OUT_OF_MEMORY, PROVENANCE, lines_to_array

log = logs.get(__name__)

Arrays = dict[str, NDArray[Any]]

GPU: Final = "GPU"


def device(arguments: Mapping[str, str]) -> str:
    """The torch device of the instance that Triton starts."""
    if arguments["model_instance_kind"] == GPU:
        return f"cuda:{arguments['model_instance_device_id']}"
    return "cpu"


def answer(
    requests: Sequence[Any],
    compute: Callable[[Arrays], Arrays],
    *,
    inputs: Sequence[str],
    models: Sequence[Model],
) -> list[Any]:
    """Responses to the requests that Triton batched: inputs are joined along the first axis, outputs split again.

    Requests that were cancelled meanwhile cost nothing. `models` goes into the output PROVENANCE where it is asked for.
    """
    awaited = [request for request in requests if not request.is_cancelled()]
    parts: dict[int, Any] = {}
    if awaited:
        given = [{name: _input(request, name) for name in inputs} for request in awaited]
        try:
            outputs = compute({name: np.concatenate([one[name] for one in given]) for name in inputs})
        except Exhausted as error:
            failure = backend.TritonError(f"{OUT_OF_MEMORY}: {error.message}", backend.TritonError.UNAVAILABLE)
            parts = {id(request): backend.InferenceResponse(error=failure) for request in awaited}
        except Exception:
            log.exception("inference failed")
            failure = backend.TritonError("inference failed; see the server's log", backend.TritonError.INTERNAL)
            parts = {id(request): backend.InferenceResponse(error=failure) for request in awaited}
        else:
            start = 0
            for request, one in zip(awaited, given, strict=True):
                count = len(one[inputs[0]])
                provenance = lines_to_array(f"{model.name}@{model.revision}" for model in models)
                own = {name: array[start : start + count] for name, array in outputs.items()}
                own[PROVENANCE] = np.stack([provenance] * count)
                parts[id(request)] = _response(request, own)
                start += count
    cancelled = backend.TritonError("cancelled", backend.TritonError.CANCELLED)
    return [parts.get(id(request)) or backend.InferenceResponse(error=cancelled) for request in requests]


def _input(request: Any, name: str) -> NDArray[Any]:  # noqa: ANN401 - Triton's backend has no types
    # through DLPack, since builds of the backend for NumPy 1 mistake the layout of NumPy 2's arrays
    return np.from_dlpack(backend.get_input_tensor_by_name(request, name))


def _response(request: Any, outputs: Arrays) -> Any:  # noqa: ANN401 - Triton's backend has no types
    wanted = [name for name in request.requested_output_names() if name in outputs]
    tensors = [backend.Tensor.from_dlpack(name, np.array(outputs[name], order="C")) for name in wanted]
    return backend.InferenceResponse(tensors)
