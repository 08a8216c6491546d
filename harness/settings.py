"""What the person set: their own file, the project's, and the editor's, made into one frozen whole.

Above all stands what the machine's owner manages for everybody on it (``/etc/bridle/managed.toml``). The user's
``config.toml`` says everything else. The project's ``bridle.toml`` can only tighten: less budget, a tighter mode, more
to ask about and to deny, hooks that may say no. The editor's settings may come from the project too (``.vscode``), so
they choose what is shown and checked but loosen nothing. Which model, where its requests go, how it edits, which Python
runs and what a check may reach beyond the sandbox is the user's alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import platformdirs

from bridle.context.readform import ReadMode
from bridle.harness import tightening
from bridle.harness.mcp.definition import Server, declared
from bridle.harness.model.endpoints import Endpoints, shipped_endpoints
from bridle.harness.model.modelsfile import NAME as MODELS_FILE
from bridle.harness.model.modelsfile import load_models
from bridle.harness.model.profiles import Profiles, shipped
from bridle.harness.model.purse import Ceilings
from bridle.harness.nouns import Budget, UserProblem
from bridle.harness.permission.hooks import Hook
from bridle.harness.permission.rules import (
    EFFECTS,
    MODES,
    TOOLS,
    Mode,
    Origin,
    Policy,
    PolicyRule,
    check_examples,
    mode_of,
    parse_rule,
)
from bridle.harness.phases.sources import Source, declared_sources
from bridle.harness.session.retention import Keeping
from bridle.harness.session.state import state_home
from bridle.harness.settingsfiles import (
    CheckPart,
    EditorSettings,
    EditTool,
    Example,
    Hooks,
    ManagedFile,
    Navigation,
    Part,
    ProjectFile,
    Rerank,
    Rules,
    Shelter,
    Show,
    Tighter,
    UserFile,
    VectorsPart,
)
from bridle.harness.shadow.contained import Container
from bridle.harness.shadow.limits import Limits, usual_limits
from bridle.harness.tightening import Proof
from bridle.harness.tomlfile import convert, line_of, read_toml
from bridle.harness.verify.checkers.registry import CHECKERS
from bridle.harness.verify.checks import Check
from bridle.harness.verify.finders.declared import CheckEntry, declared_checks
from bridle.harness.verify.needs import access_of

MANAGED_FILE = Path("/etc/bridle/managed.toml")
"""What holds for everybody on this machine, written by whoever administers it."""


class Embedding(msgspec.Struct, frozen=True):
    """Where vectors are kept and what makes them: see `VectorsPart`. `server` is "" for this machine."""

    on: bool = True
    server: str = ""
    embedder: str = "lsa"
    address: str = ""


class Settings(msgspec.Struct, frozen=True):
    """All settings of one workspace.

    `python` is the project's interpreter, None to find it; `model` and `base_url` are "" for their defaults;
    `models` are those that phases may name, by class; a talk of more than `compact_tokens` is made shorter. `profiles`
    and `endpoints` are what is known of each model and of where it is asked.
    `ceiling` holds for all runs together.
    `timeout_s` is for each check; `limits` are of each command in the sandbox; `needs` is what each check is granted
    beyond it (check → "loopback:PORT" …). `read_mode` is how lines are named to the model, `edit_tool` what it edits
    with, None for what suits the model.
    `mcp` are the MCP servers, `source` the sources, the person's and the project's. `tests` says what proves a change.
    `declared` are the checks that the person declares for all their projects, and those of this project.
    `hooks` are asked after the rules, those of the machine's owner first. `sessions` says how long runs are remembered.
    `rerank` says whether a model puts candidates in order.
    """

    policy: Policy
    python: str | None = None
    model: str = ""
    base_url: str = ""
    models: dict[str, str] = {}
    compact_tokens: int = 60_000
    profiles: Profiles = msgspec.field(default_factory=shipped)
    endpoints: Endpoints = msgspec.field(default_factory=shipped_endpoints)
    ceiling: Ceilings = Ceilings()
    budget: Budget = Budget()
    checks_on_save: bool = True
    timeout_s: float = 120.0
    context_tokens: int = 4_000
    lint: Show = "auto"
    types: Show = "auto"
    navigation: Navigation = "fallback"
    sandbox_required: bool = False
    container: Container | None = None
    limits: Limits = msgspec.field(default_factory=usual_limits)
    needs: dict[str, tuple[str, ...]] = {}
    read_mode: ReadMode = "check"
    edit_tool: EditTool | None = None
    mcp: tuple[Server, ...] = ()
    source: dict[str, Source] = {}
    hooks: tuple[Hook, ...] = ()
    tests: Proof = Proof()
    declared: tuple[Check, ...] = ()
    vectors: Embedding = Embedding()
    sessions: Keeping = Keeping()
    rerank: Rerank = "off"

    @property
    def mode(self) -> Mode:
        """How much is free without a question."""
        return self.policy.mode

    @property
    def rules(self) -> tuple[PolicyRule, ...]:
        """The rules of all files."""
        return self.policy.rules


def user_file() -> Path:
    """Return where the person's own settings are: ``$XDG_CONFIG_HOME/bridle/config.toml``."""
    return platformdirs.user_config_path("bridle", appauthor=False).absolute() / "config.toml"


