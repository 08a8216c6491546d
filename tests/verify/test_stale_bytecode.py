"""Byte code of another text that claims to need no comparison is never what is judged."""

from __future__ import annotations

import importlib.util
import marshal
import venv
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.verify.objections import as_judged, objections

GOOD, BAD = "def double(n):\n    return n * 2\n", "def double(n):\n    return n * 3\n"
PYTEST = "from calc import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
UNITTEST = (
    "import unittest\nfrom calc import double\n\n\nclass Test(unittest.TestCase):\n"
    "    def test_double(self):\n        self.assertEqual(double(2), 4)\n"
)


def plant(root: Path) -> None:
    """Leave byte code of the good text that is not to be compared with its source (PEP 552)."""
    cached = Path(importlib.util.cache_from_source(str(root / "calc.py")))
    cached.parent.mkdir(exist_ok=True)
    code = marshal.dumps(compile(GOOD, str(root / "calc.py"), "exec"))
    cached.write_bytes(importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + b"\0" * 8 + code)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "files"),
    [
        ("pytest", {"test_calc.py": PYTEST, "pytest.ini": "[pytest]\n"}),
        ("pytest", {"test_calc.py": PYTEST, "pytest.ini": "[pytest]\naddopts = -p xdist -n 1\n"}),
        ("unittest", {"test_calc.py": UNITTEST}),
    ],
    ids=["pytest", "pytest-xdist", "unittest"],
)
def test_planted_byte_code_does_not_stand_in_for_its_source(
    bench: Bench, tmp_path: Path, tool: str, files: dict[str, str]
) -> None:
    if tool == "unittest":
        venv.create(tmp_path / "bare", symlinks=True)
        bench.python = str(tmp_path / "bare")
    bench.put({**files, "calc.py": GOOD})
    plant(bench.root)
    bench.shadow.write("calc.py", BAD.encode())
    assert bench.one(tool).outcome == "fail"


def test_byte_code_in_a_change_is_for_a_person_to_look_at() -> None:
    byte_code = importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + b"\0" * 8 + b"\xe3\xff"
    path = "pkg/__pycache__/calc.cpython-311.pyc"
    flags = objections({path: (as_judged(None), as_judged(byte_code))})
    assert [(flag.gate, flag.path, flag.blocks) for flag in flags] == [("planted report", path, True)]
    assert objections({"logo.png": (None, as_judged(b"\x89PNG\xff"))}) == ()
    assert objections({path: (as_judged(byte_code), as_judged(None))}) == ()
