"""Fixtures that any test may use, one plugin a topic."""

pytest_plugins = [
    "servicekit.testing.hub",
    "servicekit.testing.s3",
    "servicekit.testing.joblog",
    "servicekit.testing.valkey",
]
