"""The HTTP endpoints, one topic a file."""
