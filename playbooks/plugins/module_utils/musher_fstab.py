"""Lines of /etc/fstab by their mount point, and the folder below a mount, which nobody can write into while nothing is mounted there."""

import array
import contextlib
import errno
import fcntl
import os
import re
import stat
import time

from ansible.module_utils.musher_haproxy import locked
from ansible.module_utils.musher_mounts import detach, mount_of, unescape, unit_of
from ansible.module_utils.musher_result import Failure, read, run, write
from ansible.module_utils.musher_running import show

FSTAB = '/etc/fstab'
# What <linux/fs.h> calls them.
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL = 0x80086601, 0x40086602, 0x10


def lines_of(path):
    """The lines that mount something at this path."""
    return [line for line in _lines() if _point(line) == path]


def set_lines(path, lines):
    """Have just these lines mount something at this path, and systemd know it; all other lines stay byte for byte. Whether that changed anything."""
    # Two groups that have a server in common may be provisioned at once.
    with locked(os.path.dirname(FSTAB)):
        if lines_of(path) == lines:
            return False
        others = [line for line in _lines() if _point(line) != path]
        mode = stat.S_IMODE(os.stat(FSTAB).st_mode) if os.path.exists(FSTAB) else 0o644
        write(FSTAB, ''.join(line + '\n' for line in others + lines).encode(errors='surrogateescape'), mode)
        run(['systemctl', 'daemon-reload'], 'systemd could not read its units')
        return True


def _lines():
    # By line feeds alone, as mount reads it: Python's own lines end at a form feed, too, and without their carriage returns.
    text = (read(FSTAB) or b'').decode(errors='surrogateescape')
    return text.removesuffix('\n').split('\n') if text else []


def _point(line):
    words = re.split('[ \t]+', line.strip(' \t\r'))
    return unescape(words[1]).rstrip('/') if len(words) > 1 and not words[0].startswith('#') else None


def unmount(path):
    """Take away what is mounted at the path, also when its server is gone, and have systemd know it."""
    while mount_of(path):
        detach(path)
    # A unit whose line is gone from fstab may be gone with its mount.
    with contextlib.suppress(Failure):
        run(['systemctl', 'stop', unit_of(path)], '')
    if show(unit_of(path))['ActiveState'] not in ('inactive', 'failed'):
        raise Failure('task-failed', 'systemd does not see that %s is mounted no more' % path)


def mount(path, limit):
    """Mount what fstab says. limit: seconds in which it must have come about."""
    unit, deadline = unit_of(path), time.monotonic() + limit
    while True:
        try:
            # A unit that failed often is started no more until this is forgotten.
            with contextlib.suppress(Failure):
                run(['systemctl', 'reset-failed', unit], '')
            run(['systemctl', 'start', unit], 'Nothing could be mounted at %s' % path, 'storage-gone')
            if mount_of(path):
                return
            why = 'systemd has mounted it, and nothing is there'
        except Failure as failure:
            why = str(failure)
        if time.monotonic() > deadline:
            log = run(['journalctl', '--unit', unit, '--lines', '5', '--output', 'cat'], 'No journal').strip()
            raise Failure('storage-gone', '%s. %s' % (why, log))
        time.sleep(1)


def guard(path):
    """Make the folder, empty, so that nobody can write into it or look into it, root included. Whether the file system can refuse root too."""
    if not os.path.lexists(path):
        os.mkdir(path, 0o000)
    if os.path.islink(path) or not os.path.isdir(path):
        raise Failure('mount-point-filled', '%s is to be a mount point, and it is a link or a file' % path)
    if is_immutable(path):
        return True
    if os.listdir(path):
        raise Failure('mount-point-filled', describe(path))
    before = os.stat(path)
    # Who may not enter is told so, and not that what he asks for does not exist.
    os.chown(path, 0, 0)
    os.chmod(path, 0o000)
    guarded = set_immutable(path, True)
    # Only now can nobody write into it any more.
    if os.listdir(path):
        put_back(path, {'mode': stat.S_IMODE(before.st_mode), 'uid': before.st_uid, 'gid': before.st_gid, 'immutable': False})
        raise Failure('mount-point-filled', describe(path))
    return guarded


def put_back(path, before):
    """Give a folder that is no mount point any more the mode, owner and flag that it had."""
    set_immutable(path, False)
    os.chown(path, before['uid'], before['gid'])
    os.chmod(path, before['mode'])
    set_immutable(path, before['immutable'])


def describe(path):
    """Says what fills a mount point."""
    found = []
    for folder, folders, names in os.walk(path):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        # An empty folder stands for itself.
        alone = ['.'] if not folders and folder != path else []
        found += [os.path.relpath(os.path.join(folder, name), path) for name in names + links or alone]
    found.sort()
    more = ' and %d more' % (len(found) - 5) if len(found) > 5 else ''
    return ('What the storage keeps is to be mounted at %s, which is not empty: %s%s. Move them to the storage, or away, and provision again'
            % (path, ', '.join(map(_readable, found[:5])), more))


def _readable(name):
    """A name that is not UTF-8, which no answer of a module's may hold."""
    return os.fsencode(name).decode(errors='backslashreplace')


def is_immutable(path):
    return bool(_flags(path) & FS_IMMUTABLE_FL)


def set_immutable(path, immutable):
    """Set or take away the flag that keeps root too from writing; whether the file system knows it."""
    flags = _flags(path)
    wanted = flags | FS_IMMUTABLE_FL if immutable else flags & ~FS_IMMUTABLE_FL
    if wanted == flags:
        return immutable == bool(flags & FS_IMMUTABLE_FL)
    try:
        with _opened(path) as folder:
            fcntl.ioctl(folder, FS_IOC_SETFLAGS, array.array('l', [wanted]))
    except OSError as error:
        if error.errno not in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EPERM):
            raise
        return False
    return True


def _flags(path):
    flags = array.array('l', [0])
    with contextlib.suppress(OSError), _opened(path) as folder:
        fcntl.ioctl(folder, FS_IOC_GETFLAGS, flags)
    return flags[0]


@contextlib.contextmanager
def _opened(path):
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield folder
    finally:
        os.close(folder)
