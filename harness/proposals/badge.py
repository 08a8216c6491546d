"""What may be said of a patch, in words: pure. The word is "verified", always with its object."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bridle.harness.nouns import Badge, Finding, Flag, Proposal, Verdict
from bridle.harness.titles import headline

AS_IT_WAS = "with the tests and the configuration as they were"
AS_WELL = f", {AS_IT_WAS} too"
UNVERIFIED = Badge("unverified", "not verified yet")


def badge(
    verdicts: Sequence[Verdict],
    flags: Sequence[Flag],
    wanted: Finding | None = None,
    before: Sequence[Verdict] = (),
) -> Badge:
    """Return the badge that these verdicts earn together.

    A check that does not pass only because of findings that were there before does not spoil it, but is named.
    `wanted` is the finding that the run was to remove: it must be gone. `before` is what the checks said of the same
    code with the tests and the configuration as they were: it must be as green.
    """
    tree = verdicts[0].tree if verdicts else ""
    blocking = [flag for flag in flags if flag.blocks]
    if blocking:
        return Badge("refused", f"refused: {blocking[0].reason}" + _more(len(blocking) - 1), tree)
    if not verdicts:
        return Badge("unverified", "unverified: no check known, declare one", tree)
    if any(verdict.tree != tree for verdict in verdicts):
        return Badge("unknown", "unknown: the tree moved between two checks", tree)
    unclear = [verdict for verdict in verdicts if verdict.outcome in ("unknown", "timeout", "flaky")]
    if unclear:
        return Badge("unknown", f"not verified: {unclear[0].check}: {unclear[0].reason or unclear[0].outcome}", tree)
    if wanted is not None and any(same(finding, wanted) for v in verdicts for finding in v.findings):
        return Badge("not green", f"not green: still there: {headline(wanted)}", tree)
    fresh = [finding for verdict in verdicts for finding in verdict.findings if blames(finding)]
    if fresh:
        return Badge("not green", f"not green: {headline(fresh[0])}" + _more(len(fresh) - 1), tree)
    if any(verdict.outcome == "fail" and not verdict.findings for verdict in verdicts):
        return Badge("unknown", "not verified: a check failed without a finding", tree)
    objects = ", ".join(map(_object, verdicts)) + (AS_WELL if before else "")
    return _by_the_old_proof(before, tree) or Badge(
        "verified", f"verified: {objects}; sandbox: {verdicts[0].rung}", tree
    )


def _by_the_old_proof(before: Sequence[Verdict], tree: str) -> Badge | None:
    """Return the badge of a change that is green only by what it did to the proof, None where it is green by both."""
    fresh = [finding for verdict in before for finding in verdict.findings if finding.new]
    if fresh:
        return Badge("refused", f"refused: {AS_IT_WAS}: {headline(fresh[0])}" + _more(len(fresh) - 1), tree)
    unclear = [verdict for verdict in before if verdict.outcome not in ("pass", "fail")]
    if unclear:
        why = unclear[0].reason or unclear[0].outcome
        return Badge("unknown", f"not verified: {AS_IT_WAS}: {unclear[0].check}: {why}", tree)
    if any(verdict.outcome == "fail" and not verdict.findings for verdict in before):
        return Badge("unknown", f"not verified: {AS_IT_WAS}, a check failed without a finding", tree)
    return None


def stale(earned: Badge, changed: Sequence[str]) -> Badge:
    """Return the badge of a proposal whose ground moved since it was earned."""
    if not changed or earned.state != "verified":
        return earned
    return Badge("stale", "verified, then changed: " + ", ".join(changed[:3]) + _more(len(changed) - 3), earned.tree)


def as_chosen(proposal: Proposal, proved: Collection[str], earned: Badge | None) -> Badge:
    """Return the badge of what is open of a proposal: the earned one only where exactly that was proved."""
    left = {hunk.id for hunk in proposal.taking()}
    n_left, n_all = len(left), len(proposal.hunks)
    if not left or (n_left == n_all if earned is None else left == set(proved)):
        return earned or proposal.badge
    return Badge("unverified", f"not verified as it stands: {n_left} of {n_all} hunks are left")


def same(finding: Finding, other: Finding) -> bool:
    """Tell whether two findings are the same complaint, wherever it stands now."""
    if finding.test or other.test:
        return finding.check == other.check and finding.test == other.test
    return finding.fingerprint == other.fingerprint and finding.check == other.check


def blames(finding: Finding) -> bool:
    """Tell whether a finding speaks against the change: it is new, and more than something to know."""
    return finding.new and finding.severity in ("error", "warning")


def _object(verdict: Verdict) -> str:
    old = len(verdict.findings)
    kept = f" ({old} older finding{'s' * (old != 1)} kept)" if old else ""
    if verdict.unit == "mutant":
        return f"{verdict.passed} of {verdict.collected} mutants of this change killed"
    if verdict.unit == "test":
        part = f" ({verdict.extent})" if verdict.extent else ""
        return f"{verdict.passed} test{'s' * (verdict.passed != 1)}{part}{kept}"
    return f"{verdict.check} on {verdict.collected} file{'s' * (verdict.collected != 1)}{kept}"


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
