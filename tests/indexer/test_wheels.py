"""Versions by the names of folders are those that the installer's own records tell."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from bridle.indexer.store import _PARSERS
from bridle.indexer.wheels import versions


def test_every_parser_has_the_version_that_its_metadata_tells() -> None:
    assert versions(_PARSERS) == [version(name) for name in _PARSERS]


def test_the_first_on_the_path_counts_as_for_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, number in (("a", "1.0"), ("b", "2.0")):
        (tmp_path / place / f"Some_Thing-{number}.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "none"), str(tmp_path / "a"), str(tmp_path / "b")])
    assert versions(["some-thing"]) == ["1.0"]


def test_a_package_in_another_form_is_asked_for_and_one_that_is_not_there_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.egg-info").mkdir()
    (tmp_path / "odd.egg-info" / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 3.1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert versions(["odd"]) == ["3.1"]
    with pytest.raises(PackageNotFoundError, match="even"):
        versions(["even"])


def test_a_start_on_a_kept_index_loads_neither_an_event_loop_nor_what_parses(tmp_path: Path) -> None:
    """What a warm start can do without: a quarter of it went to such imports."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "till.py").write_text("def pay():\n    return 1\n")
    program = (
        "import sys; from pathlib import Path; from bridle.indexer.index import Index\n"
        "index = Index(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "found = index.refresh(); index.close()\n"
        "print(found.stats.parsed, sorted({'asyncio', 'concurrent.futures', 'importlib.metadata', 'tree_sitter'}"
        " & sys.modules.keys()))"
    )
    argv = [sys.executable, "-c", program, str(tmp_path / "tree"), str(tmp_path / "store.db")]
    first, second = (subprocess.run(argv, check=True, capture_output=True, text=True).stdout for _ in range(2))
    assert first.split()[0] == "1"
    assert second == "0 []\n"
