"""The extension's settings are those that the server reads, no more and no less."""

from __future__ import annotations

import os
import sys

from bridle.indexer.process import run
from tests.editors.install import EXTENSION


def test_package_json_offers_exactly_the_settings_of_the_schema() -> None:
    argv = [sys.executable, str(EXTENSION / "settings.py"), "--check"]
    done = run(argv, cwd=EXTENSION, env=os.environ, timeout_s=30)
    assert done.exit_code == 0, os.fsdecode(done.stderr)
