"""What a command must not be able to do: each attempt is made on every rung, and its outcome is looked at outside.

The sandboxed rungs contain every attempt. What the scratch copy does not contain is listed, so that a hole which opens
and one which closes are both seen.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from bridle.harness.shadow.shadow import Shadow
from bridle.indexer.process import Completed, spawn

pytestmark = pytest.mark.slow

Opening = Callable[..., Shadow]
SCRATCH = "scratch copy"

PRELUDE = """
import array, ctypes, fcntl, json, os, signal, socket, struct, sys, time
at = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
def escaped(what="done"):
    print("ESCAPED", what)
def wrote(path, mode="w"):
    try:
        with open(path, mode) as file:
            file.write("written by a command")
    except OSError:
        return False
    return True
def reaches(family, address):
    try:
        with socket.socket(family) as client:
            client.settimeout(2)
            client.connect(address)
            return True
    except OSError:
        return False
"""

ATTEMPTS = {
    "write a file outside the tree": "wrote(at['outside'] + '/made')",
    "write the workspace by its absolute path": "wrote(at['workspace'] + '/a.py')",
    "write into .git by its absolute path": "wrote(at['workspace'] + '/.git/hooks/pre-commit')",
    "write through a link out of the tree": "os.symlink(at['outside'] + '/file', 'l'); wrote('l')",
    "write through a hard link to a file outside": """
try:
    os.link(at['outside'] + '/file', 'hard')
except OSError:
    sys.exit()
wrote('hard')
""",
    "plant configuration that was not there": "os.makedirs('.vscode'); wrote('.vscode/tasks.json')",
    "plant a history where none was": """
import shutil
os.makedirs('sub/.git/hooks'); wrote('sub/.git/hooks/post-checkout')
""",
    "read the home folder": "open(at['home'] + '/.ssh/hk_fake').read() == 'private' and escaped()",
    "read what lies in the temporary folder": "open(at['outside'] + '/file').read() and escaped()",
    "read the environment of who started it": """
for pid in os.listdir('/proc'):
    try:
        pid.isdecimal() and at['secret'] in open(f'/proc/{pid}/environ').read() and escaped(pid)
    except OSError:
        pass
""",
    "reach the files of a process outside": """
there = os.path.exists(f"/proc/{at['pid']}/root/proc")
there and open(f"/proc/{at['pid']}/cmdline").read() == at['cmdline'] and escaped()
""",
    "find our environment in its own": "at['secret'] in str(os.environ) and escaped()",
    "use a descriptor of ours": """
for number in range(3, 64):
    os.path.exists(f'/proc/self/fd/{number}') and escaped(os.readlink(f'/proc/self/fd/{number}'))
""",
    "reach a service on the loopback": "reaches(socket.AF_INET, ('127.0.0.1', at['port'])) and escaped()",
    "reach an abstract socket": "reaches(socket.AF_UNIX, '\\0' + at['abstract']) and escaped()",
    "reach a socket in the temporary folder": "reaches(socket.AF_UNIX, at['outside'] + '/s') and escaped()",
    "reach a socket in the workspace": "reaches(socket.AF_UNIX, 'service.sock') and escaped()",
    "reach a socket in the workspace by its path": """
os.chdir(at['workspace']); reaches(socket.AF_UNIX, 'service.sock') and escaped()
""",
    "reach a socket elsewhere in the file system": """
at['elsewhere'] and reaches(socket.AF_UNIX, at['elsewhere']) and escaped()
""",
    "reach another machine": """
reaches(socket.AF_INET, ('192.0.2.1', 9)) and escaped()
len(open('/proc/net/route').readlines()) > 1 and escaped('there is a route')
""",
    "signal a process outside": """
import errno
try:
    os.kill(at['pid'], 0)
except OSError:
    sys.exit()
os.readlink('/proc/self/ns/pid') == at['pid_namespace'] and escaped()
""",
    "make a user namespace": "libc.unshare(0x10000000) == 0 and escaped()",
    "make a mount namespace": "libc.unshare(0x00020000) == 0 and escaped()",
    "join a namespace outside": """
try:
    libc.setns(os.open(f"/proc/{at['pid']}/ns/mnt", os.O_RDONLY), 0) == 0 and escaped()
except OSError:
    pass
""",
    "mount something": "libc.mount(b'none', b'/mnt', b'tmpfs', 0, b'') == 0 and escaped()",
    "make a device": """
import stat
for kind, major, minor in ((stat.S_IFBLK, 254, 0), (stat.S_IFBLK, 8, 0), (stat.S_IFCHR, 1, 1)):
    try:
        os.mknod('device', kind | 0o600, os.makedev(major, minor))
        open('device', 'rb').read(1)
    except OSError:
        continue
    escaped()
""",
    "gain by a setuid program": """
line = [line for line in open('/proc/self/status') if line.startswith(('NoNewPrivs', 'CapEff', 'CapBnd'))]
dict(entry.split() for entry in line) == {'NoNewPrivs:': '1', 'CapEff:': '0' * 16, 'CapBnd:': '0' * 16} or escaped(line)
""",
    "leave a process behind": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        [os.close(n) for n in range(3)]
        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(67)', at['marker']])
    os._exit(0)
os.wait()
""",
    "type into our terminal": """
for name in ('/dev/tty', 0, 1, 2):
    try:
        handle = os.open(name, os.O_RDWR) if isinstance(name, str) else name
        fcntl.ioctl(handle, 0x5412, b'x')
        escaped()
    except OSError:
        pass
""",
    "leave the control group": """
import glob
for path in glob.glob('/sys/fs/cgroup/**/cgroup.procs', recursive=True)[:20]:
    try:
        open(path, 'w').write('0')
        escaped(path)
    except OSError:
        pass
""",
    "change the machine's settings": """
for path in ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sys/vm/drop_caches',
             '/proc/sysrq-trigger', '/proc/irq/default_smp_affinity', '/sys/kernel/uevent_helper', '/sys/power/state'):
    try:
        os.close(os.open(path, os.O_WRONLY))
        escaped(path)
    except OSError:
        pass
""",
    "use others' shared memory": """
libc.shmat.restype = ctypes.c_ssize_t
libc.shmat(at['shared'], None, 0) != -1 and escaped()
""",
    "see the machine's devices": """
for name in ('vda', 'sda', 'nvme0n1', 'mem', 'kmsg', 'fuse', 'kvm'):
    os.path.exists(f'/dev/{name}') and escaped(name)
""",
}
"""Name → a program that tries. It prints ESCAPED, or leaves something that is looked for outside."""

GAPS = {
    "write a file outside the tree",
    "write the workspace by its absolute path",
    "write into .git by its absolute path",
    "write through a link out of the tree",
    "write through a hard link to a file outside",
    "read the home folder",
    "read what lies in the temporary folder",
    "read the environment of who started it",
    "reach a service on the loopback",
    "reach an abstract socket",
    "reach a socket in the temporary folder",
    "reach a socket in the workspace by its path",
    "signal a process outside",
    "use others' shared memory",
}
"""What every user can do on the scratch copy, which has no sandbox."""
GAPS_BY_MACHINE = {
    "reach the files of a process outside",
    "reach another machine",
    "reach a socket elsewhere in the file system",
    "make a user namespace",
    "make a mount namespace",
    "join a namespace outside",
    "mount something",
    "make a device",
    "gain by a setuid program",
    "leave the control group",
    "change the machine's settings",
    "see the machine's devices",
    "type into our terminal",
}
"""What depends, on the scratch copy, on who the person is and what the machine has."""


