"""Packages whose installation was cut off: until it is finished, apt refuses to install anything."""

import fcntl
import os
import subprocess
import time

from ansible.module_utils.musher_result import Failure

# Files of the server's own that differ from the package's stay, as with Ansible's apt.
KEEP = ['--force-confold', '--force-confdef']
# Seconds in which what is not whole must be; and in which whoever else installs something must have ended, as in the role packages.
PATIENCE, PATIENCE_WITH_OTHERS = 60, 600
# Held by apt for as long as it installs, and by a dpkg of its own.
LOCK = '/var/lib/dpkg/lock-frontend'


def finish_installing():
    """Finish what was begun. Returns whether there was anything. Failure with what dpkg and apt say when it cannot be finished."""
    if not _unfinished():
        return False
    said, began = '', time.monotonic()
    while _unfinished():
        if time.monotonic() > began + (PATIENCE_WITH_OTHERS if _others_install() else PATIENCE):
            raise Failure('task-failed', 'An installation of packages was cut off and could not be finished: %s' % said[-2000:])
        said = _run(['dpkg', *KEEP, '--configure', '-a']) + _run(['apt-get', '--yes', *('-oDpkg::Options::=%s' % word for word in KEEP), '--fix-broken', 'install'])
        time.sleep(1)
    return True


def _unfinished():
    # What dpkg had not yet taken down of its work; then what packages are not whole.
    return any(name.isdigit() for name in os.listdir('/var/lib/dpkg/updates')) or bool(_run(['dpkg', '--audit']))


def _others_install():
    try:
        with open(LOCK, 'ab') as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _run(command):
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C.UTF-8'}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, check=False)
    return done.stdout.decode(errors='replace').strip()
