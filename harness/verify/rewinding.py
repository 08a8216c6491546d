"""Turns a shadow into the tree of an older commit, so that its findings can be told from newer ones.

Git runs inside the sandbox, on an index of its own: nothing that a repository configures reaches further than any
check does, and the person's index and tree stay as they are.
"""

from __future__ import annotations

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
