"""What git's last commit holds of some files: one call of the person's own git, which runs nothing of the repository.

`git cat-file` reads no index and applies no filter; fetching what a partial clone left out is switched off.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bridle.indexer.process import run

TIMEOUT_S = 5.0
MAX_PATHS = 60
MAX_BYTES = 16 * 1024 * 1024
HEAD = "HEAD"

_FIXED = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}


def at_head(root: Path, paths: Sequence[str], environ: Mapping[str, str] = os.environ) -> dict[str, bytes | None]:
    """Return the bytes of `paths` below `root` as they were committed last, None for a file that was not there.

    Empty where there is no commit to ask, no git, or no answer in time: then nothing is known of the past.
    """
    asked = [path for path in dict.fromkeys(paths) if path and "\n" not in path][:MAX_PATHS]
    git = git_of(root, environ)
    if not asked or git is None:
        return {}
    program, env = git
    names = [HEAD, *(f"{HEAD}:./{path}" for path in asked)]
    try:
        done = run(
            [program, "cat-file", "--batch"],
            cwd=root,
            env=env,
            timeout_s=TIMEOUT_S,
            stdin="".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"),
            cap_bytes=MAX_BYTES,
        )
    except OSError:
        return {}
    if done.exit_code != 0 or done.truncated:
        return {}
    commit, *found = list(objects(done.stdout)) or [None]
    if commit is None or len(found) != len(asked):
        return {}
    return dict(zip(asked, found, strict=True))


def git_of(root: Path, environ: Mapping[str, str] = os.environ) -> tuple[str, dict[str, str]] | None:
    """Return the person's own git and the environment to ask it in; None where there is none but the repository's."""
    program = shutil.which("git", path=environ.get("PATH", ""))
    if program is None or not Path(program).is_absolute() or Path(program).is_relative_to(root):
        return None
    return program, {name: environ[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME") if name in environ} | _FIXED


def objects(data: bytes) -> Iterator[bytes | None]:
    """Yield the objects of what ``git cat-file --batch`` printed, None for one that is missing.

    Ends at what is not of that form.
    """
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        words = data[at:end].rsplit(b" ", 2)
        if end < 0:
            return
        at = end + 1
        if words[-1] in (b"missing", b"ambiguous"):
            yield None
        elif len(words) == 3 and words[-1].isdigit():
            size = int(words[-1])
            yield data[at : at + size]
            at += size + 1
        else:
            return
