"""What a tree of files holds: its checksum, by which what is built and what a member holds are compared, and its shape, which is told without reading a file."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor

# Of what is read ahead: programs are smaller, and what is larger is hardly asked for at once.
LARGEST = 1 << 20
TOGETHER = 8


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


def shape(root):
    """What everything below root is called, and of what kind and size it is, without a look into files.

    Returns (digest, entries): 'sha256:<hex>', and for each entry in order of its path [path, kind, target]: kind is 'd', 'f' or 'l', target what a link says.
    """
    digest, entries = hashlib.sha256(), []
    for path, entry in sorted(_walk(os.fsencode(root), frozenset())):
        status = entry.stat(follow_symlinks=False)
        kind = 'd' if stat.S_ISDIR(status.st_mode) else 'l' if stat.S_ISLNK(status.st_mode) else 'f'
        target = os.readlink(entry.path) if kind == 'l' else b''
        size = b'%d %s' % (status.st_size, b'x' if status.st_mode & stat.S_IXUSR else b'-') if kind == 'f' else target
        digest.update(b'%s %s\0%s\n' % (kind.encode(), path, size))
        entries.append([os.fsdecode(path), kind, os.fsdecode(target)])
    return 'sha256:' + digest.hexdigest(), entries


def read_ahead(root, entries, names=()):
    """Has the kernel read every file of a tree but large ones, so that it is in memory before anybody asks for it.

    entries: what shape() returned of the tree. names: what is looked for in each folder, whether it is there or not.
    """
    files = [os.path.join(root, path) for path, kind, _target in entries if kind == 'f']
    folders = [root] + [os.path.join(root, path) for path, kind, _target in entries if kind == 'd']
    with ThreadPoolExecutor(TOGETHER) as pool:
        # Several at once: each waits for its answer.
        list(pool.map(_take_in, files))
        list(pool.map(os.path.lexists, [os.path.join(folder, name) for folder in folders for name in names]))


def _take_in(path):
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(file).st_size <= LARGEST:
            os.read(file, LARGEST)
    finally:
        os.close(file)


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


def hash_file(path):
    """SHA-256 of a file, in hexadecimal."""
    return _hash(path, os.lstat(path).st_size).decode()


def _hash(path, size):
    digest = hashlib.sha256()
    with open(path, 'rb', buffering=0) as file:
        # One read is enough for nearly every file of a site.
        block = file.read(min(size, 1 << 20) + 1)
        while block:
            digest.update(block)
            block = file.read(1 << 20)
    return digest.hexdigest().encode()
