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
    narrows = own and all(path in job.tree.files and path.endswith(IMPORTED) for path in own)
    return own if narrows and not any(_REACHES_ALL.search(path) for path in own) else ()
