"""Finds furniture and fixtures in a photo of a room."""
