#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""A service that runs what its configuration says."""

DOCUMENTATION = r'''
module: musher_service
short_description: Write the configuration of a service, check it in its place, and have the service run it
description:
  - The files are written into a copy of O(tree), and the service's own check reads that copy in the place of the real one (in a mount namespace
    of its own). Only what passes the check replaces the real files, so a mistake leaves the live service as it was.
  - The service is then enabled and started, and reloaded only when what it has loaded is older than its files. This is compared each time,
    so a run that was cut off between writing and reloading, or whose reload failed, is made good by the next.
version_added: 0.1.0
author: Musher (@musher)
options:
  unit:
    description: The systemd unit.
    type: str
    required: true
  tree:
    description: Folder that holds the service's configuration.
    type: path
    required: true
  files:
    description: Content by path. Those outside of O(tree) are not staged for the check.
    type: dict
    required: true
  absent:
    description: Paths that must not be there.
    type: list
    elements: path
    default: []
  validate:
    description: Command that checks the configuration. What it prints on standard output is taken for all that the service loads; where it prints nothing, the files are.
    type: list
    elements: str
    required: true
  environment:
    description: Environment variables for that command.
    type: dict
    default: {}
  read_at_start:
    description: Those of the O(files) that the service reads only when it starts. When they change, it is restarted; with unit files it always is.
    type: list
    elements: path
    default: []
  reader:
    description: A user as which the service reads files; when its groups change, the service is reloaded.
    type: str
'''

EXAMPLES = r'''
- name: Serve the sites
  musher_service:
    unit: nginx.service
    tree: /etc/nginx
    files:
      /etc/nginx/conf.d/site.conf: "server { listen 80; }"
    validate: [nginx, -T]
'''

RETURN = r'''
actions:
  description: What was done.
  type: list
  elements: str
  returned: success
'''

import hashlib
import os
import shutil
import subprocess
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_result import Failure, conclude, read, run, sync_folder, write
from ansible.module_utils.musher_running import is_loaded, loaded, reload, show


def ensure(asked, check):
    tree, files = asked['tree'], {path: content.encode() for path, content in asked['files'].items()}
    stale = [path for path, content in files.items() if read(path) != content]
    unwanted = [path for path in asked['absent'] if os.path.lexists(path)]
    dump = validate(asked, tree, files)
    if check:
        return {'changed': bool(stale or unwanted), 'actions': ['write %s' % path for path in stale]}
    for path in stale:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, files[path])
    for path in unwanted:
        os.unlink(path)
        sync_folder(os.path.dirname(path))
    actions = ['wrote %s' % path for path in stale] + ['removed %s' % path for path in unwanted] + ensure_running(asked, files, stale, dump)
    return {'changed': bool(actions), 'actions': actions}


def validate(asked, tree, files):
    """Check the configuration as it is going to be; what the check printed on standard output."""
    with tempfile.TemporaryDirectory(dir='/run', prefix='musher-') as stage:
        candidate = os.path.join(stage, 'tree')
        if os.path.isdir(tree):
            shutil.copytree(tree, candidate, symlinks=True)
        else:
            os.mkdir(candidate)
        for path, content in files.items():
            if path.startswith(tree + '/'):
                staged = candidate + path[len(tree):]
                os.makedirs(os.path.dirname(staged), exist_ok=True)
                with open(staged, 'wb') as file:
                    file.write(content)
        for path in asked['absent']:
            staged = candidate + path[len(tree):]
            if path.startswith(tree + '/') and os.path.lexists(staged):
                os.unlink(staged)
        os.makedirs(tree, exist_ok=True)
        swapped = ['unshare', '--mount', '/bin/sh', '-c', 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh', candidate, tree, *asked['validate']]
        done = subprocess.run(swapped, env={**os.environ, **asked['environment']}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Failure('task-failed', 'The configuration of %s is refused, and was not put in force: %s'
                      % (asked['unit'], done.stderr.decode(errors='replace').strip()[-2000:]))
    return done.stdout


def ensure_running(asked, files, stale, dump):
    unit, actions = asked['unit'], []
    units = [path for path in files if path.startswith('/etc/systemd/')]
    own = units + asked['read_at_start']
    # systemd does not notice by itself that a unit has got a file of its own where it was made from a template.
    if set(units) & set(stale) or units and run(['systemctl', 'show', unit, '-p', 'NeedDaemonReload', '--value'], 'systemd does not answer').strip() == 'yes':
        run(['systemctl', 'daemon-reload'], 'systemd could not read its units')
    groups = run(['id', '-Gn', asked['reader']], 'There is no user %s' % asked['reader']).split() if asked['reader'] else []
    # Other groups have files of their own in the tree: told by these files alone, each would reload after the other for ever.
    digest = hashlib.sha256(repr((dump or sorted(files.items()), groups)).encode()).hexdigest()
    of_unit = hashlib.sha256(repr([files[path] for path in own]).encode()).hexdigest()
    state = show(unit)
    if state['UnitFileState'] != 'enabled':
        run(['systemctl', '--quiet', 'enable', unit], '%s could not be enabled' % unit)
        actions.append('enabled')
    if state['ActiveState'] != 'active' or (own and not is_loaded(unit, 'unit', of_unit, own)):
        run(['systemctl', 'restart', unit], '%s could not be started' % unit)
        actions.append('started')
    elif not is_loaded(unit, 'configuration', digest, [*files, '/etc/group']):
        reload(unit)
        actions.append('reloaded')
    loaded(unit, 'unit', of_unit)
    loaded(unit, 'configuration', digest)
    return actions


def main():
    module = AnsibleModule(
        argument_spec={
            'unit': {'type': 'str', 'required': True},
            'tree': {'type': 'path', 'required': True},
            'files': {'type': 'dict', 'required': True},
            'absent': {'type': 'list', 'elements': 'path', 'default': []},
            'validate': {'type': 'list', 'elements': 'str', 'required': True},
            'environment': {'type': 'dict', 'default': {}},
            'read_at_start': {'type': 'list', 'elements': 'path', 'default': []},
            'reader': {'type': 'str'},
        },
        supports_check_mode=True,
    )
    os.umask(0o022)
    conclude(module, lambda: ensure(module.params, module.check_mode))


if __name__ == '__main__':
    main()
