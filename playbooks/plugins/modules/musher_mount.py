#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""A mount of what a storage keeps, and the guarded folder below it."""

DOCUMENTATION = r'''
module: musher_mount
short_description: Mount code or shared files by a line in fstab, at a folder that is guarded while they are not there
description:
  - While nothing is mounted there, the folder belongs to root, has mode 0000 and the immutable flag, so that not even root writes into it. A file system
    without that flag gets the mode alone, which RV(remark) says.
  - One line of C(/etc/fstab) is added or replaced, by a rename; the others stay as they are. Whatever else fstab says of this path is taken for an older version of it.
  - Waits until it is mounted. It is mounted anew only when the line has changed, also by a run that was cut off in between.
version_added: 0.1.0
author: Musher (@musher)
options:
  path:
    description: Where to mount.
    type: path
    required: true
  source:
    description: What to mount, as the server's address, a colon and the path there. An IPv6 address is in brackets.
    type: str
    required: true
  options:
    description: Options of the mount.
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds in which the storage must have answered.
    type: int
    default: 60
'''

EXAMPLES = r'''
- name: Mount the shared files
  musher_mount:
    path: /var/aegir/projects/shop/live/shared
    source: 192.0.2.20:/var/aegir/projects/shop/live/shared
    options: [vers=4.2, softerr, nofail, _netdev]
'''

RETURN = r'''
actions:
  description: What was done.
  type: list
  elements: str
  returned: success
remark:
  description: What could not be had, though it was done without.
  type: str
  returned: when there is something to say
musher_failure:
  description: C(mount-point-filled) or C(storage-gone).
  type: str
  returned: on failure, where it is known
'''

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_fstab import guard, lines_of, mount, set_lines, unmount
from ansible.module_utils.musher_mounts import bounded, escape, mount_of, unit_of
from ansible.module_utils.musher_result import Failure, conclude, write

# Gone at a restart of the server, as is every mount that was made by an older line.
STALE = '/run/musher/stale-mounts'


def ensure(asked, check):
    path, options = asked['path'], ','.join(asked['options'])
    line = ' '.join([escape(asked['source']), escape(path), 'nfs', escape(options), '0', '0'])
    stale = os.path.join(STALE, unit_of(path))
    is_stale = lines_of(path) != [line] or os.path.exists(stale)
    mounted = mount_of(path)
    if check:
        return {'changed': is_stale or not mounted, 'actions': []}
    actions, result = [], {}
    if is_stale:
        os.makedirs(STALE, mode=0o700, exist_ok=True)
        write(stale, b'')
        if set_lines(path, [line]):
            actions.append('wrote the line of %s in fstab' % path)
        if mounted:
            unmount(path)
            mounted = None
    if not mounted:
        if not guard(path):
            result['remark'] = 'The file system of %s has no immutable flag: while nothing is mounted there, root could write into it, and nobody else' % path
        mount(path, asked['timeout'])
        actions.append('mounted %s' % path)
    if os.path.exists(stale):
        os.unlink(stale)
    if bounded(lambda: os.statvfs(path).f_bsize, asked['timeout']) is None:
        raise Failure('storage-gone', '%s is mounted, but the storage does not answer' % path)
    return {'changed': bool(actions), 'actions': actions, **result}


def main():
    module = AnsibleModule(
        argument_spec={
            'path': {'type': 'path', 'required': True},
            'source': {'type': 'str', 'required': True},
            'options': {'type': 'list', 'elements': 'str', 'required': True},
            'timeout': {'type': 'int', 'default': 60},
        },
        supports_check_mode=True,
    )
    os.umask(0o022)
    conclude(module, lambda: ensure(module.params, module.check_mode))


if __name__ == '__main__':
    main()
