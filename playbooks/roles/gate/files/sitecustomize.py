"""Spares this host the same work for each of Ansible's modules (decisions 15 and 16). Python imports this file at its start where the gate let it in, since the gate names
this folder in PYTHONPATH. What a module starts knows nothing of it.

- Ansible sends a module as a zip of sources: what Python compiles of them is kept, by the hash of its source and with one of its own, since a power cut may
  leave half of it.
- Ansible's library takes longer to import than most modules take: a module is run by a fork of a process that has imported it (musher_nursery.py).

Both for root alone. Whatever stands in the way: Python does as it always does.
"""
import os
import sys

OWN = os.path.dirname(os.path.abspath(__file__))
KEPT = '/var/cache/musher/modules'
# Some ten versions of Ansible and Musher.
MOST_FILES = 1000
NURSERIES = '/run/musher-modules'
NURSERY = os.path.join(OWN, 'musher_nursery.py')
# Seconds for a nursery to answer on a busy machine.
PATIENCE = 20


def leave_no_trace():
    """Takes this folder from the paths of this process, and from the environment of those that it starts."""
    sys.path[:] = [path for path in sys.path if path != OWN]
    others = [path for path in os.environ.get('PYTHONPATH', '').split(os.pathsep) if path not in ('', OWN)]
    if others:
        os.environ['PYTHONPATH'] = os.pathsep.join(others)
    else:
        os.environ.pop('PYTHONPATH', None)


def is_private(folder):
    """Whether the folder is root's alone; it is made where it is missing."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    status = os.lstat(folder)
    return status.st_uid == 0 and status.st_mode & 0o170777 == 0o040700


def keep_compiled():
    import marshal
    import zipimport
    from _frozen_importlib_external import MAGIC_NUMBER
    from _imp import source_hash
    key = int.from_bytes(MAGIC_NUMBER, 'little')
    size = len(source_hash(key, b''))
    compile_source = zipimport._compile_source

    def compile_once(path, source):
        kept = os.path.join(KEPT, '%s-%d-%s' % (source_hash(key, source).hex(), len(source), sys.implementation.cache_tag))
        try:
            with open(kept, 'rb') as file:
                data = file.read()
            if data[:size] == source_hash(key, data[size:]):
                return marshal.loads(data[size:])
        except OSError:
            pass
        code = compile_source(path, source)
        data = marshal.dumps(code)
        try:
            write(kept, source_hash(key, data) + data)
        except OSError:
            pass
        return code

    zipimport._compile_source = compile_once


def write(kept, data):
    names = os.listdir(KEPT)
    if len(names) >= MOST_FILES:
        for name in names:
            os.unlink(os.path.join(KEPT, name))
    draft = '%s.%d' % (kept, os.getpid())
    with open(draft, 'wb') as file:
        file.write(data)
    os.rename(draft, kept)


def reads_program():
    """Whether this Python was started without any argument, and somebody sends it its program. @raises OSError where one of the three streams is closed."""
    for number in (0, 1, 2):
        os.fstat(number)
    with open('/proc/self/cmdline', 'rb') as file:
        return file.read().count(b'\0') == 1 and not os.isatty(0)


def nursery_folder():
    """The place of those that work as this Python would: in the same system, with the same programs, packages, settings, rights and limits."""
    from _imp import source_hash
    files = [sys.executable, NURSERY, '/etc/ld.so.cache', *sys.path]
    states = [(file, os.stat(file).st_ino, os.stat(file).st_mtime_ns) for file in files if os.path.exists(file)]
    settings = sorted(item for item in os.environ.items() if item[0].startswith(('PYTHON', 'LC_', 'LANG', 'LD_', 'HOME')))
    with open('/proc/self/limits') as limits, open('/proc/self/status') as status:
        of_process = [limits.read(), *(line for line in status if line.startswith(('SigBlk', 'SigIgn', 'Cap', 'Groups', 'NoNewPrivs', 'Seccomp:', 'Cpus_allowed:')))]
    spaces = [os.readlink('/proc/self/ns/%s' % name) for name in ('mnt', 'net', 'user')] + [os.stat('/').st_ino, os.stat('/').st_dev]
    same = (sys.version, sys.prefix, states, settings, of_process, spaces)
    return os.path.join(NURSERIES, source_hash(1, repr(same).encode()).hex())


def hand_over():
    """Has a nursery run what is on standard input, and ends as that ends; returns where none can be had, with nothing run yet."""
    import _socket
    import marshal
    folder = nursery_folder()
    if not (is_private(NURSERIES) and is_private(folder)):
        return
    line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    line.settimeout(PATIENCE)
    if line.connect_ex(folder + '/socket') != 0:
        start_nursery(folder, _socket)
        line.connect(folder + '/socket')
    umask = os.umask(0o077)
    os.umask(umask)
    here = os.open('.', os.O_RDONLY | os.O_DIRECTORY)
    try:
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, b''.join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2, here)))
        line.sendmsg([marshal.dumps((dict(os.environb), umask))], [rights])
    finally:
        os.close(here)
    if line.recv(16) != b'ready':
        return
    # From here on it runs there, and must not be run here as well.
    try:
        line.settimeout(None)
        line.send(b'go')
        status = int(line.recv(16))
    except BaseException:
        os.write(2, b'musher: the process that ran this module was killed\n')
        status = 70
    if status < 0:
        # As it was killed.
        os.kill(os.getpid(), -status)
        status = 128 - status
    os._exit(status)


def start_nursery(folder, _socket):
    """Starts one, which holds the folder's lock as long as it lives. @raises OSError where another is just starting or ending."""
    import fcntl
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # One that has ended meanwhile has taken its folder away.
        if not os.path.samestat(os.fstat(lock), os.lstat(folder)):
            raise FileNotFoundError(folder)
        try:
            os.unlink(folder + '/socket')
        except FileNotFoundError:
            pass
        listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        listener.bind(folder + '/socket')
        listener.listen(64)
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                if os.fork() == 0:
                    sys.path.insert(0, OWN)
                    import musher_nursery
                    sys.path.remove(OWN)
                    musher_nursery.serve(listener.detach(), folder, lock)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        listener.close()
    finally:
        os.close(lock)


try:
    leave_no_trace()
    if os.geteuid() == 0:
        if is_private(KEPT):
            keep_compiled()
        if reads_program():
            hand_over()
except Exception:
    # An older or newer Python, or a read-only disk.
    pass
