"""Proof: checks of the project, verdicts that cannot lie, findings known again after they moved."""