class Host(msgspec.Struct):
    """What is set up outside."""

    outside: Path
    workspace: Path
    facts: dict[str, object]
    marker: str

    def touched(self) -> str:
        """Return what a command did outside its shadow, "" for nothing; what it left is taken away."""
        found: list[str] = []
        if (self.outside / "made").exists():
            found.append("made a file outside")
        if (self.outside / "file").read_text() != "theirs":
            found.append("wrote a file outside")
        if (self.workspace / "a.py").read_text() != "print('saved')\n":
            found.append("wrote the workspace")
        made = (".git/hooks/pre-commit", ".vscode", "sub")
        found += [f"made {name}" for name in made if (self.workspace / name).exists()]
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if self.marker.encode() in path.read_bytes():
                    os.kill(int(path.parent.name), 9)
                    found += ["left a process behind"]
        return ", ".join(found)


@pytest.fixture
def host(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Services, files and a process outside, all within a command's reach if nothing keeps it from them."""
    nonce = os.urandom(8).hex()
    secret = f"sk-secret-{nonce}"
    monkeypatch.setenv("ANTHROPIC_API_KEY", secret)
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "hk_fake").write_text("private")
    monkeypatch.setenv("HOME", str(home))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("theirs")
    (workspace / ".git" / "hooks").mkdir()
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        paths = [f"\0bridle-{nonce}", str(outside / "s"), "service.sock"]
        elsewhere = _elsewhere(stack, nonce)
        for address in [*paths, elsewhere]:
            if address:
                listener = stack.enter_context(socket.socket(socket.AF_UNIX))
                with contextlib.chdir(workspace):
                    listener.bind(address)
                listener.listen(4)
        sleeper = spawn([sys.executable, "-c", "import time; time.sleep(66)"], env={"ANTHROPIC_API_KEY": secret})
        stack.callback(sleeper.kill)
        shared = _shared_memory(stack)
        facts: dict[str, object] = {
            "outside": str(outside),
            "workspace": str(workspace),
            "home": str(home),
            "secret": secret,
            "port": tcp.getsockname()[1],
            "abstract": f"bridle-{nonce}",
            "elsewhere": elsewhere,
            "pid": sleeper.pid,
            "cmdline": Path(f"/proc/{sleeper.pid}/cmdline").read_text(),
            "pid_namespace": str(Path("/proc/self/ns/pid").readlink()),
            "marker": f"bridle-survivor-{nonce}",
            "shared": shared,
        }
        yield Host(outside, workspace, facts, f"bridle-survivor-{nonce}")


def _shared_memory(stack: contextlib.ExitStack) -> int:
    """Return the number of a piece of shared memory that every process of ours can have."""
    libc = ctypes.CDLL(None)
    number = int(libc.shmget(0, 4096, 0o1600))
    assert number >= 0
    stack.callback(libc.shmctl, number, 0, None)
    return number


def _elsewhere(stack: contextlib.ExitStack, nonce: str) -> str:
    """Return a path for a socket in a folder that no sandbox hides, "" where we may write in none."""
    for folder in ("/var/lib", "/opt", "/srv"):
        if os.access(folder, os.W_OK):
            path = Path(folder, f"bridle-{nonce}.sock")
            stack.callback(path.unlink, missing_ok=True)
            return str(path)
    return ""


def attempt(shadow: Shadow, name: str, host: Host) -> Completed:
    arguments = msgspec.json.encode(host.facts).decode()
    return shadow.run([sys.executable, "-I", "-S", "-c", PRELUDE + ATTEMPTS[name], arguments], timeout_s=30)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_is_contained_by_every_sandbox(rung: str, opening: Opening, host: Host, name: str) -> None:
    done = attempt(opening(rung), name, host)
    got_out = ", ".join(filter(None, (done.stdout.decode() if b"ESCAPED" in done.stdout else "", host.touched())))
    if rung != SCRATCH:
        assert got_out == ""
    elif name not in GAPS_BY_MACHINE:
        assert bool(got_out) == (name in GAPS), got_out or done
