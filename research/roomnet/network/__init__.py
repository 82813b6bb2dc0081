"""The small network: what it tells apart, how it is built, what it is punished for."""
