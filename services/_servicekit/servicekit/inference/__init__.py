"""Running models: engines, executors, devices, and the transports to where models are hosted."""
