"""Starts pytest as `python -m pytest` does, with our plug-in and all that it needs loaded before.

`-m` puts the project's folder first on the path, and with it whatever lies there under the name of our plug-in or of a
module that it imports: that would be handed the order of the report. So this file is started by its path, loads the
plug-in from beside itself, and only then puts the project's folder where `-m` would have it.
"""

import os
import runpy
import sys

import bridle_proof  # noqa: F401 - takes its order from the environment before any code of the project can

if "bridle_reach" in sys.argv:
    import bridle_reach  # noqa: F401 - from beside this file, and begins to record

sys.path[0] = os.getcwd()
sys.argv[0] = "pytest"

if __name__ == "__main__":
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
