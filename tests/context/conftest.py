"""The index of the files that a module of tests writes down as `FILES`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot


@pytest.fixture(scope="module")
def snapshot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """What is known of `FILES`."""
    root = tmp_path_factory.mktemp("files")
    files: Mapping[str, str] = request.module.FILES
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    index = Index(root, None)
    yield index.refresh()
    index.close()
