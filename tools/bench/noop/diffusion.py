"""Diffusion in twenty steps that do nothing."""

import os
from collections.abc import AsyncIterator
from typing import Final

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1.diffusion_service_pb2_grpc import (
    DiffusionServiceServicer,
    add_DiffusionServiceServicer_to_server,
)
from servicekit import process
from tools.bench.noop.answers import ENGINE, photo
from tools.bench.noop.serving import serve

STEPS: Final = 20
STYLES: Final = ("modern", "scandinavian", "boho", "industrial", "minimalist")


class Servicer(DiffusionServiceServicer):
    """Answers at once."""

    async def Transform(  # noqa: N802 - the RPC's name
        self, request: pb.TransformRequest, context: object
    ) -> AsyncIterator[pb.TransformResponse]:
        """Twenty steps and a picture."""
        for step in range(1, STEPS + 1):
            yield pb.TransformResponse(progress=pb.Progress(step=step, total_steps=STEPS))
        images = [photo()] * max(1, request.variants)
        yield pb.TransformResponse(result=pb.Result(images=images, manifest=_manifest(request)))

    async def Preview(self, request: pb.PreviewRequest, context: object) -> pb.PreviewResponse:  # noqa: N802 - the RPC's name
        """The same picture."""
        return pb.PreviewResponse(image=photo(), manifest=_manifest(request.transform))

    async def ListStyles(self, request: pb.ListStylesRequest, context: object) -> pb.ListStylesResponse:  # noqa: N802 - the RPC's name
        """The names of the real ones."""
        return pb.ListStylesResponse(styles=[pb.Style(name=name, title=name.title()) for name in STYLES])


def _manifest(request: pb.TransformRequest) -> pb.Manifest:
    return pb.Manifest(engine=ENGINE, style=request.style, seed=request.seed, strength=request.strength, steps=STEPS)


if __name__ == "__main__":
    process.run(
        lambda: serve(
            os.environ["MODOMO_DIFFUSION_LISTEN"],
            pb.DESCRIPTOR.services_by_name["DiffusionService"].full_name,
            lambda server: add_DiffusionServiceServicer_to_server(Servicer(), server),
        )
    )
