"""A wheel named `bridle` that holds nothing but a console script: what a registry would serve."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_wheel(folder: Path, program: Path, *, version: str) -> None:
    """A wheel whose `bridle` hands over to `program`."""
    info = f"bridle-{version}.dist-info"
    files = {
        "bridle_standin.py": f"import os, sys\n\ndef main():\n    os.execv({str(program)!r}, sys.argv)\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: bridle\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nbridle = bridle_standin:main\n",
    }
    names = [*files, f"{info}/RECORD"]
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in names)
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"bridle-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
