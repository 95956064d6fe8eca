"""What runs, compared with what is on disk: a service is reloaded when, and only when, what it has loaded is older."""

import contextlib
import glob
import os
import time

from ansible.module_utils.musher_result import Failure, read, run, write

# Gone at a restart of the server, as is what its services had loaded.
LOADED = '/run/musher/loaded'
# In the place of what is loaded: a service was told to load something, and nobody knows whether it has.
UNSURE = '?'


def show(unit):
    """What systemd knows of a unit that matters here: a dict of properties."""
    names = 'LoadState,ActiveState,UnitFileState,MainPID,InvocationID,Job,InactiveExitTimestampMonotonic'
    lines = run(['systemctl', 'show', unit, '-p', names], 'systemd does not answer').splitlines()
    return dict(line.split('=', 1) for line in lines if '=' in line)


def is_loaded(unit, what, content, files=(), state=None):
    """Whether the running service has loaded exactly this content.

    what: which part of what it loads ('configuration', 'release'); content: a text that tells versions of it apart.
    A service that somebody else started is believed to have loaded the files when it started after their last change.
    state: what show() has just said of the unit.
    """
    state = state or show(unit)
    if state['ActiveState'] != 'active':
        return False
    mark = _mark(state, content)
    record = read(_record(unit, what))
    if record is None or record.split(b' ')[0] != mark.split(b' ')[0]:
        return bool(files) and max(os.stat(path).st_ctime for path in files) + 2 < started(state)
    return record == mark


def loaded(unit, what, content):
    """Record that the service, as it runs now, has loaded this content."""
    os.makedirs(LOADED, mode=0o700, exist_ok=True)
    write(_record(unit, what), _mark(show(unit), content), 0o600)


def record(unit, content=None, what='configuration'):
    """What is recorded of what a service has loaded; with content, put such a record back, or none where it is empty."""
    path = _record(unit, what)
    if content:
        os.makedirs(LOADED, mode=0o700, exist_ok=True)
        write(path, content, 0o600)
    elif content is not None:
        _forget(unit, what)
    return read(path)


def started(state):
    """When a unit's main process started, or the unit where it has none (NFS server), in seconds since the epoch."""
    boot = next(int(line.split()[1]) for line in open('/proc/stat', 'rb') if line.startswith(b'btime'))
    pid = int(state['MainPID'])
    if not pid:
        return boot + int(state['InactiveExitTimestampMonotonic']) / 1e6
    ticks = int(read('/proc/%d/stat' % pid).rpartition(b')')[2].split()[19])
    return boot + ticks / os.sysconf('SC_CLK_TCK')


def adopt(link, release, unit, command):
    """Have the web stack see the release that a link names now, unless it has. Returns whether it was told to."""
    if not unit and not command:
        return False
    content = release or ''
    if unit:
        state = show(unit)
        if state['LoadState'] == 'not-found':
            if release is None:
                return False
            raise Failure('not-provisioned', 'There is no %s: this server has not been provisioned for this environment' % unit)
        if is_loaded(unit, 'release', content, state=state):
            return False
        _forget(unit, 'release')
        reload_php(unit, state=state)
        loaded(unit, 'release', content)
        return True
    mark = content.encode()
    if read(_record(link, 'release')) == mark:
        return False
    _forget(link, 'release')
    run(['/bin/sh', '-c', command], 'The command that reloads the web server failed')
    os.makedirs(LOADED, mode=0o700, exist_ok=True)
    write(_record(link, 'release'), mark, 0o600)
    return True


def reload(unit):
    """Have a running service load its configuration. What one that fails has loaded, nobody knows: whoever comes next must reload again."""
    loaded(unit, 'configuration', UNSURE)
    if unit.startswith('musher-php@'):
        reload_php(unit)
    else:
        run(['systemctl', 'reload-or-restart', unit], '%s could not be reloaded' % unit)


def reload_php(unit, limit=90, state=None):
    """Reload a PHP-FPM master (or start it) and wait until no process of before is left. limit: seconds; state: what show() has just said of it."""
    state = state or show(unit)
    if state['ActiveState'] not in ('active', 'reloading'):
        run(['systemctl', 'restart', unit], '%s could not be started' % unit)
        return
    master = int(state['MainPID'])
    before = children(master)
    run(['systemctl', 'reload', unit], '%s could not be reloaded' % unit)
    deadline = time.monotonic() + limit
    while True:
        if not some_children(master) & before:
            now = children(master)
            if now and not now & before:
                return
        if show(unit)['ActiveState'] not in ('active', 'reloading'):
            raise Failure('task-failed', '%s ended while it was reloaded: see journalctl -u %s' % (unit, unit))
        if time.monotonic() > deadline:
            raise Failure('timed-out', '%s still has processes of before its reload after %d s' % (unit, limit))
        time.sleep(0.02)


def children(pid):
    """The process ids whose parent is pid."""
    found = set()
    for path in glob.glob('/proc/[0-9]*/stat'):
        content = read(path)
        # The name, in parentheses, may hold anything; the parent is the second word after it.
        if content and int(content.rpartition(b')')[2].split()[1]) == pid:
            found.add(int(path.split('/')[2]))
    return found


def some_children(pid):
    """As children(), at a hundredth of its cost; one may be left out while another ends. Empty where the kernel does not tell (CONFIG_PROC_CHILDREN)."""
    return {int(child) for child in (read('/proc/%d/task/%d/children' % (pid, pid)) or b'').split()}


def _record(name, what):
    return os.path.join(LOADED, '%s.%s' % (name.strip('/').replace('/', '%'), what))


def _forget(name, what):
    """What a reload that fails has loaded, nobody knows: whoever comes next must reload again."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_record(name, what))


def _mark(state, content):
    return ('%s %s' % (state['InvocationID'], content)).encode()
