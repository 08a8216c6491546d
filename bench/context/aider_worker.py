"""Asks aider's RepoMap, in an interpreter that has aider: JSON lines in (`root`, `query`, `files`), ranked places out.

As aider asks it where no file is in the chat: what the message names, files and identifiers, has its weight.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

from aider.repomap import RepoMap

MOST = 400


def main() -> None:
    """Answer line by line."""
    out = sys.stdout
    sys.stdout = sys.stderr  # what aider prints is no answer
    io = SimpleNamespace(
        tool_warning=lambda *_, **__: None,
        tool_error=lambda *_, **__: None,
        tool_output=lambda *_, **__: None,
        read_text=lambda path, **_: Path(path).read_text("utf-8", "replace"),
    )
    model = SimpleNamespace(token_count=lambda text: len(text) // 4)
    maps: dict[str, RepoMap] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        root = asked["root"]
        repo_map = maps.setdefault(root, RepoMap(root=root, io=io, main_model=model, map_tokens=4_096))
        words = set(re.split(r"\W+", asked["query"]))
        named = {path for path in asked["files"] if path in asked["query"].split() or Path(path).stem in words}
        files = [str(Path(root, path)) for path in asked["files"]]
        tags = repo_map.get_ranked_tags([], files, named, words)
        places = [_place(tag) for tag in tags]
        out.write(json.dumps([place for place in places if place][:MOST]) + "\n")
        out.flush()


def _place(tag: tuple[object, ...]) -> tuple[str, int] | None:
    """Return where a tag stands; files without any come as their name alone."""
    path, line = getattr(tag, "rel_fname", None), getattr(tag, "line", None)
    return (path, line) if isinstance(path, str) and isinstance(line, int) and line >= 0 else None


if __name__ == "__main__":
    main()
