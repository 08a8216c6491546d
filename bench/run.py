"""All benches, one after another: `python bench/run.py [--smoke] [NAME …]`.

Each bench is a program of its own here, a file or a folder, and is told the same `--smoke`: 20 seconds at most, wide
ratios. The long form reads repositories from BENCH_REPOS=DIR where it needs them, and exits 2 naming those missing.
In the smoke form those that count and take no time are run beside the others.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOT_BENCHES = {"run"}
COUNTING = {"gates", "impact", "runs", "structure", "truth", "verdicts"}
"""Benches whose goals no clock decides, or only the CPU's with much room."""
SMOKE_S = 120.0


def main() -> int:
    """Run the benches; 1 when one misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    known = sorted({path.stem for path in HERE.glob("*.py")} - NOT_BENCHES | {path.parent.name for path in _folders()})
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        print(f"no bench {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    names = options.names or known
    if not options.smoke:
        return _one_after_another(names, smoke=False)
    with ThreadPoolExecutor(1) as beside:
        counted = beside.submit(_one_after_another, [one for one in names if one in COUNTING], smoke=True)
        timed = _one_after_another([one for one in names if one not in COUNTING], smoke=True)
        return max(timed, counted.result())


def _one_after_another(names: Sequence[str], *, smoke: bool) -> int:
    return max((_run(name, smoke=smoke) for name in names), default=0)


def _folders() -> list[Path]:
    return sorted(HERE.glob("*/__main__.py"))


def _run(name: str, *, smoke: bool) -> int:
    program = HERE / name if (HERE / name).is_dir() else HERE / f"{name}.py"
    command = [sys.executable, str(program), *(["--smoke"] if smoke else [])]
    if not smoke:
        print(f"== {name}", flush=True)
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            check=False,
            timeout=SMOKE_S if smoke else None,
            stdout=subprocess.PIPE if smoke else None,
            stderr=subprocess.STDOUT if smoke else None,
        )
        code, told = done.returncode, done.stdout or b""
        end = f"{'met' if code == 0 else f'exit {code}'} in {time.perf_counter() - began:.1f} s"
    except subprocess.TimeoutExpired as late:
        code, told = 1, late.stdout or b""
        end = f"more than {SMOKE_S:.0f} s in its smoke form"
    head = f"== {name}\n" if smoke else ""
    print(f"{head}{told.decode(errors='replace')}   {name}: {end}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
