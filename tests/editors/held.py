"""A language server behind a slow road: its edits wait on the way to the editor until somebody lets them go.

    python held.py FOLDER PROGRAM [ARGUMENT ...]

While `hold.signal` stands in FOLDER, the next `workspace/applyEdit` takes it away, puts `held.signal` there, and
waits for `go.signal`, which it takes away again. What is done in the editor meanwhile is done between send and apply.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by its path, as in the line above

from tests.editors.recorder import messages, send

LOOK_S, WAIT_S = 0.01, 60.0


def main() -> int:
    """Start the program, and carry what it and the editor say."""
    folder, argv = Path(sys.argv[1]), sys.argv[2:]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        threading.Thread(target=carry, args=(sys.stdin.buffer, server.stdin), daemon=True).start()
        for message in messages(server.stdout):
            if message.get("method") == "workspace/applyEdit":
                hold(folder)
            send(sys.stdout.buffer, message)
        return server.wait()


def carry(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """What the editor says goes through as it comes."""
    for message in messages(incoming):
        send(outgoing, message)
    outgoing.close()


def hold(folder: Path) -> None:
    """Stop here if that is wanted, until it is not."""
    wanted, go = folder / "hold.signal", folder / "go.signal"
    if not wanted.exists():
        return
    wanted.rename(folder / "held.signal")
    deadline = time.monotonic() + WAIT_S
    while not go.exists() and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    go.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
