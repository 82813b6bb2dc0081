"""Understands a photo of a room with nothing to download: surfaces, objects, depth, room type."""

from roomnet.analysis import RoomAnalysis, analyse, revision
from roomnet.network import WeightsMissingError
from roomnet.vocabulary import Ade, Room

__all__ = ["Ade", "Room", "RoomAnalysis", "WeightsMissingError", "analyse", "revision"]
