"""Furniture and fittings: made at the origin, standing on z = 0, back or middle at y = 0, facing −y."""
