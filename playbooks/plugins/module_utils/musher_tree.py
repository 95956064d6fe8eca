"""The checksum of a tree of files: what is built and what a member holds are compared by it."""

import hashlib
import os
import stat


def checksum(root, skip=()):
    """Checksum everything below root, but for the relative paths in skip and what is below them.

    Returns (checksum, files, bytes): 'sha256:<hex>', and how many regular files there are and their size.
    A device, socket or pipe is a ValueError.
    """
    digest = hashlib.sha256()
    files = size = 0
    for path, entry in sorted(_walk(os.fsencode(root), frozenset(os.fsencode(name) for name in skip))):
        status = entry.stat(follow_symlinks=False)
        mode = b'-'
        if stat.S_ISDIR(status.st_mode):
            kind, payload = b'd', b''
        elif stat.S_ISLNK(status.st_mode):
            kind, payload = b'l', os.readlink(entry.path)
        elif stat.S_ISREG(status.st_mode):
            kind, payload = b'f', _hash(entry.path, status.st_size)
            mode = b'x' if status.st_mode & stat.S_IXUSR else b'-'
            files += 1
            size += status.st_size
        else:
            raise ValueError('%s is neither a file, a folder nor a link' % os.fsdecode(path))
        digest.update(b'%s %s %s\0%s\n' % (kind, mode, path, payload))
    return 'sha256:' + digest.hexdigest(), files, size


def _walk(root, skip):
    """Every (relative path, os.DirEntry) below root; links are not followed."""
    folders = [(root, b'')]
    while folders:
        folder, prefix = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                path = prefix + entry.name
                if path in skip:
                    continue
                yield path, entry
                if entry.is_dir(follow_symlinks=False):
                    folders.append((entry.path, path + b'/'))


def _hash(path, size):
    digest = hashlib.sha256()
    with open(path, 'rb', buffering=0) as file:
        # One read is enough for nearly every file of a site.
        block = file.read(min(size, 1 << 20) + 1)
        while block:
            digest.update(block)
            block = file.read(1 << 20)
    return digest.hexdigest().encode()
