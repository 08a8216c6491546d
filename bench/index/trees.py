"""The trees that are measured: this project's own code, parts of public ones of a given size, many small files."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
STDLIB = Path(sysconfig.get_path("stdlib"))
FLOORS = ("indexer", "context", "harness", "lsp_server", "mcp_server", "cli")


def python_files(root: Path) -> Iterator[Path]:
    """Yield the Python files of a tree in a stable order, other people's packages in it left out."""
    for path in sorted(root.rglob("*.py")):
        if "site-packages" not in path.relative_to(root).parts:
            yield path


def own(target: Path) -> Path:
    """Return a copy of this project's floors as one package."""
    for floor in FLOORS:
        shutil.copytree(HOUSE / floor, target / "bridle" / floor, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def sized(target: Path, sources: Iterable[Path], n_lines: int) -> Path:
    """Return a tree of the first `n_lines` lines of all sources, whole files, or of all that there are."""
    left = n_lines
    for source in sources:
        for path in python_files(source):
            if left <= 0:
                return target
            data = path.read_bytes()
            left -= data.count(b"\n")
            place = target / source.name / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    return target


def small_files(target: Path, n_files: int) -> Path:
    """Return a tree of so many files of seven lines, a hundred in a folder, each using one of its neighbours."""
    for n in range(n_files):
        folder = target / f"pack{n // 100}"
        if n % 100 == 0:
            folder.mkdir(parents=True)
            (folder / "__init__.py").touch()
        before = f"from pack{n // 100}.mod{n - 1} import give{n - 1}\n\n\n" if n % 100 else "\n"
        body = f"    return give{n - 1}() + {n}" if n % 100 else f"    return {n}"
        (folder / f"mod{n}.py").write_text(f"{before}def give{n}():\n{body}\n")
    return target
