"""When build output that tests loaded is older than what it was built from."""

from __future__ import annotations

import os

import pytest
from check_bench import Bench

from bridle.harness.verify.checkers.built import stale_build
from bridle.harness.verify.checkers.node_report import Begin, End, Loaded, Session
from bridle.harness.verify.checks import Check
from bridle.harness.verify.job import Job

FILES = {
    ".gitignore": "dist/\n",
    "package.json": "{}",
    "packages/a/package.json": "{}",
    "packages/a/src/a.ts": "",
    "packages/a/src/a.test.ts": "",
    "packages/a/dist/a.js": "",
    "packages/b/package.json": "{}",
    "packages/b/b.ts": "",
}


def loading(*paths: str) -> Session:
    begin = Begin("n", "1", "2", "vitest", "v24.0.0")
    loaded = tuple(Loaded(path, "") for path in paths)
    return Session(begin, End("n", 1), {}, (), (), loaded, ())


def job(bench: Bench) -> Job:
    check = Check("vitest", "vitest", "tests", ())
    return Job(check, bench.shadow, bench.shadow.tree(), (), 1.0, bench.cancel)


@pytest.fixture
def built(bench: Bench) -> Bench:
    """A workspace whose build is newer than all of it."""
    bench.put(FILES)
    for path in FILES:
        os.utime(bench.root / path, (1000, 2000 if "dist" in path else 1000))
    return bench


def test_a_build_that_is_newer_than_its_sources_stands(built: Bench) -> None:
    assert stale_build(job(built), loading("packages/a/dist/a.js", "packages/a/src/a.ts")) == ""


def test_a_source_that_is_newer_makes_it_stale_and_a_test_or_another_package_does_not(built: Bench) -> None:
    for path in ("packages/a/src/a.test.ts", "packages/b/b.ts"):
        os.utime(built.root / path, (3000, 3000))
    assert stale_build(job(built), loading("packages/a/dist/a.js")) == ""
    os.utime(built.root / "packages/a/src/a.ts", (3000, 3000))
    assert "'packages/a/src/a.ts'" in stale_build(job(built), loading("packages/a/dist/a.js"))
    assert stale_build(job(built), loading("packages/a/src/a.ts", "/elsewhere/dist/a.js")) == ""


def test_a_source_that_is_changed_in_the_shadow_makes_it_stale(built: Bench) -> None:
    built.shadow.write("packages/a/src/a.ts", b"export {}\n")
    assert "'packages/a/dist/a.js'" in stale_build(job(built), loading("packages/a/dist/a.js"))
