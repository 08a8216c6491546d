"""The way to a decision for whoever is about to act: the rules, then the hooks. No door has another one.

Rules are pure and hooks are programs, so this is where the two meet: each hook gets a bounded time, bounded output, an
environment without keys, and is dead with all of its children when it has answered.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bridle.harness.permission.decide import judge
from bridle.harness.permission.decision import Decision
from bridle.harness.permission.hooks import Hook, hears, question, refusal, verdict_of
from bridle.harness.permission.rules import Policy
from bridle.indexer.process import run

CAP_BYTES = 16 * 1024

_KEPT = frozenset(
    ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
)
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

Trusted = Callable[[], bool]


async def permit(policy: Policy, hooks: Sequence[Hook], trusted: Trusted, tool: str, subject: str) -> Decision:
    """Decide about a call, hooks included, without holding up the loop."""
    if tool != "Bash" and not any(hears(hook, tool) for hook in hooks):
        return judge(policy, tool, subject)
    return await asyncio.to_thread(permit_now, policy, hooks, trusted, tool, subject)


def permit_now(policy: Policy, hooks: Sequence[Hook], trusted: Trusted, tool: str, subject: str) -> Decision:
    """The same where there is no loop. Blocks for as long as the hooks take."""
    return consult(policy, hooks, trusted, tool, subject, judge(policy, tool, subject))


def consult(
    policy: Policy, hooks: Sequence[Hook], trusted: Trusted, tool: str, subject: str, decision: Decision
) -> Decision:
    """Ask the hooks about a call that was not denied; the first that refuses has the last word.

    A hook of the project is not run before somebody trusted the folder. Blocks for as long as the hooks take.
    """
    for hook in hooks:
        if decision.verdict == "deny":
            break
        if not hears(hook, tool) or (hook.origin == "project" and not trusted()):
            continue
        decision = _asked(policy, hook, question(policy.root, policy.mode, tool, subject, decision), decision)
    return decision


def _asked(policy: Policy, hook: Hook, text: bytes, before: Decision) -> Decision:
    environment = hook_environment(os.environ, policy.root)
    program = _program(hook, policy.root, environment["PATH"])
    if program is None:
        return refusal(hook, before, f"there is no program {hook.argv[0]!r}")
    try:
        done = run(
            [program, *hook.argv[1:]],
            cwd=policy.root,
            env=environment,
            timeout_s=hook.timeout_s,
            stdin=text,
            cap_bytes=CAP_BYTES,
        )
    except OSError as error:
        return refusal(hook, before, f"{hook.argv[0]!r} cannot be started: {error.strerror}")
    return verdict_of(hook, done, before)


def hook_environment(ours: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return what of our environment a hook gets: no key, and no folder of the workspace to find programs in."""
    kept = {name: value for name, value in ours.items() if name in _KEPT}
    entries = kept.get("PATH", _SYSTEM_PATH).split(os.pathsep)
    outside = [entry for entry in entries if entry.startswith("/") and not Path(entry).is_relative_to(root)]
    return {**kept, "PATH": os.pathsep.join(outside) or _SYSTEM_PATH}


def _program(hook: Hook, root: Path, path: str) -> str | None:
    """Return the program of a hook: by its name from the system, by a path from the project's root for its own."""
    name = hook.argv[0]
    if "/" not in name:
        return shutil.which(name, path=path)
    if not Path(name).expanduser().is_absolute() and hook.origin != "project":
        return None  # what a relative path means is the workspace's choice, and this hook is not its own
    return str(root / Path(name).expanduser())
