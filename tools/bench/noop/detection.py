"""Detection that finds one sofa in every photo."""

import os

from modomo.detection.v1 import detection_service_pb2 as pb
from modomo.detection.v1.detection_service_pb2_grpc import (
    DetectionServiceServicer,
    add_DetectionServiceServicer_to_server,
)
from servicekit import process
from tools.bench.noop.answers import ENGINE, box, mask
from tools.bench.noop.serving import serve


class Servicer(DetectionServiceServicer):
    """Answers at once."""

    async def Detect(self, request: pb.DetectRequest, context: object) -> pb.DetectResponse:  # noqa: N802 - the RPC's name
        """Finds the left half."""
        sofa = pb.Detection(
            id="sofa-1", label="sofa", confidence=0.9, box=box(), mask=mask() if request.masks else None
        )
        return pb.DetectResponse(detections=[sofa], engine=ENGINE)


if __name__ == "__main__":
    process.run(
        lambda: serve(
            os.environ["MODOMO_DETECTION_LISTEN"],
            pb.DESCRIPTOR.services_by_name["DetectionService"].full_name,
            lambda server: add_DetectionServiceServicer_to_server(Servicer(), server),
        )
    )
