"""`bridle doctor`: look at everything that Bridle needs here, by doing it, and say the next step where one is
missing.

It runs nothing of the repository, asks no model, and prints no key.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from bridle.cli.common import add_root, find_root, print_json
from bridle.harness.nouns import UserProblem

GIT_WAIT_S = 10.0
LEAST_FREE_BYTES = 64 << 20
MAX_REASONS = 5


class Condition(msgspec.Struct, frozen=True):
    """How one thing stands: a "warn" leaves something out, a "fail" leaves nothing that works."""

    name: str
    outcome: Literal["pass", "warn", "fail"]
    detail: str
    next_step: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)


def main(options: argparse.Namespace) -> int:
    """Look at everything; 1 when something fails."""
    conditions = examine(find_root(options.root))
    if options.json:
        print_json({"checks": conditions})
    else:
        for condition in conditions:
            print(_line(condition))
    return 1 if any(condition.outcome == "fail" for condition in conditions) else 0


def examine(root: Path) -> tuple[Condition, ...]:
    """Return how each thing stands, in a fixed order; one that breaks does not hide the others."""
    return tuple(_guarded(name, look, root) for name, look in _LOOKS.items())


def _guarded(name: str, look: Callable[[Path], Condition], root: Path) -> Condition:
    try:
        return look(root)
    except UserProblem as problem:
        return Condition(name, "fail", problem.message, problem.next_step)
    except Exception as error:  # noqa: BLE001 - what is broken here is what a doctor is to tell
        return Condition(name, "fail", f"{type(error).__name__}: {error}", "run it again with BRIDLE_DEBUG=1")


def _python(_root: Path) -> Condition:
    return Condition("python", "pass", f"{platform.python_version()} at {sys.executable}")


def _git(root: Path) -> Condition:
    from bridle.indexer.process import run

    program = shutil.which("git")
    if program is None:
        return Condition("git", "warn", "it is not on PATH", "install git: Bridle works without, but undo has no net")
    done = run([program, "--version"], cwd=root, env={"PATH": os.defpath}, timeout_s=GIT_WAIT_S)
    if done.exit_code != 0:
        return Condition("git", "warn", f"{program} does not answer", "install git again")
    inside = any((folder / ".git").exists() for folder in (root, *root.parents))
    where = "" if inside else "; this folder is in no repository"
    return Condition("git", "pass", done.stdout.decode("utf-8", "replace").strip() + where)


def _settings(root: Path) -> Condition:
    from bridle.harness.settings import load, user_file

    settings = load(root)
    files = [str(file) for file in (user_file(), root / "bridle.toml") if file.exists()]
    return Condition("settings", "pass", f"mode {settings.mode}; from {', '.join(files) or 'defaults alone'}")


def _state(root: Path) -> Condition:
    from bridle.harness.session.state import State
    from bridle.harness.session.storage import write_whole

    state = State(root)
    write_whole(state.folder / "probe", b"written by: bridle doctor\n")
    (state.folder / "probe").unlink()
    return Condition("state", "pass", f"{state.folder} can be written, by you alone")


def _trust(root: Path) -> Condition:
    from bridle.harness.permission.trust import Trust

    trust = Trust(root)
    standing = trust.standing
    if standing == "trusted":
        return Condition("trust", "pass", f"{root} is trusted")
    detail = "nobody trusted it yet" if standing == "unknown" else f"changed since: {', '.join(trust.changed())}"
    return Condition("trust", "warn", detail, "look at what the folder would run, then: bridle trust")


def _sandbox(root: Path) -> Condition:
    from bridle.harness.session.state import State
    from bridle.harness.settings import load
    from bridle.harness.shadow.shadow import SANDBOXES, probe

    settings = load(root)
    rungs = probe(State(root).shadows, settings.container)
    told = "; ".join(f"{rung.name}: {rung.detail or ('works' if rung.works else 'does not')}" for rung in rungs)
    works = [rung for rung in rungs if rung.works]
    steps = "; ".join(dict.fromkeys(rung.next_step for rung in rungs if rung.next_step))
    if not works:
        return Condition("sandbox", "fail", told, steps)
    if settings.sandbox_required and works[0].name not in SANDBOXES:
        return Condition("sandbox", "fail", f"one is required (sandbox.required), and none works here: {told}", steps)
    if works[0] is rungs[0]:
        return Condition("sandbox", "pass", f"{works[0].name}: {works[0].detail}")
    return Condition("sandbox", "warn", f"{works[0].name} ({told})", steps)


def _grammars(_root: Path) -> Condition:
    from bridle.indexer.languages.readers import READERS

    for reader in READERS:
        found = reader.facts(*reader.probe)
        if "probe" not in [symbol.name for symbol in found.symbols]:
            return Condition("grammars", "fail", f"that of {reader.name} misses a function", "install Bridle again")
    return Condition("grammars", "pass", ", ".join(reader.name for reader in READERS))


def _checks(root: Path) -> Condition:
    from bridle.harness.settings import load
    from bridle.harness.verify.finders.discover import discover

    settings = load(root)
    checks = discover(root, settings.python, declared=settings.declared)
    if not checks:
        step = "configure pytest, ruff or mypy in pyproject.toml"
        return Condition("checks", "warn", "this folder has none that Bridle knows", step)
    return Condition("checks", "pass", ", ".join(check.name for check in checks))


def _key(_root: Path) -> Condition:
    from bridle.harness.model.choose import endpoint_of
    from bridle.harness.model.keys import VARIABLE, stored_key
    from bridle.harness.settings import model_environment

    environment = model_environment(os.environ)
    endpoint = endpoint_of(environment)
    if environment.get(VARIABLE, "").strip():
        told = "in the environment, where whatever your editor starts can read it"
        return Condition("key", "pass", f"for {endpoint}, {told}")
    if stored_key(endpoint) is not None:
        return Condition("key", "pass", f"for {endpoint}, in the keyring")
    step = "set one with: bridle key set"
    return Condition("key", "warn", f"none for {endpoint}; all but the model works", step)


def _editors(_root: Path) -> Condition:
    program = shutil.which("bridle")
    lines = "Neovim: vim.lsp.enable('bridle'); VS Code: install the extension from editors/vscode"
    if program is None:
        step = f"put {Path(sys.executable).parent} on PATH, or name the program in the editor's settings"
        return Condition("editors", "warn", f"'bridle' is not on PATH. {lines}", step)
    return Condition("editors", "pass", f"{program} serve. {lines}")


def _mcp(root: Path) -> Condition:
    from bridle.cli.mcp import servers_of

    standings = servers_of(root).standings()
    told = ", ".join(f"{one.server.name} {one.state}" for one in standings) or "no server is declared"
    waiting = [one.next_step for one in standings if one.state not in ("approved", "off")]
    return Condition("mcp", "warn" if waiting else "pass", told, "; ".join(waiting))


def _index(root: Path) -> Condition:
    from bridle.harness.session.state import State
    from bridle.indexer.store import told

    state = State(root)
    free = shutil.disk_usage(state.folder).free
    if free < LEAST_FREE_BYTES:
        detail = f"{free >> 20} MB are left on the disk of {state.folder}, too little to keep it"
        return Condition("index", "warn", detail, "free some space there, or set XDG_STATE_HOME to another disk")
    standing = told(state.index)
    if standing is None:
        return Condition("index", "pass", "none made yet")
    if standing.problem:
        detail = f"what is kept cannot be used: {standing.problem}"
        return Condition("index", "warn", detail, "nothing has to be done: it is made again at the next start")
    unread = "".join(f"; {count} not read: {reason}" for reason, count in [*standing.unread.items()][:MAX_REASONS])
    return Condition("index", "pass", f"{standing.files} files are known{unread}")


def _sessions(root: Path) -> Condition:
    from bridle.harness.session.retention import MEBIBYTE
    from bridle.harness.session.state import State
    from bridle.harness.settings import load
    from bridle.harness.sweeping import kept

    keeping = load(root).sessions
    n_runs, size_bytes = kept(State(root))
    told = f"{n_runs} runs, {size_bytes / MEBIBYTE:.1f} MB; kept {keeping.days:g} days, {keeping.megabytes} MB at most"
    if size_bytes <= keeping.megabytes * MEBIBYTE:
        return Condition("sessions", "pass", told)
    step = "an editor lets go of the oldest when it is idle; what is interrupted or on offer stays: bridle sessions"
    return Condition("sessions", "warn", told, step)


def _vectors(root: Path) -> Condition:
    from bridle.harness.embedding import chosen
    from bridle.harness.model.keys import EMBEDDER_VARIABLE, Key
    from bridle.harness.session.state import State
    from bridle.harness.settings import load
    from bridle.indexer.vectors.chroma import EmbedderError, StoreError, open_server
    from bridle.indexer.vectors.embedders import OFFLINE
    from bridle.indexer.vectors.vectors import told

    settings = load(root).vectors
    if not settings.on:
        return Condition("vectors", "pass", "off")
    try:
        if settings.embedder != OFFLINE:
            secret = os.environ.get(EMBEDDER_VARIABLE, "").strip()
            chosen(settings, Key(secret, "environment") if secret else None)
        if settings.server:
            open_server(settings.server, "bridle").close()
    except EmbedderError as error:
        return Condition("vectors", "warn", error.message, error.next_step)
    except StoreError as error:
        return Condition("vectors", "warn", str(error), 'start the server, or set vectors to "on" to keep them here')
    standing = told(State(root).vectors)
    where = f"by {settings.embedder}, kept {f'at {settings.server}' if settings.server else 'here'}"
    if standing is None:
        return Condition("vectors", "pass", f"{where}; none made yet")
    told_besides = "; ".join(filter(None, (standing.problem, standing.note)))
    detail = f"{standing.embedded} {where}, {standing.missing} missing{f'; {told_besides}' if told_besides else ''}"
    if told_besides:
        return Condition("vectors", "warn", detail, "nothing has to be done: what is missing is made again")
    return Condition("vectors", "pass", detail)


_LOOKS: dict[str, Callable[[Path], Condition]] = {
    "python": _python,
    "git": _git,
    "settings": _settings,
    "state": _state,
    "sessions": _sessions,
    "trust": _trust,
    "sandbox": _sandbox,
    "grammars": _grammars,
    "index": _index,
    "vectors": _vectors,
    "checks": _checks,
    "key": _key,
    "editors": _editors,
    "mcp": _mcp,
}


def _line(condition: Condition) -> str:
    mark = {"pass": "ok  ", "warn": "note", "fail": "FAIL"}[condition.outcome]
    step = f"\n                next: {condition.next_step}" if condition.next_step else ""
    return f"{mark}  {condition.name:9} {condition.detail}{step}"
