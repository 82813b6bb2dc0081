"""Stable Diffusion beside the stock pipelines of diffusers: the same pictures, and how fast they come."""
