"""Fixtures that any test may use, one plugin a topic."""

pytest_plugins = [
    "servicekit.testing.hub",
    "servicekit.testing.s3",
    "servicekit.testing.joblog",
    "servicekit.testing.logs",
    "servicekit.testing.probe",
    "servicekit.testing.spans",
    "servicekit.testing.tiny_diffusion_store",
    "servicekit.testing.valkey",
    "servicekit.testing.rooms",
    "servicekit.testing.tiny_models",
    "servicekit.testing.triton",
    "tests.gateways",
    "tests.modal_app",
    "tests.model_services",
    "tests.receivers",
    "tests.sharing_out",
    "tests.stacks",
    "tests.workers",
]
