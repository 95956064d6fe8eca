"""What is mounted on this host, read and changed without asking a storage server that may not answer.

Standard library only: the files role also installs this file beside the watcher.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import select
import signal
import time
from typing import Any, Callable, Iterator, NamedTuple

# Of whom the watcher sees to it that it is mounted here: a file each, by what it is (code, files) and the environment's slug.
WATCHED = '/etc/musher/%s/%s.json'
MNT_FORCE, MNT_DETACH, UMOUNT_NOFOLLOW = 1, 2, 8


class Mount(NamedTuple):
    """A mount as the kernel tells it."""

    source: str
    kind: str
    options: str


def _mounts() -> Iterator[tuple[str, Mount]]:
    """Every mount point with what is mounted there, in the order in which that was."""
    with open('/proc/self/mountinfo', encoding='utf-8', errors='surrogateescape') as table:
        for line in table:
            here, _dash, there = line.rstrip('\n').partition(' - ')
            kind, source, options = there.split(' ')
            yield unescape(here.split(' ')[4]), Mount(unescape(source), kind, '%s,%s' % (here.split(' ')[5], options))


def mount_of(path: str) -> Mount | None:
    """The mount at exactly this path (the topmost); None where nothing is mounted."""
    return dict(_mounts()).get(path)


def mounts_in(folder: str, kind: str) -> list[str]:
    """The names directly below a folder at which a file system of this kind is mounted."""
    return sorted({os.path.basename(path) for path, mount in _mounts() if mount.kind == kind and os.path.dirname(path) == folder})


def is_there(path: str) -> bool:
    """Whether there is anything at a path, a link included. OSError where nobody can say, as when a storage is gone."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def is_nfs(mount: Mount | None) -> bool:
    return mount is not None and mount.kind in ('nfs', 'nfs4')


def detach(path: str) -> None:
    """Takes the mount off its path at once, whoever uses it. Requests that wait for the server fail. OSError when it cannot be."""
    error = _umount(path, MNT_FORCE | MNT_DETACH)
    if error:
        raise OSError(error, os.strerror(error), path)


def interrupt(path: str) -> None:
    """Has the requests fail that wait for the server of a mount. The caller has something open there, so that it stays."""
    _umount(path, MNT_FORCE)


def _umount(path: str, flags: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return ctypes.get_errno() if libc.umount2(os.fsencode(path), flags | UMOUNT_NOFOLLOW) else 0


def bounded(act: Callable[[], Any], seconds: float, user: int | None = None) -> Any:
    """What act() returns (as JSON has it), from a process of its own; None when that fails or takes longer than the seconds.

    Whoever looks at a mount whose server is gone waits, so that only a process that can be given up may look.
    user: id of the user and group as which to look; root is nobody to the storage.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if user is not None and not os.geteuid():
                # As its services have it: what Linux remembers of who may read what on NFS, it remembers by a user and all of its groups.
                os.setgroups([user])
                os.setgid(user)
                os.setuid(user)
            with os.fdopen(writer, 'wb') as answer:
                answer.write(json.dumps(act()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    said, deadline = b'', time.monotonic() + seconds
    with os.fdopen(reader, 'rb', buffering=0) as answer:
        while select.select([answer], [], [], max(0, deadline - time.monotonic()))[0]:
            part = answer.read(65536)
            if not part:
                break
            said += part
        else:
            said = b''
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    # One that the kernel holds is left to whoever reaps this process's orphans.
    os.waitpid(child, 0 if said else os.WNOHANG)
    return json.loads(said) if said else None


def unit_of(path: str) -> str:
    """The name of the systemd unit that mounts a path, as `systemd-escape --path` makes it."""
    word = os.path.normpath(path).strip('/')
    escaped = re.sub(rb'[^A-Za-z0-9:_./]', lambda found: b'\\x%02x' % found[0][0], os.fsencode(word))
    return re.sub(r'^\.', r'\\x2e', escaped.decode()).replace('/', '-') + '.mount'


def escape(word: str) -> str:
    """A word of fstab."""
    return re.sub(r'[\s\\#]', lambda found: '\\%03o' % ord(found[0]), word)


def unescape(word: str) -> str:
    return re.sub(r'\\([0-7]{3})', lambda found: chr(int(found[1], 8)), word)
