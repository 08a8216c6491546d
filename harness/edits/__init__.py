"""Hashline edits: anchors, revisions, the checks before anything is written."""