def load_user() -> UserFile:
    """Return what the person set for all their workspaces. Raises UserProblem as `load` does."""
    path = user_file()
    found = read_toml(path, UserFile, {})
    _check_address(found.base_url, path, "base_url")
    vectors = vectors_part(found)
    _check_address(vectors.address, path, "vectors.address")
    _check_address(vectors.store if "://" in vectors.store else "", path, "vectors.store")
    return found


def model_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment`, with what the person's own file says of the model where that is silent."""
    user = load_user()
    named = {"BRIDLE_MODEL": user.model, "ANTHROPIC_BASE_URL": user.base_url}
    return {**{key: value for key, value in named.items() if value}, **environment}


def load(root: Path, client: Mapping[str, object] | None = None, managed_file: Path | None = None) -> Settings:
    """Return the settings of the workspace at `root`; `client` are those of the editor.

    `managed_file` is the one of the machine's owner, None for the customary place.

    Raises:
        UserProblem: a file cannot be read, or a key or a value is not allowed there; it names the line.
    """
    mine, its, theirs = user_file(), root / "bridle.toml", managed_file or MANAGED_FILE
    user, managed = load_user(), _managed(theirs)
    project = read_toml(its, ProjectFile, _reserved(ProjectFile, mine))
    editor = convert(client or {}, EditorSettings, _reserved(EditorSettings, mine), "the editor's settings")
    rules = (
        *_rules(managed.permission, "managed", theirs),
        *_rules(user.permission, "user", mine),
        *_rules(editor.permission, "project-local", None),
        *_rules(project.permission, "project", its),
    )
    modes: list[Mode] = [mode_of(user.mode or "edit")]
    modes.extend(mode_of(file.mode) for file in (managed, editor, project) if file.mode)
    hooks = (*_hooks(managed.hooks, "managed", theirs), *_hooks(user.hooks, "user", mine))
    on_save = user.checks_on_save if editor.checks_on_save is None else editor.checks_on_save
    described = load_models(mine.parent / MODELS_FILE)
    private = (state_home(), mine.parent, theirs.parent)
    return Settings(
        policy=Policy(root.resolve(), min(modes, key=MODES.index), rules, private=private),
        python=str(Path(user.python).expanduser()) if user.python else None,
        model=user.model,
        base_url=user.base_url,
        models={name: model for name, model in msgspec.structs.asdict(user.models).items() if model},
        compact_tokens=user.compact_tokens,
        profiles=described.profiles,
        endpoints=described.endpoints,
        ceiling=Ceilings(
            tightening.ceiling(user.ceiling.session, managed.ceiling.session),
            tightening.ceiling(user.ceiling.day, managed.ceiling.day),
        ),
        budget=tightening.budget(user.budget, editor.budget, project.budget),
        checks_on_save=on_save is not False and project.checks_on_save is not False,
        timeout_s=tightening.least(editor.timeout_s or user.timeout_s or 120.0, project.timeout_s),
        context_tokens=tightening.least(editor.context_tokens or user.context_tokens or 4_000, project.context_tokens),
        lint=tightening.shown(editor.diagnostics.lint, user.diagnostics.lint),
        types=tightening.shown(editor.diagnostics.types, user.diagnostics.types),
        navigation=editor.navigation or user.navigation,
        sandbox_required=any(file.sandbox.required for file in (managed, user, editor, project)),
        container=_container(user.sandbox, mine),
        limits=tightening.limits(user.sandbox, project.sandbox),
        needs={name: check.needs for name, check in user.checks.items() if _check_needs(name, check, mine)},
        read_mode=user.read_mode,
        edit_tool=user.edit_tool,
        mcp=declared(user.mcp, project.mcp),
        source=declared_sources((user.source, mine), (project.source, its)),
        hooks=(*hooks, *_hooks(project.hooks, "project", its)),
        declared=_declared((user.declared, mine), (project.declared, its)),
        tests=tightening.proof(user.tests, editor.tests, project.tests),
        vectors=_embedding(user, project),
        sessions=Keeping(user.sessions.keep_days, user.sessions.keep_mb),
        rerank=user.context.rerank,
    )


def _reserved(shape: type[Part], mine: Path) -> dict[str, str]:
    """Return the keys that only the user's own file may have, each with what to do."""
    only = set(UserFile.__struct_encode_fields__) - set(shape.__struct_encode_fields__)
    return {key: f"set it in {str(mine)!r}, which is yours alone" for key in sorted(only)}


def _rules(permission: Tighter, origin: Origin, path: Path | None) -> tuple[PolicyRule, ...]:
    found: list[PolicyRule] = []
    for effect in EFFECTS:
        entries: Rules = getattr(permission, effect, ())
        for entry in entries:
            example = Example(entry) if isinstance(entry, str) else entry
            try:
                rule = parse_rule(example.rule)
                check_examples(rule, example.match, example.not_match, fold=effect != "allow")
            except UserProblem as problem:
                raise UserProblem(f"{_where(path, effect)}: {problem.message}", problem.next_step) from problem
            found.append(PolicyRule(effect, rule, origin))
    return tuple(found)


def _hooks(parts: Hooks, origin: Origin, path: Path) -> tuple[Hook, ...]:
    for part in parts:
        unknown = [tool for tool in part.tools if tool not in TOOLS and not tool.startswith("mcp__")]
        if unknown:
            where = f"{path}:{line_of(path.read_text('utf-8-sig'), ('hook', 'tools'))}"
            raise UserProblem(f"{where}: there is no tool {unknown[0]!r}", f"the tools are {', '.join(TOOLS)}, mcp__…")
    return tuple(Hook(part.name, part.argv, origin, part.tools, part.timeout_s) for part in parts)


def _declared(user: tuple[Sequence[CheckEntry], Path], project: tuple[Sequence[CheckEntry], Path]) -> tuple[Check, ...]:
    """Return the checks of both files; no name is given twice. Raises UserProblem, which names the line."""
    own = _declarations(*user, ())
    return (
        *(msgspec.structs.replace(check, everywhere=True) for check in own),
        *_declarations(*project, [check.name for check in own]),
    )


def _declarations(entries: Sequence[CheckEntry], path: Path, taken: Sequence[str]) -> tuple[Check, ...]:
    def where(number: int, key: str) -> str:
        return f"{path}:{line_of(path.read_text('utf-8-sig'), ('check', key), number)}"

    return declared_checks(entries, (*CHECKERS, *taken), where)


def _managed(path: Path) -> ManagedFile:
    """Return what the machine's owner says. Raises UserProblem, also when somebody else may write it."""
    if path.exists():
        found = path.stat()
        if found.st_mode & 0o022 or found.st_uid not in (0, os.geteuid()):
            raise UserProblem(
                f"others than its owner may write {str(path)!r}", "let its administrator own it, and run: chmod 644"
            )
    return read_toml(path, ManagedFile, {})


def _where(path: Path | None, effect: str) -> str:
    if path is None:
        return "the editor's settings"
    return f"{path}:{line_of(path.read_text('utf-8-sig'), ('permission', effect))}"


def vectors_part(user: UserFile) -> VectorsPart:
    """Return what the person says of vectors, in whichever of the two forms."""
    return VectorsPart(store=user.vectors) if isinstance(user.vectors, str) else user.vectors


def _embedding(user: UserFile, project: ProjectFile) -> Embedding:
    """Return what the person says of vectors; the project can only do without."""
    part = vectors_part(user)
    return Embedding(
        on=part.store != "off" and project.vectors != "off",
        server=part.store.rstrip("/") if "://" in part.store else "",
        embedder=part.embedder,
        address=part.address,
    )


def _check_address(address: str, mine: Path, key: str) -> None:
    """A key or code goes to this address: nobody on the way may be able to read it."""
    parts = urlsplit(address)
    if address and parts.scheme != "https" and not (parts.scheme == "http" and _is_near(parts.hostname or "")):
        where = f"{mine}:{line_of(mine.read_text('utf-8-sig'), tuple(key.split('.')))}"
        raise UserProblem(f"{where}: {key!r} is {address!r}", "use https, or http on your own network")


def _is_near(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost"


def _container(user: Shelter, mine: Path) -> Container | None:
    if not user.container:
        return None
    if not user.image or user.image.startswith("-"):
        where = f"{mine}:{line_of(mine.read_text('utf-8-sig'), ('sandbox', 'container'))}"
        raise UserProblem(f"{where}: a container needs an image", 'name one that has your tools: image = "…"')
    return Container(user.container, user.image)


def _check_needs(name: str, check: CheckPart, mine: Path) -> bool:
    """Tell whether a check needs anything; raises UserProblem where it says what cannot be granted."""
    try:
        access_of(check.needs)
    except UserProblem as problem:
        where = f"{mine}:{line_of(mine.read_text('utf-8-sig'), ('checks', name, 'needs'))}"
        raise UserProblem(f"{where}: {problem.message}", problem.next_step) from problem
    return bool(check.needs)
