"""All benches, one after another: `python bench/run.py [--smoke] [--timed | --counting] [NAME …]`.

Each bench is a program of its own here, a file or a folder, and is told the same `--smoke`: 20 seconds at most, wide
ratios. The long form reads repositories from BENCH_REPOS=DIR where it needs them, and exits 2 naming those missing.
`--counting` runs those whose goals no clock decides: something else may run beside them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOT_BENCHES = {"run"}
COUNTING = {"faults", "gates", "impact", "runs", "structure", "truth", "verdicts"}
SMOKE_S = 120.0
BESIDE_S = 480.0
"""For those that count: the tests run beside them."""


def main() -> int:
    """Run the benches; 1 when one misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--timed", action="store_true", help="only those that measure time")
    kinds.add_argument("--counting", action="store_true", help="only those that count")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    known = sorted({path.stem for path in HERE.glob("*.py")} - NOT_BENCHES | {path.parent.name for path in _folders()})
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        print(f"no bench {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    names = [one for one in options.names or known if not (options.timed if one in COUNTING else options.counting)]
    return max((_run(name, smoke=options.smoke) for name in names), default=0)


def _folders() -> list[Path]:
    return sorted(HERE.glob("*/__main__.py"))


def _run(name: str, *, smoke: bool) -> int:
    program = HERE / name if (HERE / name).is_dir() else HERE / f"{name}.py"
    command = [sys.executable, str(program), *(["--smoke"] if smoke else [])]
    print(f"== {name}", flush=True)
    limit_s = BESIDE_S if name in COUNTING else SMOKE_S
    began = time.perf_counter()
    try:
        code = subprocess.run(command, check=False, timeout=limit_s if smoke else None).returncode
    except subprocess.TimeoutExpired:
        print(f"   {name}: more than {limit_s:.0f} s in its smoke form")
        return 1
    print(f"   {name}: {'met' if code == 0 else f'exit {code}'} in {time.perf_counter() - began:.1f} s", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
