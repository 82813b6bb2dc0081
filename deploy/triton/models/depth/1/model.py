"""Triton's model `depth`."""

from controlmaps.engine.tasks import Task
from controlmaps.engine.triton_backend import TaskModel


class TritonPythonModel(TaskModel):
    """The name that the Python backend looks for."""

    task = Task.DEPTH
