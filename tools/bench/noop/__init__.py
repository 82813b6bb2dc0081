"""Model services that do nothing: what is left of a job's time is the system's own."""
