"""The program that drives a job through the model services."""
