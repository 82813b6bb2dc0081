"""Restyles a photo of a room."""
