"""Values that all services must agree on to the letter."""
