#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""What a server holds."""

DOCUMENTATION = r'''
module: musher_observe
short_description: Read what a server holds of Musher's environments
description:
  - Reads releases, the current one, shared paths, what the gate has admitted, what HAProxy serves, what is exported, and
    what of the environments' settings the last provision was told otherwise.
  - Never waits for a storage that is gone - it believes the watcher, and gives up after some seconds.
  - Changes nothing, and needs nothing on the server but Python. Two readings of an untouched server are equal.
version_added: 0.1.0
author: Musher (@musher)
options:
  environments:
    description: The environments to look for, each as C(musher_environment) of the playbooks.
    type: list
    elements: dict
    default: []
  name:
    description: What this server is called in the environments' C(storage).
    type: str
'''

EXAMPLES = r'''
- name: Read what this server holds
  musher_observe:
    environments: "{{ musher_environments }}"
    name: "{{ inventory_hostname }}"
'''

RETURN = r'''
musher:
  description: The observation, as contract/observation.ts describes it.
  type: dict
  returned: success
'''

import contextlib
import glob
import json
import os
import pwd
import shlex

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_haproxy import observe as observe_balancer
from ansible.module_utils.musher_fstab import lines_of
from ansible.module_utils.musher_images import KIND
from ansible.module_utils.musher_mounts import WATCHED, bounded, is_there, mount_of, mounts_in, unescape
from ansible.module_utils.musher_releases import Releases
from ansible.module_utils.musher_result import conclude, read

GATE = '/var/lib/musher/gate'
# Where the watcher says since when what it mounts is gone.
GONE = '/run/musher/%s/%s.gone'
EXPORTS = '/etc/exports.d/musher-*.exports'
# By group, what its environments were provisioned for; and what of that a provision acts on.
PROVISIONED = '/var/lib/musher/provisioned/*.json'
SETTINGS = ('app', 'docroot', 'shared', 'domains', 'health', 'workers', 'drain_timeout', 'tls', 'web', 'port', 'code', 'image', 'files')
PATIENCE = 5


def epochs():
    """The highest epoch that the gate has admitted, by scope."""
    found = {}
    for name in sorted(os.listdir(GATE)) if os.path.isdir(GATE) else []:
        epoch = (read(os.path.join(GATE, name)) or b'').split(b'.')[0].strip()
        if epoch.isdigit() and not name.startswith('.'):
            found[name.replace('%', '/')] = int(epoch)
    return found


def environment(asked, name, told):
    """What there is of one environment; None when it has left no trace."""
    path = asked['stored'] if is_storage(asked, name) else asked['path']
    releases = Releases(path, asked['current'])
    shared = os.path.join(path, 'shared')
    if not os.path.isdir(path) and not os.path.islink(asked['current']):
        return None
    code, files = mounted('code', asked, releases.folder), mounted('files', asked, shared)
    if code and asked.get('image') and releases.current():
        code['image'] = releases.current() in mounts_in(releases.folder, KIND)
    return {
        # What a storage has, it is asked itself: its answer may be a day old here, or never come.
        'releases': None if code else [{'id': facts['id'], 'checksum': facts['checksum']} for facts in releases.complete()],
        'current': releases.current(),
        'provisioned': is_provisioned(asked, name),
        'code': code,
        'files': files,
        'shared': None if files and (files['gone'] or not files['mounted']) else shared_paths(asked, shared, files),
        **settings(asked, told.get(asked['slug'])),
        **({'volume': 'missing' if mount_of(path) is None else 'mounted'} if asked.get('volume') and is_storage(asked, name) else {}),
    }


def provisioned():
    """What environments were provisioned for, by slug. Of one that was another group's before, what was written last counts."""
    told = {}
    for path in sorted(glob.glob(PROVISIONED), key=os.path.getmtime):
        with contextlib.suppress(ValueError, AttributeError):
            told.update(json.loads(read(path) or b'{}').items())
    return told


def settings(asked, before):
    """Of what a provision acts on, what the last one was told otherwise: by its name, that and what is asked for. Nothing where that is not on record."""
    if before is None:
        return {}
    return {'settings': {name: [before.get(name), asked.get(name)] for name in SETTINGS if (before.get(name) or None) != (asked.get(name) or None)}}


def shared_paths(asked, shared, files):
    """Those that exist; None when a storage does not say."""
    def look():
        return sorted(one['path'] for one in asked['shared'] if is_there(os.path.join(shared, one['path'])))
    # Root is nobody to a storage.
    return bounded(look, PATIENCE, asked['uid']) if files else look()


def mounted(kind, asked, path):
    """Whether code or files are mounted, and since when they are gone; None where they are this server's own."""
    if not os.path.exists(WATCHED % (kind, asked['slug'])):
        return None
    since = (read(GONE % (kind, asked['slug'])) or b'').decode().strip()
    lines = lines_of(path)
    return {'mounted': mount_of(path) is not None, 'gone': since or None, **({'source': unescape(lines[0].split()[0])} if lines else {})}


def is_storage(asked, name):
    return (asked.get('storage') or {}).get('server') == name and name is not None


def exports():
    """What this server exports for Musher: the clients by path, None where it is no storage; and the paths of each group."""
    paths = sorted(glob.glob(EXPORTS))
    found, groups = {}, {}
    for path in paths:
        group = os.path.basename(path)[len('musher-'):-len('.exports')]
        groups[group] = []
        for line in (read(path) or b'').decode().splitlines():
            words = shlex.split(line, comments=True)
            if words:
                clients = {client.partition('(')[0] for client in words[1:]}
                found[words[0]] = sorted(clients.union(found.get(words[0], [])))
                groups[group] = sorted({words[0], *groups[group]})
    return (found, groups) if paths else (None, {})


def sources():
    """What this server is to mount from storages, whoever's it is."""
    found = set()
    for path in glob.glob(WATCHED % ('*', '*')):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found.update(unescape(line.split()[0]) for line in lines_of(json.loads(read(path) or b'')['path']))
    return sorted(found)


def is_provisioned(asked, name):
    remote = [kind for kind in ('code', 'files') if asked.get(kind) == 'nfs' and not is_storage(asked, name)]
    needed = [WATCHED % (kind, asked['slug']) for kind in remote]
    if 'code' not in remote:
        needed.append(os.path.join(asked['path'], 'releases'))
    if asked['web'] == 'nginx':
        needed.append('/etc/nginx/musher/%s.conf' % asked['slug'])
        if asked['app'] != 'static':
            needed.append('/etc/musher/php/%s.conf' % asked['slug'])
    try:
        pwd.getpwnam(asked['user'])
    except KeyError:
        return False
    return all(os.path.exists(path) for path in needed)


def observe(environments, name):
    told = provisioned()
    found = {'%s/%s' % (one['project'], one['name']): environment(one, name, told) for one in environments}
    exported, groups = exports()
    mounts = sources()
    return {
        'epochs': epochs(),
        'environments': {name: one for name, one in found.items() if one},
        'balancer': observe_balancer(),
        'exports': exported,
        **({'exportsOf': groups} if groups else {}),
        **({'sources': mounts} if mounts else {}),
    }


def main():
    module = AnsibleModule(
        argument_spec={'environments': {'type': 'list', 'elements': 'dict', 'default': []}, 'name': {'type': 'str'}}, supports_check_mode=True)
    conclude(module, lambda: {'changed': False, 'musher': observe(module.params['environments'], module.params['name'])})


if __name__ == '__main__':
    main()
