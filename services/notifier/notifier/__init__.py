"""Streams a job's events to whoever watches it."""
