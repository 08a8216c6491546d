"""What makes a store another one."""

from __future__ import annotations

import pytest

from bridle.indexer import store, wheels


def test_a_new_grammar_or_parser_makes_another_store(monkeypatch: pytest.MonkeyPatch) -> None:
    before = store._make()
    assert store._make() == before
    listed = dict(zip(store._PARSERS, wheels.versions(store._PARSERS), strict=True))
    monkeypatch.setattr(store, "versions", lambda names: [{**listed, "tree-sitter-python": "99"}[one] for one in names])
    assert store._make() != before
