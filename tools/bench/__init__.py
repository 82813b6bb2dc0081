"""What the system costs in time and memory, measured on a real stack: `make bench`."""
