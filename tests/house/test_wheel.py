"""What a user installs: one top-level name, the data files, and nothing of the development layout."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tracked files in which every link is a small text file, as git leaves them without symlinks."""
    copy = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, target = ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.write_text(str(source.readlink()))
        elif source.is_file():
            target.write_bytes(source.read_bytes())
    return copy


def build(checkout: Path, kind: str) -> Path:
    out = checkout / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    return next(out.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


def test_the_wheel_of_a_checkout_without_links_holds_one_name_and_the_data(checkout: Path) -> None:
    names = zipfile.ZipFile(build(checkout, "wheel")).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bridle"}
    for wanted in (
        "bridle/context/check_words.txt",
        "bridle/harness/workflow/prompts/system.md",
        "bridle/harness/verify/plugins/bridle_proof.py",
        "bridle/harness/verify/plugins/bridle_values.py",
        "bridle/harness/model/endpoints.toml",
        "bridle/harness/model/profiles.toml",
        "bridle/harness/mcp/poison.toml",
        "bridle/examples/till/pyproject.toml",
    ):
        assert wanted in names
    assert not [name for name in names if "/tests/test_house" in name or name.startswith("bridle/src")]


def test_the_sdist_builds_the_same_wheel(checkout: Path, tmp_path: Path) -> None:
    with tarfile.open(build(checkout, "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = next(tmp_path.iterdir())
    again = set(zipfile.ZipFile(build(unpacked, "wheel")).namelist())
    assert again == set(zipfile.ZipFile(build(checkout, "wheel")).namelist())
