"""The API for apps and other backends, and the worker that drives each job through the services."""
