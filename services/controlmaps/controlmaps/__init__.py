"""Analyses a photo of a room, and judges its restyled version."""
