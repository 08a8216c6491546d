"""The checks of Go modules: the outermost ones, and those that a workspace names."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

from bridle.harness.verify.checks import Check, Stage, is_below, named
from bridle.harness.verify.survey import Survey, join

INSTALL = "install Go, or put it on PATH"
_USE = re.compile(r"^[ \t]*use\s+(?:\((?P<many>[^)]*)\)|(?P<one>[^\s(]+))", re.MULTILINE)


def find(survey: Survey) -> Iterator[Check]:
    """Yield the checks of every module, in no order that matters."""
    modules = _modules(survey)
    for module in modules:
        inner = [one for one in modules if one != module and is_below(one, module)]
        files = [path for path in survey.below(module, inner) if path.endswith(".go")]
        if files:
            yield _check("go-vet", "types", ("go",), module)
        if any(path.endswith("_test.go") for path in files):
            yield _check("go-test", "tests", ("go",), module)


def _modules(survey: Survey) -> list[str]:
    folders = survey.folders_with("go.mod")
    outermost = [folder for folder in folders if not any(is_below(folder, one) for one in folders if one != folder)]
    used = [join(folder, one) for folder in survey.folders_with("go.work") for one in _used(survey, folder)]
    named_too = [os.path.normpath(folder) for folder in used]
    return sorted(
        {*outermost, *(("" if one == "." else one) for one in named_too if ("" if one == "." else one) in folders)}
    )


def _used(survey: Survey, folder: str) -> Iterator[str]:
    for found in _USE.finditer(survey.text(join(folder, "go.work"))):
        for line in (found["many"] or found["one"]).splitlines():
            if path := line.partition("//")[0].strip().strip('"'):
                yield path


def _check(tool: str, stage: Stage, command: tuple[str, ...], module: str) -> Check:
    name = named(tool, module)
    program = shutil.which(command[0])
    if program is None:
        return Check(name, tool, stage, (), module, "", "Go is not installed: there is no 'go' on PATH", INSTALL)
    return Check(name, tool, stage, (program, *command[1:]), module)
