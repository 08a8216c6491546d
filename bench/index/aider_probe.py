"""aider's RepoMap of the Python files of one tree: `aider_probe.py aider TREE CACHE`, run by aider's own Python."""

import json
import os
import sys
import time
from pathlib import Path


class Main:
    """What RepoMap asks of a model: how many tokens a text has, here four characters each."""

    def token_count(self, text):
        return len(text) / 4


class Quiet:
    """What RepoMap tells nobody."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: None

    def read_text(self, path, **_):
        return Path(path).read_text("utf-8", "replace")


def main():
    from aider.repomap import RepoMap

    tree, cache = Path(sys.argv[2]), Path(sys.argv[3])
    cache.mkdir(parents=True, exist_ok=True)
    os.chdir(cache)
    files = [str(path) for path in sorted(tree.rglob("*.py")) if "site-packages" not in path.relative_to(tree).parts]
    RepoMap.TAGS_CACHE_DIR = str(cache / "tags")
    told = RepoMap(map_tokens=4096, root=str(tree), main_model=Main(), io=Quiet()).get_repo_map([], files)
    print(json.dumps({"at": time.time(), "characters": len(told or "")}))


if __name__ == "__main__":
    main()
