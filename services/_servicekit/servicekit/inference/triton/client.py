"""Calls NVIDIA Triton's gRPC endpoint with arrays; its errors become ServiceErrors.

Needs tritonclient; only triton engines import this. Cancelling the caller cancels the call. The time left until the
caller's deadline is sent to gRPC and to Triton's scheduler, which drops a request that waited too long.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc.aio import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from servicekit.config.env import SettingsError
from servicekit.errors import Exhausted, ServiceError, Unavailable, deadline_exceeded, internal, out_of_memory
from servicekit.inference.engine import Model
from servicekit.inference.triton.names import OUT_OF_MEMORY, PROVENANCE, lines_from_array
from servicekit.observability import logs
from servicekit.rpc import context
from servicekit.rpc.tls import Security

log = logs.get(__name__)


class TritonClient:
    """A connection to one server."""

    def __init__(self, address: str, *, startup_seconds: float = 60, security: Security | None = None) -> None:
        """`address` is `host:port`; a server may take `startup_seconds` until its models are ready.

        Raises SettingsError where `security` (plaintext on this machine unless given) does not allow it.
        """
        self._address = address
        self._startup_seconds = startup_seconds
        credentials = (security or Security()).credentials(address)
        self._client: Any = InferenceServerClient(address, creds=credentials)  # it has no type annotations

    async def shapes(self, model: str) -> dict[str, tuple[int, ...]]:
        """Shapes of a model's inputs, the batch's axis first; −1 stands for any length.

        Waits until the model is ready; raises SettingsError where it is not in time.
        """
        end = time.monotonic() + self._startup_seconds
        while problem := await self._problem(model):
            if time.monotonic() > end:
                raise SettingsError(f"MODOMO_TRITON: Triton at {self._address}: {model!r} {problem}")
            log.info("waiting for triton", address=self._address, model=model, problem=problem)
            await asyncio.sleep(1)  # between two attempts to find the server ready
        metadata = await self._client.get_model_metadata(model, as_json=True)
        return {one["name"]: tuple(int(length) for length in one["shape"]) for one in metadata["inputs"]}

    async def warm_up(self, model: str, inputs: Mapping[str, NDArray[Any]]) -> tuple[Model, ...]:
        """Runs a model once and returns the models that it names; raises as `infer`."""
        metadata = await self._client.get_model_metadata(model, as_json=True)
        names = [output["name"] for output in metadata["outputs"]]
        if PROVENANCE in names:
            (provenance,) = await self.infer(model, inputs, [PROVENANCE])
            pairs = (line.partition("@") for line in lines_from_array(provenance[0]))
            return tuple(Model(name=name, revision=revision) for name, _at, revision in pairs)
        await self.infer(model, inputs, names)
        return (Model(name=model, revision=f"triton:{metadata['versions'][-1]}"),)

    async def _problem(self, model: str) -> str:
        """Why a model is not ready; empty where it is."""
        try:
            return "" if await self._client.is_model_ready(model, client_timeout=5) else "is not ready"
        except InferenceServerException as error:
            return f"cannot be asked for: {error.message()}"

    async def infer(self, model: str, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> list[NDArray[Any]]:
        """The outputs, in order; raises Exhausted, Unavailable, DeadlineExceeded, or INTERNAL for anything else."""
        left = context.seconds_left()
        try:
            result = await self._client.infer(
                model,
                [_input(name, array) for name, array in inputs.items()],
                outputs=[InferRequestedOutput(name) for name in outputs],
                request_id=context.request_id.get(),
                timeout=None if left is None else max(1, round(left * 1e6)),
                client_timeout=left,
            )
        except InferenceServerException as error:
            raise _as_service_error(error) from error
        return [result.as_numpy(name) for name in outputs]

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()


def _input(name: str, array: NDArray[Any]) -> InferInput:
    tensor = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(np.ascontiguousarray(array))
    return tensor


def _as_service_error(error: InferenceServerException) -> ServiceError:
    status, text = str(error.status()).removeprefix("StatusCode."), str(error.message())
    if status == "DEADLINE_EXCEEDED" or "timeout expired" in text:
        return deadline_exceeded()
    if text.startswith(OUT_OF_MEMORY):
        return out_of_memory()
    if "maximum queue size" in text.lower():
        return Exhausted("QUEUE_FULL", "The model's queue is full.", retry_after_seconds=2)
    if status in ("UNAVAILABLE", "CANCELLED"):
        return Unavailable("TRITON_UNAVAILABLE", "The models do not answer at the moment.")
    log.error("triton failed", status=status, problem=text)
    return internal()
