"""Rooms of our own, and the training of the network that learns from them; not part of the installed package."""
