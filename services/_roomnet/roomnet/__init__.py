"""Analyses a photo of a room with nothing to download: surfaces, objects, depth, room type."""

import os

# ONNX Runtime reports to its makers otherwise, and leaves a device id in the home directory, once it is imported
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from roomnet.analysis import RoomAnalysis, analyse, revision
from roomnet.network import WeightsMissingError
from roomnet.vocabulary import Ade, Room

__all__ = ["Ade", "Room", "RoomAnalysis", "WeightsMissingError", "analyse", "revision"]
