#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""HAProxy before a group's members."""

DOCUMENTATION = r'''
module: musher_balancer
short_description: Write HAProxy's configuration from a group, and take members out of service and put them back
description:
  - C(configured) writes the configuration, has HAProxy check it before it replaces the one in force, and reloads only what runs with another.
    What other groups asked of this balancer stays. Servers that are new are held. With O(id) it first keeps what the group had asked before.
  - C(restored) has the balancer serve this group as it did before the operation O(id), and all others as they are now, with the holds of now.
    Where Musher had configured nothing and no other group is there, HAProxy's own configuration comes back. What was kept goes.
  - C(settled) drops the private keys that were kept for O(id), once the operation needs no undo. Without them it can still be undone, unless
    it replaced or removed a certificate.
  - C(drained) sends no new request to members for one backend, and waits until those they have are answered. The last ones that are up
    are left in service, since draining them would turn everybody away; RV(kept) names them. When time runs out the members go back into
    service and it fails, unless O(give_up).
  - C(ready) puts members back into service, held ones too, once HAProxy's own check has seen them up afresh.
  - C(held) keeps members out of service over reloads, restarts and power cuts.
  - C(released) ends that, and a drain, without waiting for the check that puts them into service.
version_added: 0.1.0
author: Musher (@musher)
options:
  state:
    description: What is to hold.
    type: str
    choices: [configured, restored, settled, drained, ready, held, released]
    required: true
  id:
    description: With C(configured), C(restored) and C(settled), the operation's id; with the first, nothing is kept without one.
    type: str
    default: ''
  group:
    description: With C(configured), the name of the group.
    type: str
  servers:
    description: With C(configured), the address of each member of the group by its name.
    type: dict
  environments:
    description: With C(configured), the group's environments, each as C(musher_environment) of the playbooks.
    type: list
    elements: dict
  certificates:
    description: With C(configured), certificate and key (PEM) of each environment with TLS, by its slug.
    type: dict
    default: {}
  settings:
    description: With C(configured) and C(restored), the role's C(balancer_settings).
    type: dict
  backend:
    description: With the other states, the backend of one environment.
    type: str
  members:
    description: With the other states, the members concerned.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that C(drained) and C(ready) wait.
    type: float
    default: 30
  give_up:
    description:
      - With C(drained), go on when time runs out, with the members drained and RV(hurried) naming those that still have requests. For putting
        back what must be put back, whoever is still being answered.
    type: bool
    default: false
  configuration:
    description: HAProxy's configuration file.
    type: path
    default: /etc/haproxy/haproxy.cfg
  folder:
    description: What Musher keeps beside it.
    type: path
    default: /etc/haproxy/musher
  undo:
    description: Where what an operation needs to be undone is kept.
    type: path
    default: /var/lib/musher/undo
  socket:
    description: Socket of HAProxy's master.
    type: path
    default: /run/haproxy-master.sock
  runtime:
    description: Folder that is there only while HAProxy runs.
    type: path
    default: /run/haproxy-musher
  restart:
    description: Command that starts HAProxy anew.
    type: list
    elements: str
    default: [systemctl, restart, haproxy.service]
'''

EXAMPLES = r'''
- name: Drain two members of a shop
  musher_balancer:
    state: drained
    backend: shop_live
    members: [web1, web2]
    timeout: 60
'''

RETURN = r'''
actions:
  description: What was done.
  type: list
  elements: str
  returned: success
kept:
  description: Members that were not drained, because nobody else is up.
  type: list
  elements: str
  returned: when state is drained
hurried:
  description: Members that were drained and still had requests when time ran out.
  type: list
  elements: str
  returned: when state is drained
configured:
  description: Whether HAProxy serves any group now.
  type: bool
  returned: when state is restored
musher_failure:
  description: C(balancer-refused), C(member-unreachable), C(drain-timed-out), C(not-provisioned) or C(secret-missing).
  type: str
  returned: on failure
'''

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_haproxy import Instance, Refused, Unreachable, locked
from ansible.module_utils.musher_haproxy_files import apply, candidate, is_loaded, stale, unwanted
from ansible.module_utils.musher_haproxy_service import drain, hold_back, ready, release
from ansible.module_utils.musher_haproxy_undo import keep, restore, settle
from ansible.module_utils.musher_result import Failure, conclude, undo_folder

