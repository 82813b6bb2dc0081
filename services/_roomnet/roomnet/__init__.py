"""Understands a photo of a room with nothing to download: surfaces, objects, depth, room type."""
