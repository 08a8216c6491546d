"""Who may see a Python file is found by what imports say, and each step on the way up of a folder is taken once."""

from __future__ import annotations

from collections import Counter

from bridle.indexer.facts import SymbolId
from bridle.indexer.importers import MANY, Importers
from bridle.indexer.languages.readers import PYTHON
from bridle.indexer.linked import Linked


def linked(files: dict[str, str]) -> Linked:
    return Linked.of({path: PYTHON.facts(path, text.encode()) for path, text in files.items()})


def test_who_imports_a_file_sees_it_and_who_imports_that_one_and_nobody_else() -> None:
    state = linked({
        "pkg/__init__.py": "",
        "pkg/deep.py": "def f():\n    pass\n",
        "direct.py": "from pkg.deep import f\n",
        "behind.py": "import direct\n",
        "package.py": "import pkg\n\n\ndef g():\n    pkg.deep.f()\n",
        "starred.py": "from other import *\n\n\ndef h():\n    pkg.deep.f()\n",
        "namesake.py": "def deep():\n    return pkg\n",
        "apart.py": "import json\n",
    })  # fmt: skip
    seen = state.importers.of("pkg/deep.py")
    assert seen == {"pkg/deep.py", "direct.py", "behind.py", "package.py", "starred.py"}


def test_what_many_see_everybody_may_see() -> None:
    users = {f"user{n}.py": "import common\n" for n in range(MANY + 1)}
    assert linked({"common.py": "", **users}).importers.of("common.py") is None
    assert linked({"common.py": "", "user.py": "import common\n"}).importers.of("common.py") == {"common.py", "user.py"}


def test_each_step_up_is_taken_once_however_many_files_a_folder_has() -> None:
    files = {f"a/b/c/m{n}.py": f"from a.b.c import m{n - 1}\n" for n in range(1, 60)}
    state = linked({"a/__init__.py": "", "a/b/__init__.py": "", "a/b/c/__init__.py": "", "a/b/c/m0.py": "", **files})
    asked: Counter[str] = Counter()

    def mentioning(name: str) -> tuple[str, ...]:
        asked[name] += 1
        return state.mentions.get(name)

    found = Importers(lambda path: state.sources.get(SymbolId(f"{path}::")), mentioning).of("a/b/c/m0.py")
    assert found is not None
    assert len(found) == 60
    assert asked["c"] == asked["b"] == 1  # once for the folder, and not once for each of its files
    assert asked["c:"] == asked["b:"] == asked["a:"] == 1
