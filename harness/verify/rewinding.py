"""Turns a shadow into the tree of an older commit, so that its findings can be told from newer ones.

Git runs inside the sandbox, on an index of its own: nothing that a repository configures reaches further than any
check does, and the person's index and tree stay as they are.
"""

from __future__ import annotations

import os

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import Shadow
from bridle.harness.verify.job import last_line

TIMEOUT_S = 120.0
REWIND = r"""
set -eu
git() { command git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.checkStat=minimal \
  -c core.trustctime=false -c core.untrackedCache=false "$@"; }
commit=$(git rev-parse --verify --quiet --end-of-options "$1^{commit}") || { echo "no such commit" >&2; exit 3; }
index=$(mktemp)
cp -- "$(git rev-parse --git-path index)" "$index" 2>/dev/null || rm -f -- "$index"
export GIT_INDEX_FILE="$index"
git read-tree --reset -u "$commit"
git ls-files -z --others --exclude-standard | xargs -0 -r rm -f --
rm -f -- "$index"
echo "$commit"
"""
DIFFERING = r"""
set -eu
git() { command git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.untrackedCache=false "$@"; }
git rev-parse --verify --quiet "HEAD^{commit}" > /dev/null || { echo "no commit" >&2; exit 3; }
git diff --no-ext-diff --no-textconv --name-only --relative -z HEAD --
git ls-files -z --others --exclude-standard
"""


def differing(shadow: Shadow) -> tuple[str, ...]:
    """Return the paths that differ from the last commit, those that are gone too. Raises UserProblem."""
    done = shadow.run(["/bin/sh", "-c", DIFFERING], timeout_s=TIMEOUT_S)
    if done.exit_code != 0 or done.timed_out:
        why = "it did not end in time" if done.timed_out else last_line(done.stderr) or f"exit code {done.exit_code}"
        raise UserProblem(f"what differs from the last commit cannot be told: {why}", "verify without --changed")
    return tuple(sorted({os.fsdecode(path) for path in done.stdout.split(b"\0") if path}))


def rewind(shadow: Shadow, revision: str) -> str:
    """Make the shadow show the tree of `revision`; returns the commit's id.

    Raises:
        UserProblem: there is no git repository or no such commit, or git cannot run in this shadow.
    """
    done = shadow.run(["/bin/sh", "-c", REWIND, "rewind", revision], timeout_s=TIMEOUT_S)
    if done.exit_code == 0 and not done.timed_out:
        return done.stdout.decode("ascii", "replace").split()[-1]
    if done.exit_code == 3:
        raise UserProblem(f"there is no commit {revision!r} here", "name a commit, a branch or a tag: git log")
    why = "it did not end in time" if done.timed_out else last_line(done.stderr) or f"exit code {done.exit_code}"
    raise UserProblem(f"the tree of {revision!r} cannot be had: {why}", "verify without --since")
