"""Settings from the environment, and which value of the Helm chart a wrong one comes from."""
