"""Fixtures that any test may use, one plugin a topic."""

pytest_plugins = ["servicekit.testing.s3"]
