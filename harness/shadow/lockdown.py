"""Runs inside fresh namespaces, before the command: takes away the rest of the machine, then becomes the command.

Used where bubblewrap is not installed. Starts with the mounts of the machine and the overlay at the workspace; ends
with everything read-only but the workspace, homes and temporary folders empty, loopback up and nothing beyond, no
capabilities and no way to new ones. Any step that fails ends it before the command starts.

Standard library only, and little of it: it runs as a script before every command.
"""

# ruff: noqa: PTH103, PTH110, PTH115, PTH120, PTH123, PTH211  # pathlib costs more than the rest of it

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import signal
import socket
import stat
import struct
import sys
from typing import NoReturn

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC = 2, 4, 8, 4096, 16384
MOUNT_ATTR_RDONLY = 1
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
SYS_MOUNT_SETATTR = 442
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
CLONE_NEWUSER = 0x10000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
READ_ONLY_PROC = ("acpi", "bus", "fs", "irq", "scsi", "sys", "sysrq-trigger")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
FAILED = 125

_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> NoReturn:
    """Lock down and run: births uid gid root hidden shown writable sealed scratch, then the command.

    A hidden or a scratch folder is written as SIZE=PATH.
    """
    births, uid, gid, root, *lists = arguments[:9]
    tell_birth(int(births))
    hidden, shown, writable, sealed, scratch = (_unescaped(part) for part in lists)
    seal_machine(root, hidden, shown, writable, sealed, scratch)
    raise_loopback()
    settings = os.open("/proc/sys", os.O_PATH)
    seal_proc()
    drop_power(int(uid), int(gid), settings)
    os.chdir(root)
    run_as_init(arguments[9:])


def tell_birth(births: int) -> None:
    """Say which process of the machine we are: this still sees the machine's own /proc."""
    os.write(births, b'{"child-pid": %s}' % os.readlink(b"/proc/self"))
    os.close(births)


def seal_machine(
    root: str, hidden: list[str], shown: list[str], writable: list[str], sealed: list[str], scratch: list[str]
) -> None:
    """Leave of the file system what the command may see and write."""
    kept = {path: os.open(path, os.O_PATH) for path in [*shown, root, *writable]}
    devices = {name: os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    set_read_only("/", read_only=True, recursive=True)
    for entry in ["1048576=/dev", *hidden]:
        size, _, folder = entry.partition("=")
        os.makedirs(folder, exist_ok=True)
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | (MS_NODEV if folder != "/dev" else 0), f"size={size},mode=755")
    for path, handle in kept.items():
        rebind(handle, path)
        set_read_only(path, read_only=path in shown, recursive=path in shown)
    for path in sealed:
        rebind(os.open(path, os.O_PATH), path)
        set_read_only(path, read_only=True, recursive=True)
    for entry in scratch:
        size, _, folder = entry.partition("=")
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},mode=755")
    for name, handle in devices.items():
        rebind(handle, f"/dev/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"/dev/{name}")
    set_read_only("/dev", read_only=True, recursive=False)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "")


def seal_proc() -> None:
    """Keep root, whom nothing but the modes there would hinder, from setting the machine by its own /proc."""
    for name in READ_ONLY_PROC:
        path = f"/proc/{name}"
        if os.path.exists(path):
            mount(path, path, "", MS_BIND | MS_REC, "")
            set_read_only(path, read_only=True, recursive=True)


def rebind(handle: int, path: str) -> None:
    """Put what `handle` holds back at `path`, and let go of it."""
    is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)
    if not is_folder and not os.path.lexists(path):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    mount(f"/proc/self/fd/{handle}", path, "", MS_BIND | MS_REC, "")
    os.close(handle)


def raise_loopback() -> None:
    """Let the command serve on 127.0.0.1; the namespace has no other interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def drop_power(uid: int, gid: int, settings: int) -> None:
    """Become the person again, without capabilities, and without the way to new namespaces.

    `settings` is /proc/sys as it was before it was sealed.
    """
    _check(_libc.unshare(CLONE_NEWUSER), "unshare the user namespace")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} 0 1"), ("gid_map", f"{gid} 0 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)
    limit = os.open("user/max_user_namespaces", os.O_WRONLY, dir_fd=settings)
    os.write(limit, b"0")
    os.close(limit)
    os.close(settings)
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up new privileges")


def run_as_init(argv: list[str]) -> NoReturn:
    """Start the command and reap whatever is orphaned; end as it ended, and everything else with it."""
    child = os.fork()
    if child == 0:
        os.setsid()
        try:
            os.execvp(argv[0], argv)  # noqa: S606 - this is the point of it
        except OSError as error:
            _fail(f"{argv[0]!r} cannot be started: {error.strerror}", 127)
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(128 + number))
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    """Attach a file system; ends the process when that fails."""
    texts = [text.encode("utf-8", "surrogateescape") for text in (source, target, kind, options)]
    _check(_libc.mount(texts[0], texts[1], texts[2], flags, texts[3]), f"mount {kind or source} at {target!r}")


def set_read_only(path: str, *, read_only: bool, recursive: bool) -> None:
    """Seal or open a mount; ends the process when that fails."""
    attributes = array.array("Q", [MOUNT_ATTR_RDONLY, 0, 0, 0] if read_only else [0, MOUNT_ATTR_RDONLY, 0, 0])
    address, _ = attributes.buffer_info()
    where = path.encode("utf-8", "surrogateescape")
    flags = AT_RECURSIVE if recursive else 0
    result = _libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, where, flags, ctypes.c_void_p(address), ctypes.c_size_t(32))
    _check(result, f"make {path!r} {'read-only' if read_only else 'writable'}")


def _check(result: int, what: str) -> None:
    if result != 0:
        _fail(f"cannot {what}: {os.strerror(ctypes.get_errno())}", FAILED)


def _fail(message: str, code: int) -> NoReturn:
    os.write(2, f"bridle: {message}\n".encode("utf-8", "surrogateescape"))
    os._exit(code)


def _unescaped(text: str) -> list[str]:
    return [part.replace("%3A", ":").replace("%25", "%") for part in text.split(os.pathsep) if part]


if __name__ == "__main__":
    main(sys.argv[1:])
