"""The diffusion service with an engine that takes a known time, and writes down every step that it does.

`STEADY_STEP_SECONDS` says how long each of the twenty steps takes; `STEADY_LOG` names the file to which the id of the
job is added with each step.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1.diffusion_service_pb2_grpc import add_DiffusionServiceServicer_to_server
from servicekit import process
from servicekit.rpc import context
from tools.bench.noop import diffusion
from tools.bench.noop.serving import serve

STEP_SECONDS: Final = float(os.environ.get("STEADY_STEP_SECONDS", "0.1"))
LOG: Final = Path(os.environ["STEADY_LOG"])


class Servicer(diffusion.Servicer):
    """Takes its time."""

    async def Transform(  # noqa: N802 - the RPC's name
        self, request: pb.TransformRequest, context_: object
    ) -> AsyncIterator[pb.TransformResponse]:
        """Twenty steps and a picture."""
        async for response in super().Transform(request, context_):
            if response.HasField("progress"):
                await asyncio.sleep(STEP_SECONDS)  # the step's work
                with LOG.open("a") as log:  # noqa: ASYNC230 - a few bytes
                    log.write(f"{context.job_id.get()}\n")
            yield response


if __name__ == "__main__":
    process.run(
        lambda: serve(
            os.environ["MODOMO_DIFFUSION_LISTEN"],
            pb.DESCRIPTOR.services_by_name["DiffusionService"].full_name,
            lambda server: add_DiffusionServiceServicer_to_server(Servicer(), server),
        )
    )
