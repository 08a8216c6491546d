"""Installed JavaScript packages in a copy of the workspace lead to the copy, never back."""

from __future__ import annotations

from pathlib import Path

from bridle.harness.shadow.modules import link_modules

PATHS = ("package.json", "packages/a/package.json", "packages/b/package.json", "packages/b/index.js")


def laid_out(root: Path) -> tuple[Path, Path]:
    """Return a workspace as pnpm installs it, and a copy of its files."""
    workspace, copy = root / "workspace", root / "copy"
    for base in (workspace, copy):
        for path in PATHS:
            (base / path).parent.mkdir(parents=True, exist_ok=True)
            (base / path).write_text(base.name)
    store = workspace / "node_modules/.pnpm/tool@1/node_modules/tool"
    store.mkdir(parents=True)
    (store / "index.js").write_text("tool")
    (workspace / "node_modules/tool").symlink_to(".pnpm/tool@1/node_modules/tool")
    modules = workspace / "packages/a/node_modules"
    (modules / "@case").mkdir(parents=True)
    (modules / "@case/b").symlink_to("../../../b")
    (modules / "@case/elsewhere").symlink_to(root)
    (modules / "tool").symlink_to("../../../node_modules/.pnpm/tool@1/node_modules/tool")
    return workspace, copy


def test_a_link_to_another_package_of_the_workspace_leads_to_its_copy(tmp_path: Path) -> None:
    workspace, copy = laid_out(tmp_path)
    link_modules(workspace, copy, PATHS)
    modules = copy / "packages/a/node_modules"
    assert (modules / "@case/b/index.js").read_text() == "copy"
    assert (modules / "tool/index.js").read_text() == "tool"
    assert (modules / "@case/elsewhere").resolve() == tmp_path
    assert not (copy / "packages/b/node_modules").exists()


def test_where_none_leads_inward_the_folder_is_one_link(tmp_path: Path) -> None:
    workspace, copy = laid_out(tmp_path)
    link_modules(workspace, copy, PATHS)
    assert (copy / "node_modules").readlink() == workspace / "node_modules"


def test_what_the_copy_has_already_stays(tmp_path: Path) -> None:
    workspace, copy = laid_out(tmp_path)
    (copy / "packages/a/node_modules").mkdir()
    link_modules(workspace, copy, PATHS)
    assert list((copy / "packages/a/node_modules").iterdir()) == []
