"""Attacks on what faces the outside, as tests and as a program."""
