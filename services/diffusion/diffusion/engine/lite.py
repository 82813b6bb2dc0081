"""Restyling with nothing to download."""
