"""Releases as images: beside a release a storage keeps all of it as one file system in one file (squashfs), and a member mounts that file over the release's folder.

All paths stay as they are, and whoever cannot have the image finds the same files below it. What is read of an image is read from the storage once, whoever asks:
no rights are asked for file by file, as NFS does for each process that is younger than the answer. docs/decisions/0008-web-packs.md

Standard library only: the files role also installs this file beside the watcher. Each function is for a process of its own, which can be given up
(musher_mounts.bounded): the storage may not answer.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import struct
import subprocess
from typing import Iterator

KIND = 'squashfs'
# What <linux/loop.h> and <sys/mount.h> call them.
LOOP_CONTROL, LOOP_CTL_GET_FREE, LOOP_CONFIGURE = '/dev/loop-control', 0x4C82, 0x4C0A
LO_FLAGS_READ_ONLY, LO_FLAGS_AUTOCLEAR = 1, 4
MS_RDONLY, MS_NOSUID, MS_NODEV = 1, 2, 4
MNT_DETACH, UMOUNT_NOFOLLOW = 2, 8
# struct loop_config up to the name of the file, and as a whole.
LOOP_CONFIG, LOOP_CONFIG_SIZE = '=II5QIIII64s', 304
# The watcher and a deploy may want the same one. Of each release: who waits for one storage keeps nobody from another.
LOCKS = '/run/musher-images'
ATTEMPTS = 20

libc = ctypes.CDLL(None, use_errno=True)


def image_of(release: str) -> str:
    """The image of the release in a folder."""
    folder, name = os.path.split(release)
    return os.path.join(folder, '.%s.%s' % (name, KIND))


def lay_over(release: str, user: int) -> bool:
    """Mount a release's image over its folder. user: id of who may read both, and of the group; root is nobody to the storage.

    Whether anything changed: not where it is mounted, and not where there is no image. OSError when it cannot be; lacks_kernel() says why.
    """
    with _files_as(user):
        if _is_covered(release):
            return False
        try:
            image = os.open(image_of(release), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
    try:
        os.makedirs(LOCKS, mode=0o700, exist_ok=True)
        lock = os.open(os.path.join(LOCKS, os.path.basename(release)), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return _mount(image, release, user)
        finally:
            os.close(lock)
    finally:
        os.close(image)


def _mount(image: int, release: str, user: int) -> bool:
    with _files_as(user):
        # Somebody else may have been quicker.
        if _is_covered(release):
            return False
    device, number = _loop(image, image_of(release))
    try:
        with _files_as(user):
            _must(libc.mount(b'/dev/loop%d' % number, os.fsencode(release), KIND.encode(), MS_RDONLY | MS_NOSUID | MS_NODEV, None), release)
    finally:
        # From here on the mount alone keeps the device.
        os.close(device)
    return True


def _is_covered(release: str) -> bool:
    return os.stat(release).st_dev != os.stat(os.path.dirname(release)).st_dev


def lacks_kernel(error: OSError) -> bool:
    """Whether it was the kernel that could not mount an image: it knows no squashfs, or has no loop device."""
    return error.errno == errno.ENODEV or str(error.filename).startswith(('/dev/loop', '/sbin/'))


def take_off(release: str, user: int) -> None:
    """Take the image off its release; whoever reads it reads on. OSError when it cannot be."""
    with _files_as(user):
        _must(libc.umount2(os.fsencode(release), MNT_DETACH | UMOUNT_NOFOLLOW), release)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(LOCKS, os.path.basename(release)))


def _loop(image: int, path: str) -> tuple[int, int]:
    """A device of the kernel's that is an open file: the descriptor that keeps it, and its number."""
    if not os.path.exists(LOOP_CONTROL):
        # Most hosts load the module as soon as this is opened; with the others it is not there before.
        subprocess.run(['/sbin/modprobe', 'loop'], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    control = os.open(LOOP_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(ATTEMPTS):
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            device = os.open('/dev/loop%d' % number, os.O_RDONLY | os.O_CLOEXEC)
            try:
                known = struct.pack(LOOP_CONFIG, image, 0, 0, 0, 0, 0, 0, 0, 0, 0, LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR, os.fsencode(path)[:63])
                fcntl.ioctl(device, LOOP_CONFIGURE, known.ljust(LOOP_CONFIG_SIZE, b'\0'))
                return device, number
            except OSError as error:
                os.close(device)
                # Somebody else was quicker.
                if error.errno != errno.EBUSY:
                    raise OSError(error.errno, error.strerror, '/dev/loop%d' % number) from None
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), LOOP_CONTROL)
    finally:
        os.close(control)


@contextlib.contextmanager
def _files_as(user: int) -> Iterator[None]:
    """Look at files as a user, and mount as root."""
    if os.geteuid():
        yield
        return
    groups = os.getgroups()
    os.setgroups([user])
    libc.setfsgid(user)
    libc.setfsuid(user)
    try:
        yield
    finally:
        libc.setfsuid(0)
        libc.setfsgid(0)
        os.setgroups(groups)


def _must(failed: int, path: str) -> None:
    if failed:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), path)
