"""The gRPC face of diffusion: convert, delegate, convert."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc

from diffusion import convert
from diffusion.materials import read_materials
from diffusion.pipeline import PREVIEW_SIDE, Pipeline
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceServicer
from servicekit.types.modes import RoomMode, mode_to_proto


class DiffusionServicer(DiffusionServiceServicer):
    """Answers DiffusionService."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def Transform(  # noqa: N802 - the generated base is the synchronous one; its name
        self, request: pb.TransformRequest, context: grpc.aio.ServicerContext[pb.TransformRequest, pb.TransformResponse]
    ) -> AsyncIterator[pb.TransformResponse]:
        """Restyles a photo; a call that its client leaves stops the engine between two steps."""
        restyling = await asyncio.to_thread(convert.restyling, request, self._pipeline.styles)
        async with aclosing(self._pipeline.transform(restyling)) as steps:
            async for step in steps:
                yield await asyncio.to_thread(convert.response, step)

    async def Preview(  # noqa: N802 - as above
        self, request: pb.PreviewRequest, context: grpc.aio.ServicerContext[pb.PreviewRequest, pb.PreviewResponse]
    ) -> pb.PreviewResponse:
        """Makes a first look at once."""
        restyling = await asyncio.to_thread(convert.restyling, request.transform, self._pipeline.styles)
        result = await self._pipeline.preview(restyling)
        image = await asyncio.to_thread(convert.preview_image, result.images[0], side=PREVIEW_SIDE)
        return pb.PreviewResponse(image=image, manifest=convert.manifest(result.manifest))

    async def ListStyles(  # noqa: N802 - as above
        self,
        request: pb.ListStylesRequest,
        context: grpc.aio.ServicerContext[pb.ListStylesRequest, pb.ListStylesResponse],
    ) -> pb.ListStylesResponse:
        """Lists the styles by name, and what the engine can do."""
        engine = self._pipeline.engine
        return pb.ListStylesResponse(
            styles=[convert.style(style) for style in self._pipeline.styles.values()],
            engine=engine.info.name,
            modes=[mode_to_proto(mode) for mode in RoomMode if mode in engine.modes],
            takes_style_image=engine.takes_style_image,
            takes_corrections=engine.knows_regions,
            materials=[convert.material(one) for one in read_materials().values()] if engine.repaints_surfaces else (),
            usual_seconds=engine.usual_seconds,
        )
