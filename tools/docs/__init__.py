"""The documentation site: pages that are written by hand, and a reference made of protos, docstrings and OpenAPI."""
