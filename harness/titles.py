"""What a finding or a run is about, in one line. Pure."""

from __future__ import annotations

from bridle.harness.nouns import Finding


def headline(finding: Finding) -> str:
    """Return the first line of a finding with its place."""
    where = f"{finding.path}:{finding.start_line + 1}: " if finding.path else ""
    first, _, _ = finding.message.partition("\n")
    return f"{where}{first}"


def titled(instruction: str, finding: Finding | None) -> str:
    """Return in one line what a run is about."""
    if finding is not None:
        return f"Fix {headline(finding)}"[:100]
    first, _, _ = instruction.strip().partition("\n")
    return first[:100]
