#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""Folders with an owner and a mode, many in one task."""

DOCUMENTATION = r'''
module: musher_folder
short_description: Make folders, with owner and mode, many in one task
description:
  - Does what M(ansible.builtin.file) does for one folder, for a list of them, since each task costs a round trip.
  - Never follows a link - a link where a folder is asked for is an error.
version_added: 0.1.0
author: Musher (@musher)
options:
  folders:
    description: The folders, parents before what is in them.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where.
        type: path
        required: true
      owner:
        description: User that owns it.
        type: str
        default: root
      group:
        description: Group that it belongs to.
        type: str
        default: root
      mode:
        description: Octal mode; left out, a folder that is there keeps its own.
        type: str
'''

EXAMPLES = r'''
- name: Make the folder of releases
  musher_folder:
    folders:
      - {path: /var/aegir/projects/shop/live/releases, mode: "0755"}
'''

RETURN = r'''
made:
  description: The folders that were made or changed.
  type: list
  elements: str
  returned: success
'''

import grp
import os
import pwd
import stat

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_result import Failure, conclude


def ensure(folder, check):
    """Whether the folder had to be made or changed."""
    path = folder['path']
    mode = int(folder['mode'], 8) if folder['mode'] else None
    there = os.path.lexists(path)
    if there and (os.path.islink(path) or not os.path.isdir(path)):
        raise Failure('task-failed', '%s is to be a folder, and it is a link or a file' % path)
    if there and mode is None:
        return False
    wanted = (pwd.getpwnam(folder['owner']).pw_uid, grp.getgrnam(folder['group']).gr_gid, mode or 0o755)
    if there:
        status = os.stat(path)
        if (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == wanted:
            return False
    if not check:
        os.makedirs(path, exist_ok=True)
        os.chown(path, wanted[0], wanted[1])
        os.chmod(path, wanted[2])
    return True


def main():
    folder = {
        'path': {'type': 'path', 'required': True}, 'owner': {'type': 'str', 'default': 'root'},
        'group': {'type': 'str', 'default': 'root'}, 'mode': {'type': 'str'},
    }
    module = AnsibleModule(
        argument_spec={'folders': {'type': 'list', 'elements': 'dict', 'required': True, 'options': folder}},
        supports_check_mode=True,
    )
    os.umask(0o022)

    def act():
        made = [one['path'] for one in module.params['folders'] if ensure(one, module.check_mode)]
        return {'changed': bool(made), 'made': made}

    conclude(module, act)


if __name__ == '__main__':
    main()
