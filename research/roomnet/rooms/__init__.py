"""Rooms: one that is arranged by hand, and as many as one likes by chance."""
