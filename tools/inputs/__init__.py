"""Photos as people's devices make them, and what has to become of each."""
