"""Images on the wire and as arrays."""
