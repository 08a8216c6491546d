"""Proof: checks with parsed reports, verdicts that cannot lie, gates."""
