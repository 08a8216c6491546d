"""Which saved files narrow a JavaScript runner to the tests that import them: those that imports tell of, else none.

A configuration, a manifest or a file that tests may read by its name reaches any test: then all of them are run.
"""

from __future__ import annotations

import re

from bridle.harness.verify.job import Job

HOW_RELATED = "the tests that import what was saved"
IMPORTED = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte")
_REACHES_ALL = re.compile(
    r"\.config\.\w+$|(?:^|[/._-])setup[^/]*$|\.d\.[cm]?ts$|(?:^|/)__(?:mocks|fixtures|snapshots)__/"
)


def reachable(job: Job) -> tuple[str, ...]:
    """Return the files that the run is narrowed to, () where it must be whole."""
    own = tuple(path for path in job.paths if job.check.owns(path))
    return own if own and not any(path not in job.tree.files or reaches_all(path) for path in own) else ()


def reaches_all(path: str) -> bool:
    """Tell whether a file may reach tests that do not import it."""
    return not path.endswith(IMPORTED) or bool(_REACHES_ALL.search(path))
