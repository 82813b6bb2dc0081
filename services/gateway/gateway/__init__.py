"""The one door for apps and other backends, and the worker that drives a job through the services."""
