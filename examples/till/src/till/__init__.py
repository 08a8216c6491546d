"""A small shop's till."""
