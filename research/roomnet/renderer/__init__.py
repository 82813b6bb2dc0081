"""A path tracer for rooms, in C."""
