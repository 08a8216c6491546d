"""The rules of the house that import-linter cannot express."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("indexer", "context", "harness", "lsp_server", "mcp_server", "cli")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
BECOME_THE_COMMAND = ("harness/shadow/doorway.py", "harness/shadow/lockdown.py", "harness/shadow/reaper.py")
"""Scripts that run inside a shadow, in front of a command: they end by being it."""


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_the_floors_are_found() -> None:
    assert len(modules()) > 40


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("subprocess", {"indexer/process.py"}),
        ("anthropic", {"harness/model/live.py"}),
        ("mcp", {"harness/mcp/link.py", "mcp_server/server.py"}),
        ("mcp_types", {"harness/mcp/link.py", "mcp_server/server.py"}),
        ("chromadb", {"indexer/vectors/chroma.py"}),
        ("httpx2", {"harness/mcp/loopback.py", "harness/model/live.py"}),
        ("jsonschema", {"harness/mcp/schemas.py"}),
        ("sqlite3", {"indexer/store.py"}),
        ("keyring", {"harness/model/keys.py"}),
        ("networkx", {"indexer/graph.py"}),
        ("watchfiles", {"indexer/watching.py"}),
        ("shtab", {"cli/completion.py"}),
        (
            "tree_sitter",
            {
                "indexer/languages/grammars.py",
                "indexer/languages/blocks.py",
                "indexer/languages/captures.py",
                "indexer/languages/python.py",
                "indexer/languages/reparse.py",
                "indexer/languages/trees.py",
                "indexer/shell.py",
                "indexer/syntax.py",
            },
        ),
    ],
)
def test_a_library_is_known_in_its_home_alone(library: str, homes: set[str]) -> None:
    users = {path.relative_to(ROOT).as_posix() for path in modules() if library in imports(path)}
    assert users <= homes
    assert users, f"nobody imports {library} any more: take it out of this list"


def test_nobody_splits_lines_or_starts_programs_behind_the_house() -> None:
    banned = re.compile(r"\bos\.(system|popen|exec\w*|spawn\w*)\(|\bshell=True")
    found = [path.relative_to(ROOT).as_posix() for path in modules() if banned.search(path.read_text("utf-8"))]
    assert [path for path in found if path not in BECOME_THE_COMMAND] == []


def test_files_and_functions_keep_their_size() -> None:
    long_files = [p.relative_to(ROOT) for p in modules() if len(p.read_text("utf-8").split("\n")) > MAX_FILE_LINES]
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert long_files == []
    assert long_functions == []


def test_every_module_says_its_idea() -> None:
    silent = [p.relative_to(ROOT) for p in modules() if not ast.get_docstring(tree(p))]
    assert silent == []


def test_a_rooms_init_holds_its_idea_and_nothing_else() -> None:
    bodies = {path: tree(path).body for path in modules() if path.name == "__init__.py"}
    assert [path.relative_to(ROOT) for path, body in bodies.items() if len(body) > 1] == []


def test_the_architecture_page_names_every_module() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    there = {p.relative_to(ROOT).as_posix() for p in modules() if p.name != "__init__.py"}
    rows = re.findall(r"^\| `([\w/]+\.py)` \|", page, re.MULTILINE)
    named = set(re.findall(rf"`((?:{'|'.join(FLOORS)})/[\w/]+\.py)`", page))
    assert sorted(there - set(rows)) == []
    assert sorted(named - there) == []
    assert len(rows) == len(set(rows))


def test_no_tracked_file_names_a_registry() -> None:
    hosts = re.compile(
        rb"(pypi\.(org|python)|files\.pythonhosted|registry\.npmjs|registry\.yarnpkg|deb\.debian|npmmirror)"
    )
    named = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path != Path(__file__) and path.stat().st_size < 5_000_000 and hosts.search(path.read_bytes())
    ]
    assert named == []


def test_hosted_checks_run_actions_by_their_commit_and_are_told_of_every_python() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    used = re.findall(r"uses: *(\S+)", text)
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    promised = [found[1] for one in project["classifiers"] if (found := re.search(r"Python :: (3\.\d+)", one))]
    assert [python for python in promised if f'"{python}"' not in text] == []


def test_every_suppression_gives_its_reason() -> None:
    code = r"[A-Za-z]+\d*"
    codes = rf"(:\s*{code}(,\s*{code})*|\[[\w, -]+\])?"
    bare = re.compile(rf"#\s*(noqa|type:\s*ignore|pyright:\s*ignore){codes}\s*$")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1)
        if bare.search(line)
    ]
    assert found == []


def test_the_lock_has_hashes_and_covers_the_declared_packages() -> None:
    lock = (ROOT / "requirements-dev.txt").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.split(r"[\[<>=~! ;]", item, maxsplit=1)[0] for item in wanted]
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    assert [name for name in names if name.lower() not in locked] == []
    assert lock.count("--hash=sha256:") > len(locked)


def test_the_engine_protocol_and_the_door_import_nothing_heavy() -> None:
    code = (
        "import sys, bridle.harness.engine, bridle.harness.remote, bridle.lsp_server.server;"
        "print([m for m in ('anthropic','chromadb','mcp','numpy','networkx','tree_sitter') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
