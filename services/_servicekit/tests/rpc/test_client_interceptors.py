"""What is counted of the calls that we make, however they end."""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from prometheus_client import REGISTRY

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from servicekit.errors import InvalidArgument
from tests.fixtures.probe_service import SERVICE, Probe, forever

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub


def ended(method: str, code: str) -> float:
    """How many calls have ended so, as their makers counted them."""
    labels = {"method": f"/{SERVICE}/{method}", "code": code}
    return REGISTRY.get_sample_value("modomo_rpc_client_duration_seconds_count", labels) or 0.0


def in_flight(method: str) -> float:
    return REGISTRY.get_sample_value("modomo_rpc_client_in_flight", {"method": f"/{SERVICE}/{method}"}) or 0.0


async def counted(method: str, code: str, before: float) -> None:
    """Returns when one more has ended so, and none is in flight any more."""
    async with asyncio.timeout(30):
        while ended(method, code) != before + 1 or in_flight(method):  # noqa: ASYNC110 - counted in a callback
            await asyncio.sleep(0.005)


async def test_a_call_is_counted_by_its_end(probe: Probe, probe_stub: "Stub") -> None:
    before = ended("Preview", "OK")
    await probe_stub.Preview(pb.PreviewRequest())
    await counted("Preview", "OK", before)


async def test_a_refused_call_is_counted(probe: Probe, probe_stub: "Stub") -> None:
    async def refuse(_probe: Probe) -> None:
        raise InvalidArgument("OUT_OF_RANGE", "No.", field="strength")

    probe.act = refuse
    before = ended("Preview", "INVALID_ARGUMENT")
    await asyncio.gather(probe_stub.Preview(pb.PreviewRequest()), return_exceptions=True)
    await counted("Preview", "INVALID_ARGUMENT", before)


async def test_a_cancelled_call_is_counted(probe: Probe, probe_stub: "Stub") -> None:
    probe.act = forever
    before = ended("Preview", "CANCELLED")
    calling = asyncio.ensure_future(_answer(probe_stub))
    await probe.started.wait()
    assert in_flight("Preview") == 1
    calling.cancel()
    await counted("Preview", "CANCELLED", before)


async def test_a_stream_is_counted_when_it_is_left(probe: Probe, probe_stub: "Stub") -> None:
    before = ended("Transform", "CANCELLED")
    call = probe_stub.Transform(pb.TransformRequest())
    async with aclosing(aiter_of(call)) as messages:
        await anext(messages)
    assert in_flight("Transform") == 1
    call.cancel()
    await counted("Transform", "CANCELLED", before)


async def test_a_call_that_cannot_be_made_is_not_in_flight(probe_channel: grpc.aio.Channel, probe_stub: "Stub") -> None:
    await probe_channel.close()
    for call in (probe_stub.Preview(pb.PreviewRequest()), probe_stub.Transform(pb.TransformRequest())):
        with pytest.raises((grpc.aio.UsageError, asyncio.CancelledError)):
            await anext(aiter_of(call)) if hasattr(call, "__aiter__") else await call
    assert (in_flight("Preview"), in_flight("Transform")) == (0, 0)


async def aiter_of(call: Any) -> Any:
    async for message in call:
        yield message


async def _answer(stub: "Stub") -> pb.PreviewResponse:
    return await stub.Preview(pb.PreviewRequest())
