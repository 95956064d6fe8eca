"""Upload a release: prepare on the member, rsync from the controller, check and admit on the member. One task instead of three."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

# What rsync says when the other side went away or somebody ended it, and not when a file could not be read or written.
BROKEN_CONNECTION = (10, 12, 20, 30, 35, 255)


class ActionModule(ActionBase):
    """The action that goes with the documentation in plugins/modules/musher_upload.py."""

    TRANSFERS_FILES = True
    _VALID_ARGS = frozenset(('artifact', 'path', 'current', 'id', 'checksum', 'shared', 'uid', 'rsync_path', 'against', 'part', 'files', 'stored', 'image'))

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        asked = dict(self._task.args)
        artifact = asked.pop('artifact')
        rsync_path = asked.pop('rsync_path', None)
        against = asked.pop('against', None)
        if asked.pop('part', 'release') == 'shared':
            return {**result, **self._plant(artifact, asked, rsync_path, task_vars)}

        # Size and time tell files apart where times are made of contents; where they are not, the second look compares contents.
        for compare in ([], ['--checksum']):
            made = self._known(asked, against) if against is not None and not compare else self._release('prepared', asked, task_vars)
            if made.get('failed') or not made.get('needed') or self._task.check_mode:
                break
            sent = self._send(artifact, made, asked.get('shared') or [], rsync_path, compare)
            if sent.returncode:
                return {**result, **self._refused(sent, asked, task_vars)}
            made = self._release('present', asked, task_vars)
            if made.get('musher_failure') != 'checksum-mismatch':
                break
        return {**result, **made}

    def _plant(self, artifact, asked, rsync_path, task_vars):
        """Have a storage make the shared paths, after what was built of the empty ones is there."""
        for word in ('files', 'stored'):
            asked.pop(word, None)
        built = self._built(artifact, [one['path'] for one in asked.get('shared') or []])
        if built and not self._task.check_mode:
            made = self._release('seedable', asked, task_vars)
            if made.get('failed') or not made['needed']:
                return made
            wanted = [path for path in built if path in made['empty']]
            sent = self._send_built(artifact, wanted, made['partial'], rsync_path) if wanted else None
            if sent and sent.returncode:
                return self._refused(sent, asked, task_vars, 'unseeded')
        return self._release('seeded', asked, task_vars)

    @staticmethod
    def _built(artifact, paths):
        return [path for path in paths if os.path.lexists(os.path.join(artifact, path))]

    @staticmethod
    def _known(asked, against):
        """What preparing would find, without asking: whoever planned the upload has seen the release that is served."""
        releases = asked['path'].rstrip('/') + '/releases/'
        return {'needed': True, 'partial': '%s.%s.partial' % (releases, asked['id']), 'link_dest': releases + against if against else ''}

    def _release(self, state, asked, task_vars):
        return self._execute_module('musher_release', module_args={**asked, 'state': state}, task_vars=task_vars)

    def _send(self, artifact, prepared, shared, rsync_path, compare):
        """Send the tree; the rsync process that failed, or the last.

        What was built at shared paths goes by itself, never compared with the release before: there, links lead to what users own.
        """
        paths = [one['path'] for one in shared]
        options = ['--delete', '--omit-dir-times', *compare, *('--exclude=/%s' % escape(path) for path in paths)]
        if prepared['link_dest']:
            options.append('--link-dest=%s' % prepared['link_dest'])
        sent = self._rsync(options, [artifact.rstrip('/') + '/'], prepared['partial'], rsync_path)
        built = self._built(artifact, paths)
        if sent.returncode or not built:
            return sent
        return self._send_built(artifact, built, prepared['partial'], rsync_path)

    def _send_built(self, artifact, paths, partial, rsync_path):
        sources = [os.path.join(artifact, '.', path) for path in paths]
        return self._rsync(['--delete', '--omit-dir-times', '--relative'], sources, partial, rsync_path)

    def _rsync(self, options, sources, partial, rsync_path):
        """The finished rsync process. Code belongs to root, and everybody who may look into the environment may read it."""
        command = ['rsync', '--recursive', '--links', '--perms', '--times', '--protect-args', '--timeout=60', '--chmod=Du=rwx,Dgo=rx,Fu=rwX,Fgo=rX',
                   *options]
        target = partial
        if self._connection.transport == 'ssh':
            # The connection's own command line: the same user, key, host key checking and master connection as every other task.
            ssh = [part.decode() for part in self._connection._build_command(self._connection.get_option('ssh_executable'), 'ssh')]
            host = self._connection.get_option('host')
            target = '%s:%s' % ('[%s]' % host if ':' in host else host, partial)
            become = 'sudo -n -H rsync' if self._play_context.become else 'rsync'
            command += ['--rsh=%s' % shlex.join(ssh), '--rsync-path=%s' % (rsync_path or become)]
        return subprocess.run([*command, '--', *sources, target + '/'], env={**os.environ, 'LC_ALL': 'C.UTF-8'},
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors='replace', check=False)

    def _refused(self, sent, asked, task_vars, undo='absent'):
        """The failure that an rsync which ended with an error stands for."""
        said = sent.stderr.strip()[-2000:]
        failure = None
        if 'No space left on device' in said or 'Disk quota exceeded' in said:
            failure = 'disk-full'
            self._release(undo, asked, task_vars)
        elif 'musher: fenced' in said:
            failure = 'fenced'
        elif re.search(r'change_dir .* failed: No such file', said):
            failure = 'artifact-missing'
        elif sent.returncode < 0 or sent.returncode in BROKEN_CONNECTION:
            raise AnsibleConnectionFailure('The upload was cut off: %s' % said)
        result = {'failed': True, 'changed': True, 'rc': sent.returncode, 'msg': 'rsync could not upload %s: %s' % (asked['id'], said)}
        return {**result, 'musher_failure': failure} if failure else result


def escape(path):
    """A path as a pattern of rsync that matches nothing else; a backslash is special only where there are wildcards."""
    return re.sub(r'([*?\[\\])', r'\\\1', path) if re.search(r'[*?\[]', path) else path
