"""NVIDIA Triton, from both sides."""
