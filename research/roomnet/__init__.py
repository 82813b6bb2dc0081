"""Rooms of our own, and the training of the network that learns from them."""
