"""Triton's model `detection`."""

from detection.engine.triton_backend import DetectionModel


class TritonPythonModel(DetectionModel):
    """The name that the Python backend looks for."""
