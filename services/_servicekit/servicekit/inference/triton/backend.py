"""What the Python backends in Triton's model repository have in common.

Runs inside Triton's Python backend, which provides `triton_python_backend_utils`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import triton_python_backend_utils as backend  # inside Triton alone
from numpy.typing import NDArray

from servicekit.errors import Exhausted
from servicekit.inference import device_lost
from servicekit.inference.device_lost import DeviceLost
from servicekit.inference.engine import Model
from servicekit.inference.triton.names import OUT_OF_MEMORY, PROVENANCE, lines_to_array
from servicekit.observability import logs

log = logs.get(__name__)

Arrays: TypeAlias = dict[str, NDArray[Any]]
"""By name, the batch's axis first."""


def device(arguments: Mapping[str, str]) -> str:
    """The torch device of the model instance that Triton starts."""
    if arguments["model_instance_kind"] == "GPU":
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

    Requests that were cancelled meanwhile are not computed. `models` goes into the output PROVENANCE on request.
    """
    awaited = [request for request in requests if not request.is_cancelled()]
    given = [{name: _input(request, name) for name in inputs} for request in awaited]
    parts = _computed(given, compute) if awaited else []
    provenance = lines_to_array(f"{model.name}@{model.revision}" for model in models)
    responses = {
        id(request): _response(request, part, provenance) for request, part in zip(awaited, parts, strict=True)
    }
    cancelled = backend.InferenceResponse(error=backend.TritonError("cancelled", backend.TritonError.CANCELLED))
    return [responses.get(id(request), cancelled) for request in requests]


def _computed(given: Sequence[Arrays], compute: Callable[[Arrays], Arrays]) -> list[Any]:
    """Each request's share of the outputs, or the TritonError that they all get."""
    try:
        outputs = compute({name: np.concatenate([one[name] for one in given]) for name in given[0]})
    except Exhausted as error:
        return [backend.TritonError(f"{OUT_OF_MEMORY}: {error.message}", backend.TritonError.UNAVAILABLE)] * len(given)
    except DeviceLost as error:
        device_lost.end_process(error)  # this model's own; the server answers its callers and starts it again
        raise
    except Exception:
        log.exception("inference failed")
        failure = backend.TritonError("inference failed; see the server's log", backend.TritonError.INTERNAL)
        return [failure] * len(given)
    ends = np.cumsum([len(next(iter(one.values()))) for one in given])[:-1]
    split = {name: np.split(array, ends) for name, array in outputs.items()}
    return [{name: shares[index] for name, shares in split.items()} for index in range(len(given))]


def _input(request: Any, name: str) -> NDArray[Any]:  # noqa: ANN401 - Triton's backend has no types
    # through DLPack, since builds of the backend for NumPy 1 mistake the layout of NumPy 2's arrays
    return np.from_dlpack(backend.get_input_tensor_by_name(request, name))


def _response(request: Any, part: Any, provenance: NDArray[np.uint8]) -> Any:  # noqa: ANN401 - Triton's backend has no types
    if isinstance(part, backend.TritonError):
        return backend.InferenceResponse(error=part)
    count = len(next(iter(part.values())))
    outputs: Arrays = {**part, PROVENANCE: np.tile(provenance, (count, 1))}
    wanted = [name for name in request.requested_output_names() if name in outputs]
    tensors = [backend.Tensor.from_dlpack(name, np.array(outputs[name], order="C")) for name in wanted]
    return backend.InferenceResponse(tensors)
