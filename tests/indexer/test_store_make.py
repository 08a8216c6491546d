"""What makes a store another one."""

from __future__ import annotations

import pytest

from bridle.indexer import store


def test_a_new_grammar_or_parser_makes_another_store(monkeypatch: pytest.MonkeyPatch) -> None:
    before = store._make()
    assert store._make() == before
    monkeypatch.setattr(store, "version", lambda name: "99" if name == "tree-sitter-python" else "1")
    assert store._make() != before
