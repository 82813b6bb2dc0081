"""Attacks on the gateway and the notifier at full size."""
