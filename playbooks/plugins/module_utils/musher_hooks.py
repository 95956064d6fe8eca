"""Hooks of a project: what a shell command of the spec runs as, where, and what its end means."""

import os
import pwd
import tempfile

from ansible.module_utils import musher_once
from ansible.module_utils.musher_result import Failure


def job(environment, release, command, timeout):
    """What to run, as data."""
    try:
        user = pwd.getpwnam(environment['user'])
    except KeyError:
        raise Failure('not-provisioned', 'There is no user %s: this server has not been provisioned for this environment' % environment['user'])
    folder = os.path.join(environment['path'], 'releases', release)
    # Root is nobody to a storage, and cannot look there; that the release is there its user has seen.
    if environment.get('code') != 'nfs' and not os.path.isdir(folder):
        raise Failure('no-release', 'There is no release %s' % folder)
    return {
        'command': command, 'uid': user.pw_uid, 'gid': user.pw_gid, 'groups': [], 'folder': folder, 'timeout': timeout,
        'environment': {
            'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8',
            'HOME': user.pw_dir, 'USER': user.pw_name, 'LOGNAME': user.pw_name, 'SHELL': '/bin/sh',
            'MUSHER_PROJECT': environment['project'], 'MUSHER_ENVIRONMENT': environment['name'], 'MUSHER_RELEASE': release,
        },
    }


def run_each(environment, release, commands, timeout):
    """Runs commands here and now, in order. Returns the last of what each printed. Fails with hook-failed."""
    tails = []
    for command in commands:
        with tempfile.TemporaryDirectory() as folder:
            result = musher_once.run(job(environment, release, command, timeout), os.path.join(folder, 'output'))
        tails.append(outcome(command, timeout, result))
    return tails


def outcome(command, timeout, result):
    """What a command printed last, if it ended well. `result` is as musher_once.run gives it. Fails with hook-failed."""
    if result['status'] == 0:
        return result['tail']
    # A result may have been left by an older version, which did not tell the two apart.
    late = result.get('late', result['status'] == 124)
    how = 'took longer than %d s' % timeout if late else 'ended with exit status %d' % result['status']
    last = '\n'.join(result['tail'].splitlines()[-20:])
    raise Failure('hook-failed', 'The hook "%s" %s; the last of its output:\n%s' % (command, how, last), rc=result['status'])