OF_AN_ENVIRONMENT = ('backend', 'slug', 'domains', 'health', 'port', 'tls')


def configure(asked, instance, check):
    group = {
        'group': asked['group'],
        'members': asked['servers'],
        'environments': [{**{key: one[key] for key in OF_AN_ENVIRONMENT}, **({'files': True} if one.get('files') else {})} for one in asked['environments']],
    }

    def wanted():
        return candidate(asked['group'], group, asked['certificates'], asked['settings'], instance)

    if check:
        files = wanted()
        actions = ['write %s' % path for path in stale(files)] + ['remove %s' % path for path in unwanted(files, instance)]
        return {'changed': bool(actions) or not is_loaded(instance), 'actions': actions}
    os.makedirs(instance.folder, mode=0o700, exist_ok=True)
    with locked(instance.folder):
        files = wanted()
        if asked['id']:
            keep(undo_folder(asked['undo'], asked['id']), asked['group'], files, instance)
        actions = apply(files, instance, asked['restart'])
    return {'changed': bool(actions), 'actions': actions}


def undo(asked, instance, check):
    if check or not os.path.isdir(instance.folder):
        return {'changed': False, 'actions': [], 'configured': os.path.isdir(instance.folder)}
    folder = undo_folder(asked['undo'], asked['id'])
    with locked(instance.folder):
        return settle(folder) if asked['state'] == 'settled' else restore(folder, asked['settings'], instance, asked['restart'])


def act(asked, check):
    instance = Instance(*(asked[field] for field in Instance._fields))
    if asked['state'] == 'configured':
        return configure(asked, instance, check)
    if asked['state'] in ('restored', 'settled'):
        return undo(asked, instance, check)
    if check:
        return {'changed': False, 'actions': []}
    if not os.path.isdir(instance.folder):
        raise Failure('not-provisioned', 'Musher has configured no HAProxy on this server')
    try:
        if asked['state'] == 'drained':
            return drain(instance, asked['backend'], asked['members'], asked['timeout'], asked['give_up'])
        if asked['state'] == 'ready':
            return ready(instance, asked['backend'], asked['members'], asked['timeout'])
        return (hold_back if asked['state'] == 'held' else release)(instance, asked['backend'], asked['members'])
    except (Refused, Unreachable) as problem:
        raise Failure('balancer-refused', 'HAProxy: %s' % problem) from problem


def main():
    module = AnsibleModule(
        argument_spec={
            'state': {'type': 'str', 'required': True, 'choices': ['configured', 'restored', 'settled', 'drained', 'ready', 'held', 'released']},
            'id': {'type': 'str', 'default': ''},
            'group': {'type': 'str'},
            'servers': {'type': 'dict'},
            'environments': {'type': 'list', 'elements': 'dict'},
            'certificates': {'type': 'dict', 'default': {}, 'no_log': True},
            'settings': {'type': 'dict'},
            'backend': {'type': 'str'},
            'members': {'type': 'list', 'elements': 'str', 'default': []},
            'timeout': {'type': 'float', 'default': 30},
            'give_up': {'type': 'bool', 'default': False},
            'configuration': {'type': 'path', 'default': Instance().configuration},
            'folder': {'type': 'path', 'default': Instance().folder},
            'undo': {'type': 'path', 'default': '/var/lib/musher/undo'},
            'socket': {'type': 'path', 'default': Instance().socket},
            'runtime': {'type': 'path', 'default': Instance().runtime},
            'restart': {'type': 'list', 'elements': 'str', 'default': ['systemctl', 'restart', 'haproxy.service']},
        },
        required_if=[('state', 'configured', ['group', 'servers', 'environments', 'settings']), ('state', 'restored', ['id', 'settings'])]
        + [('state', 'settled', ['id'])]
        + [('state', state, ['backend']) for state in ('drained', 'ready', 'held', 'released')],
        supports_check_mode=True,
    )
    os.umask(0o022)
    conclude(module, lambda: act(module.params, module.check_mode))


if __name__ == '__main__':
    main()
