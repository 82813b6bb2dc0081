"""Understands a photo of a room with nothing to download: surfaces, objects, depth, room type."""

from roomnet.analysis import REVISION, RoomAnalysis, analyse
from roomnet.vocabulary import Ade, Room

__all__ = ["REVISION", "Ade", "Room", "RoomAnalysis", "analyse"]
