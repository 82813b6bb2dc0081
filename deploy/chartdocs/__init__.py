"""What operators read and Helm checks, made from the charts' `values.yaml`: README tables and JSON schemas."""
