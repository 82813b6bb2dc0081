"""Settings from the environment, and hints where an operator mends a wrong one."""
