"""Chooses the commits of `commits.tsv`: `BENCH_REPOS=DIR python bench/context/mine.py > bench/context/commits.tsv`.

Seeded and spread over each history; run again it prints the same rows from clones that end at the same commits.
"""

from __future__ import annotations

import os
import random
import sys

from cases import Git, Missing, candidates

from bridle.context.touched import is_question

REPOS = (
    "pallets/click", "pallets/werkzeug", "encode/httpx", "psf/requests", "scrapy/scrapy",
    "fastify/fastify", "mochajs/mocha", "sindresorhus/got", "honojs/hono",
    "labstack/echo", "gofiber/fiber", "sirupsen/logrus",
    "google/gson", "jhy/jsoup",
)  # fmt: skip
PER_REPO = 55
SKIPPED_SHARE = 4
"""The first quarter of a history is left out: there is little to choose from, and no past."""


def main() -> int:
    """Print the rows; returns the exit code."""
    rng = random.Random(1)  # noqa: S311  # the same rows on every run
    print("# repository, a commit")
    for repo in REPOS:
        try:
            git = Git(os.environ.get("BENCH_REPOS", ""), repo)
        except Missing as missing:
            print(missing, file=sys.stderr)
            return 2
        subjects = dict(
            line.split(" ", 1)
            for line in git("log", "--no-merges", "--format=%H %s", "HEAD").splitlines()
            if " " in line
        )
        fit = [commit for commit in candidates(git) if is_question(subjects.get(commit, ""))]
        fit = fit[len(fit) // SKIPPED_SHARE :]
        chosen = sorted(rng.sample(range(len(fit)), min(PER_REPO, len(fit))))
        for n in chosen:
            print(f"{repo}\t{fit[n]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
