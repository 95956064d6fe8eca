#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""System users of environments."""

DOCUMENTATION = r'''
module: musher_account
short_description: Make the system users of environments, with fixed ids
description:
  - Each user has a group of the same name and id, no password and no login shell.
  - All are checked before the first is made, so a clash of names or ids changes nothing. Check mode is that check alone.
version_added: 0.1.0
author: Musher (@musher)
options:
  accounts:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the user and of its group.
        type: str
        required: true
      uid:
        description: Id of the user and of its group.
        type: int
        required: true
      home:
        description: Home folder; made, private to the user.
        type: path
        required: true
  readers:
    description: Users that join every one of the groups, so that they may read what belongs to it.
    type: list
    elements: str
    default: []
'''

EXAMPLES = r'''
- name: Make the user of the site
  musher_account:
    accounts: [{name: m-shop-live, uid: 20001, home: /var/lib/musher/home/m-shop-live}]
    readers: [www-data]
'''

RETURN = r'''
made:
  description: The users that were made.
  type: list
  elements: str
  returned: success
musher_failure:
  description: C(user-clash) where a name or an id belongs to somebody else on this server.
  type: str
  returned: on failure, where it is known
'''

import grp
import os
import pwd

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_result import Failure, conclude, run


def clash(account):
    """What keeps the account from being made; None when nothing does."""
    name, uid = account['name'], account['uid']
    for kind, by_name, by_id, number in (('user', pwd.getpwnam, pwd.getpwuid, 'pw_uid'), ('group', grp.getgrnam, grp.getgrgid, 'gr_gid')):
        named, numbered = find(by_name, name), find(by_id, uid)
        if named and getattr(named, number) != uid:
            return 'the %s %s has id %d here, not %d' % (kind, name, getattr(named, number), uid)
        if numbered and numbered[0] != name:
            return 'id %d, meant for %s, belongs to the %s %s here' % (uid, name, kind, numbered[0])
    user = find(pwd.getpwnam, name)
    if user and user.pw_gid != uid:
        return 'the user %s has the group %d here, not one of its own with id %d' % (name, user.pw_gid, uid)
    return None


def find(look, key):
    try:
        return look(key)
    except KeyError:
        return None


def ensure(accounts, readers, check):
    clashes = [found for found in map(clash, accounts) if found]
    if clashes:
        raise Failure('user-clash', 'The users cannot be made on this server: %s' % '; '.join(clashes))
    made, changed = [], False
    for account in accounts:
        name, uid, home = account['name'], str(account['uid']), account['home']
        if not find(pwd.getpwnam, name):
            made.append(name)
            if not check:
                if not find(grp.getgrnam, name):
                    run(['groupadd', '--gid', uid, '--', name], 'The group %s could not be made' % name)
                run(['useradd', '--uid', uid, '--gid', uid, '--home-dir', home, '--no-create-home', '--shell', '/usr/sbin/nologin', '--', name],
                    'The user %s could not be made' % name)
        if not os.path.isdir(home):
            changed = True
            if not check:
                os.makedirs(home, mode=0o700)
                os.chown(home, account['uid'], account['uid'])
        for reader in readers:
            group = find(grp.getgrnam, name)
            if group is None or reader not in group.gr_mem:
                changed = True
                if not check:
                    run(['usermod', '--append', '--groups', name, '--', reader], '%s could not join the group %s' % (reader, name))
    return {'changed': changed or bool(made), 'made': made}


def main():
    account = {'name': {'type': 'str', 'required': True}, 'uid': {'type': 'int', 'required': True}, 'home': {'type': 'path', 'required': True}}
    module = AnsibleModule(
        argument_spec={
            'accounts': {'type': 'list', 'elements': 'dict', 'required': True, 'options': account},
            'readers': {'type': 'list', 'elements': 'str', 'default': []},
        },
        supports_check_mode=True,
    )
    os.umask(0o022)
    conclude(module, lambda: ensure(module.params['accounts'], module.params['readers'], module.check_mode))


if __name__ == '__main__':
    main()
