"""Workflows as data: their phases, what is wrong with them, where they are."""
