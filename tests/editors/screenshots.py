"""Takes the pictures of the README in the real VS Code: a finding, a proposal, what landed, the runs, the status,
a refusal and a preview.

python tests/editors/screenshots.py [FOLDER]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCALE = 1.5
QUIET = {"editor.minimap.enabled": False, "editor.stickyScroll.enabled": False, "breadcrumbs.enabled": False}


def main() -> int:
    """Take them all anew. Exit code 1 when VS Code is not installed."""
    sys.path.insert(0, str(REPOSITORY))
    from tests.editors.install import chromium, default_tools
    from tests.editors.scene import set_scene, with_two_files
    from tests.editors.vscode import Code, Page, package_extension

    into = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "docs" / "pictures"
    tools, browser = default_tools(), chromium()
    if (folder := tools.code()) is None or browser is None:
        print("VS Code or Chromium is not installed; `make tools` installs them", file=sys.stderr)
        return 1
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        code = Code(folder, browser, package_extension(tools, Path(made) / "bridle.vsix"))
        for person in ("photographsAFix", "photographsARefusal", "photographsAPreview"):
            scene_folder = Path(made) / person
            scene_folder.mkdir()
            scene = set_scene(scene_folder)
            if person == "photographsAPreview":
                scene = with_two_files(scene)
            code.play("", scene, Page(person=person, scale=SCALE, settings=QUIET))
            for picture in sorted(scene_folder.glob("*.png")):
                shutil.copy(picture, into)
                print(into / picture.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
