"""Ports for the parts of a stack, under the name that its callers know."""

from servicekit.ports import free

__all__ = ["free"]
