"""The checks of Rust packages: each member of a workspace is one, and what is built of one serves the others."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import msgspec

from bridle.harness.verify.checks import Check, Stage, is_below, named
from bridle.harness.verify.survey import Survey, join

INSTALL = "install Rust with rustup, or put cargo on PATH"
MAX_SOURCES = 2_000
CLIPPY_FILES = ("clippy.toml", ".clippy.toml")

_TESTS = re.compile(r"#\[[\w:]*test\b|#\[cfg\(test\)\]|^[ \t]*//[/!]\s*```", re.MULTILINE)
_LINTS = re.compile(r"^[ \t]*\[(?:workspace\.)?lints\.clippy\b|^[ \t]*clippy\s*=", re.MULTILINE)
_CLIPPY = r"\bcargo\s+(?:\+\S+\s+)?clippy\b|clippy-check|^[ \t]*(?:-\s*)?id:\s*clippy\b"
_ALLOWED = re.compile(r"#!\[(?:allow|warn|deny|forbid)\(clippy::")


class _Workspace(msgspec.Struct, frozen=True):
    members: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class _Dependency(msgspec.Struct, frozen=True):
    path: str = ""


class _Manifest(msgspec.Struct, frozen=True):
    package: dict[str, Any] | None = None
    workspace: _Workspace | None = None
    dependencies: dict[str, _Dependency | str] = {}


def find(survey: Survey) -> Iterator[Check]:
    """Yield the checks of every package, in no order that matters."""
    folders = survey.folders_with("Cargo.toml")
    tops = [folder for folder in folders if not any(is_below(folder, one) for one in folders if one != folder)]
    for top in tops:
        packages = _packages(survey, top, folders)
        linted = _is_linted(survey, top)
        for package in packages:
            inner = [one for one in packages if one != package and is_below(one, package)]
            sources = [path for path in survey.below(package, inner) if path.endswith(".rs")]
            yield _check("cargo-check", "types", ("cargo", "check"), package)
            if linted or _is_linted(survey, package):
                yield _check("cargo-clippy", "style", ("cargo", "clippy"), package)
            if any(_TESTS.search(survey.text(path)) for path in sources[:MAX_SOURCES]):
                yield _check("cargo-test", "tests", ("cargo", "test"), package)


def _packages(survey: Survey, top: str, folders: tuple[str, ...]) -> list[str]:
    """Return the packages of the workspace at `top`; one that cannot be read is one, so that cargo says why."""
    manifest = _manifest(survey, top)
    if manifest is None:
        return [top]
    found = {top} if manifest.package is not None else set[str]()
    if manifest.workspace is not None:
        below = [(folder, folder.removeprefix(f"{top}/") if top else folder) for folder in folders if folder != top]
        for folder, inner in below:
            is_member = any(fnmatch.fnmatchcase(inner, member.strip("/")) for member in manifest.workspace.members)
            if is_member and is_below(folder, top) and not _is_among(inner, manifest.workspace.exclude):
                found.add(folder)
    waiting = sorted(found | {top})
    while waiting:  # what a member depends on by its path is a member too
        here = waiting.pop()
        fresh = {folder for folder in _beside(survey, here) if folder in folders and is_below(folder, top)} - found
        fresh.discard(top)
        found |= fresh
        waiting += sorted(fresh)
    return sorted(found)


def _beside(survey: Survey, folder: str) -> Iterator[str]:
    manifest = _manifest(survey, folder)
    for dependency in (manifest.dependencies if manifest else {}).values():
        if isinstance(dependency, _Dependency) and dependency.path:
            whole = os.path.normpath(join(folder, dependency.path))
            if whole != "." and not whole.startswith(".."):
                yield whole


def _is_among(folder: str, patterns: tuple[str, ...]) -> bool:
    return any(is_below(folder, pattern.strip("/")) for pattern in patterns)


def _manifest(survey: Survey, folder: str) -> _Manifest | None:
    try:
        return msgspec.toml.decode(survey.text(join(folder, "Cargo.toml")), type=_Manifest)
    except msgspec.DecodeError:
        return None


def _is_linted(survey: Survey, folder: str) -> bool:
    """Tell whether the project says that clippy is for it: in its configuration, its code or what it runs by itself."""
    if any(survey.holds(join(folder, name)) for name in CLIPPY_FILES) or survey.mentions(_CLIPPY):
        return True
    if _LINTS.search(survey.text(join(folder, "Cargo.toml"))):
        return True
    return any(_ALLOWED.search(survey.text(join(folder, name))[:4_000]) for name in ("src/lib.rs", "src/main.rs"))


def _check(tool: str, stage: Stage, command: tuple[str, ...], package: str) -> Check:
    name, program = named(tool, package), shutil.which(command[0])
    if program is None:
        return Check(name, tool, stage, (), package, "", "Rust is not installed: there is no 'cargo' on PATH", INSTALL)
    return Check(name, tool, stage, (program, *command[1:]), package)
