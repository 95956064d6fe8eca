"""Finding and ending the processes of a run. Ansible's own workers call setsid, so a process group is not enough."""
import ctypes
import os
import signal
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
# A process in an uninterruptible system call (a dead NFS server) does not go; the supervisor does not wait for it for ever.
PATIENCE_AFTER_KILL = 20.0
libc = ctypes.CDLL(None)


def become_reaper():
    """Orphans below this process become its children, so none of them is ever out of sight."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    """In the child, before exec: a supervisor that is killed takes ansible-playbook (which ends its workers) along."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def end_descendants(grace, spare_connections, turn):
    """SIGTERM to every descendant, after `grace` seconds SIGKILL, until none is left. `turn` is called while waiting."""
    def find():
        return [pid for pid in descendants() if not (spare_connections and is_connection(pid))]

    # One look is no proof: a process may fork and go while the list is read. That this reaper has no child is one.
    _end(lambda: find() or find(), grace, turn, is_over=lambda: spare_connections or not _has_children())


def end_leftovers(run):
    """Ends what a supervisor that was killed left behind: every process of ours with MUSHER_RUN in its environment."""
    marker = b'MUSHER_RUN=' + os.fsencode(run)
    own = os.getpid()

    def find():
        return [pid for pid in _all() if pid != own and marker in _read(pid, 'environ').split(b'\0') and not _is_gone(pid)]

    _end(lambda: find() or find(), 2.0, time.sleep, is_over=lambda: True)


def mark(run):
    """Makes /proc tell MUSHER_RUN of a process that was forked: its value is written over the one the first process was started with."""
    name, path = b'MUSHER_RUN=', os.fsencode(run)
    start = int(_stat('self')[47])
    environment = b'\0' + _read('self', 'environ')
    at = environment.index(b'\0' + name) + len(name)
    room = environment.index(b'\0', at + 1) - at - 1
    if len(path) > room:
        raise ValueError(f'no room to mark a process with {run}')
    ctypes.memmove(start + at, path.ljust(room, b'\0'), room)


def _end(find, grace, turn, is_over):
    start = time.monotonic()
    asked = set()
    while (found := find()) or not is_over():
        waited = time.monotonic() - start
        if waited > grace + PATIENCE_AFTER_KILL:
            return
        for pid in found:
            if waited > grace:
                _signal(pid, signal.SIGKILL)
            elif pid not in asked:
                asked.add(pid)
                _signal(pid, signal.SIGTERM)
                _signal(pid, signal.SIGCONT)
        turn(0.02)


def _has_children():
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return True
    except ChildProcessError:
        return False


def descendants():
    """Every living process below this one."""
    children = {}
    for pid in _all():
        children.setdefault(_parent(pid), []).append(pid)
    found, queue = [], [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        queue += below
        found += [pid for pid in below if not _is_gone(pid)]
    return found


def is_connection(pid):
    """Whether this is an SSH connection that ControlPersist keeps (OpenSSH renames it `ssh: SOCKET [mux]`)."""
    try:
        program = os.path.basename(os.readlink(f'/proc/{pid}/exe'))
    except OSError:
        return False
    title = _read(pid, 'cmdline').rstrip(b'\0 ')
    return program == 'ssh' and title.startswith(b'ssh: ') and title.endswith(b'[mux]')


def _all():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def _stat(pid):
    """Fields of /proc/PID/stat after the command's name, which may hold spaces and parentheses: state, parent …"""
    return _read(pid, 'stat').rpartition(b')')[2].split()


def start_time(pid):
    return int(_stat(pid)[19])


def _parent(pid):
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _is_gone(pid):
    fields = _stat(pid)
    return not fields or fields[0] in (b'Z', b'X')


def _read(pid, name):
    try:
        with open(f'/proc/{pid}/{name}', 'rb') as file:
            return file.read()
    except OSError:
        return b''


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass
