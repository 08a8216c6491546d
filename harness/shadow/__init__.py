"""The copy-on-write view of the workspace that everything runs in."""
