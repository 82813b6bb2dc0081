"""Engines on Modal: the client in our services, the host in the app."""
