"""The Triton client's deadlines, cancellation and errors, against a real tritonserver with models made for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from servicekit.config.env import SettingsError
from servicekit.errors import DeadlineExceeded, Exhausted, ServiceError, Unavailable
from servicekit.rpc import context

pytest.importorskip("tritonclient.grpc", reason="the triton extra is not installed")

from servicekit.inference.triton.client import TritonClient
from tests.fixtures.triton import TritonServer, start_triton

MODEL = """
import json, pathlib, time
import numpy as np

from servicekit.inference.triton import backend
from servicekit.inference.engine import Model
from servicekit.errors import Exhausted

TRACE = pathlib.Path({trace!r})


class TritonPythonModel:
    def execute(self, requests):
        return backend.answer(
            requests, self.compute, inputs=["value"], models=[Model(name="owner/net", revision="abc")]
        )

    def compute(self, given):
        value = np.array(given["value"])
        with TRACE.open("a") as trace:
            trace.write(json.dumps(value.reshape(-1).tolist()) + "\\n")
        if (value < 0).any():
            raise Exhausted("OUT_OF_MEMORY", "Full.") if (value == -1).any() else RuntimeError("secret")
        time.sleep(float(value.max()) / 1000)  # the work that is asked for, in milliseconds
        return {{"double": value * 2}}
"""
CONFIG = """
name: "slow"
backend: "python"
max_batch_size: 4
input [{ name: "value" data_type: TYPE_INT32 dims: [1] }]
output [
  { name: "double" data_type: TYPE_INT32 dims: [1] },
  { name: "models" data_type: TYPE_UINT8 dims: [-1] }
]
dynamic_batching {
  max_queue_delay_microseconds: 100000
  default_queue_policy { timeout_action: REJECT allow_timeout_override: true max_queue_size: 8 }
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slow")
    model = folder / "models" / "slow"
    (model / "1").mkdir(parents=True)
    (model / "config.pbtxt").write_text(CONFIG)
    (model / "1" / "model.py").write_text(MODEL.format(trace=str(folder / "trace")))
    return folder


@pytest.fixture(scope="module")
def server(folder: Path, triton_installation: Path) -> Iterator[TritonServer]:
    with start_triton(triton_installation, folder / "models", folder) as started:
        started.load(["slow"])
        yield started


@pytest.fixture
async def client(server: TritonServer) -> AsyncIterator[TritonClient]:
    client = TritonClient(server.address)
    yield client
    await client.close()


async def ask(client: TritonClient, value: int) -> int:
    (double,) = await client.infer("slow", {"value": np.array([[value]], dtype=np.int32)}, ["double"])
    return int(double[0, 0])


def worked_on(folder: Path) -> list[list[int]]:
    return [[int(part) for part in line.strip("[]").split(",")] for line in (folder / "trace").read_text().splitlines()]


async def test_it_answers_and_names_what_answers(client: TritonClient) -> None:
    assert (await client.shapes("slow")) == {"value": (-1, 1)}
    (model,) = await client.warm_up("slow", {"value": np.array([[1]], dtype=np.int32)})
    assert (model.name, model.revision) == ("owner/net", "abc")
    assert await ask(client, 21) == 42


async def test_requests_together_share_a_batch_and_get_their_own_answers(client: TritonClient, folder: Path) -> None:
    answers = await asyncio.gather(*(ask(client, value) for value in (101, 102, 103, 104)))
    assert answers == [202, 204, 206, 208]
    batches = [batch for batch in worked_on(folder) if set(batch) & {101, 102, 103, 104}]
    assert len(batches) < 4


async def test_what_is_left_of_a_deadline_goes_along(client: TritonClient) -> None:
    context.deadline.set(time.monotonic() + 0.5)
    with pytest.raises(DeadlineExceeded):
        await ask(client, 5000)


async def test_a_request_that_waited_too_long_is_never_worked_on(client: TritonClient, folder: Path) -> None:
    occupied = asyncio.create_task(ask(client, 3000))
    while not any(3000 in batch for batch in worked_on(folder)):  # noqa: ASYNC110 - another process begins the work
        await asyncio.sleep(0.05)
    context.deadline.set(time.monotonic() + 0.4)
    with pytest.raises(DeadlineExceeded):
        await ask(client, 77)
    context.deadline.set(None)
    assert await occupied == 6000
    assert await ask(client, 5) == 10
    assert not any(77 in batch for batch in worked_on(folder))


async def test_cancelling_takes_the_request_back(client: TritonClient, folder: Path) -> None:
    occupied = asyncio.create_task(ask(client, 2500))
    while not any(2500 in batch for batch in worked_on(folder)):  # noqa: ASYNC110 - another process begins the work
        await asyncio.sleep(0.05)
    waiting = asyncio.create_task(ask(client, 88))
    await asyncio.sleep(0.3)  # it has to be in the server's queue
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await occupied == 5000
    assert await ask(client, 6) == 12
    assert not any(88 in batch for batch in worked_on(folder))


async def test_a_full_queue_is_told_as_such(client: TritonClient) -> None:
    answers = await asyncio.gather(*(ask(client, 400) for _request in range(40)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert refused
    assert all(isinstance(answer, Exhausted) and answer.reason == "QUEUE_FULL" for answer in refused)
    assert await ask(client, 7) == 14


async def test_memory_that_ran_out_and_unexpected_failures_are_told_apart(client: TritonClient) -> None:
    with pytest.raises(Exhausted, match="OUT_OF_MEMORY"):
        await ask(client, -1)
    with pytest.raises(ServiceError) as caught:
        await ask(client, -2)
    assert caught.value.reason == "INTERNAL"
    assert "secret" not in caught.value.message
    assert await ask(client, 8) == 16


async def test_a_server_that_is_not_there_is_unavailable_and_named_at_start() -> None:
    client = TritonClient("127.0.0.1:9", startup_seconds=0)
    with pytest.raises(Unavailable):
        await ask(client, 1)
    with pytest.raises(SettingsError, match=r"Triton at 127\.0\.0\.1:9: 'slow' cannot be asked for"):
        await client.shapes("slow")
    await client.close()
