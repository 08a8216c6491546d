"""Reads the tests of one version of a file, whatever its language. Pure."""

from __future__ import annotations

from bridle.harness.verify.gates.go_suites import read_go
from bridle.harness.verify.gates.rust_suites import read_rust
from bridle.harness.verify.gates.script_suites import read_script
from bridle.harness.verify.gates.source import Change, Version
from bridle.harness.verify.gates.suites import Suite, read_suite
from bridle.indexer.languages.trees import tree_of

READERS = {"js": read_script, "go": read_go, "rust": read_rust}


def suites_of(change: Change) -> tuple[Suite, Suite] | None:
    """Return what a file declares before and after; None where the text after cannot be compared any more."""
    if change.is_python:
        broken = change.after.exists and change.after.tree is None
        return (
            None
            if broken and not change.is_same
            else (read_suite(change.before.plain_tree), read_suite(change.after.plain_tree))
        )
    before, was_whole = _read(change, change.before)
    after, is_whole = _read(change, change.after)
    return None if was_whole and not is_whole else (before, after)


def _read(change: Change, version: Version) -> tuple[Suite, bool]:
    """Return what a version declares, and whether its grammar had nothing to say against it."""
    tree = tree_of(change.path, version.text)
    if tree is None:
        return read_suite(None), False
    return READERS[change.language](tree.root_node), not tree.root_node.has_error
