"""Engines on NVIDIA Triton: the client in our services, the backend in its server."""
