#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""Whether a server can have or hold what is on NFS, found out before anything is changed."""

DOCUMENTATION = r'''
module: musher_files_check
short_description: Find out whether a server can take part in what is on NFS
description:
  - Of a storage - whether its kernel serves NFS, whether each volume is the mount point of a file system of its own,
    and whether its shared paths are of the kinds that are asked for.
  - Of a member - whether its kernel knows the versions of NFS that it needs, and images where releases have them, whether the storage answers by a real attempt (a refused connection is an answer, since there may be no NFS server yet),
    and whether the mount points are empty or are mounted already.
  - Changes nothing.
version_added: 0.1.0
author: Musher (@musher)
options:
  as:
    description: What this server is to be.
    type: str
    choices: [storage, member]
    required: true
  environments:
    description: The environments, each as C(musher_environment) of the playbooks.
    type: list
    elements: dict
    required: true
  name:
    description: What this server is called in messages.
    type: str
    required: true
  storage:
    description: With C(member), what the storage is called in messages.
    type: str
  address:
    description: With C(member), where members reach the storage.
    type: str
  ports:
    description: The storage's TCP ports that this member needs.
    type: list
    elements: int
    default: [2049]
  exports:
    description: With C(storage), the file of the exports of this group.
    type: path
  listening:
    description: The TCP ports on which something listens on the storage, as it says itself. Where it does, a refusal is a firewall's.
    type: list
    elements: int
    default: []
  timeout:
    description: Seconds for the attempt at each of its addresses.
    type: float
    default: 5
'''

EXAMPLES = r'''
- name: Ensure this member can mount what the storage holds
  musher_files_check:
    as: member
    name: web1
    storage: nfs1
    address: 192.0.2.20
    environments: "{{ musher_environments }}"
'''

RETURN = r'''
source:
  description: The address from which this member reaches the storage, as the storage sees it where nothing between them changes it.
  type: str
  returned: with C(member)
listening:
  description: The TCP ports on which something listens here.
  type: list
  elements: int
  returned: with C(storage)
clients:
  description: Whom Musher exports to here for other groups.
  type: list
  elements: str
  returned: with C(storage)
musher_failure:
  description: C(kernel-without-nfs), C(storage-unreachable), C(mount-point-filled), C(volume-missing) or C(shared-path-clash).
  type: str
  returned: on failure
'''

import glob
import os
import re
import socket
import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_fstab import describe
from ansible.module_utils.musher_mounts import WATCHED, is_nfs, mount_of
from ansible.module_utils.musher_result import Failure, conclude, read
from ansible.module_utils.musher_shared import clashes

EXPORTS = '/etc/exports.d/musher-*.exports'
# A module of the kernel, and the file system by which it is known once it is there, if it has one of its own.
SERVING = ('nfsd', 'nfsd')
MOUNTING = {'files': ('nfsv4', 'nfs4'), 'code': ('nfsv3', None)}
# The kernel itself looks for the second, by another name, for which it counts that somebody has blacklisted it.
IMAGES = (('loop', None, 'loop'), ('squashfs', 'squashfs', 'fs-squashfs'))
# Those to whom a line of exports gives something: each has its options behind it.
CLIENTS = re.compile(r'(\S+)\(')


def check(asked):
    if asked['as'] == 'storage':
        require_kernel(asked['name'], 'serve files', *SERVING)
        require_volumes(asked['name'], asked['environments'])
        require_kinds(asked['environments'])
        return {'changed': False, 'clients': clients(asked['exports']), 'listening': listening()}
    for kind in sorted({kind for environment in asked['environments'] for kind in mounts_of(environment)}):
        require_kernel(asked['name'], 'mount ' + kind, *MOUNTING[kind])
    for module in IMAGES if any(environment.get('image') for environment in asked['environments']) else ():
        require_kernel(asked['name'], 'mount images of releases', *module)
    source = [reach(asked, port) for port in asked['ports']][0]
    require_mount_points(asked['environments'])
    return {'changed': False, 'source': source}


def require_kernel(name, task, module, system, alias=None):
    if system in (read('/proc/filesystems') or b'').decode().split() or os.path.isdir('/sys/module/' + module):
        return
    try:
        # By its path: who is root by sudo may lack /usr/sbin in PATH, and modprobe is not everywhere.
        tried = subprocess.run(['/sbin/modprobe', '--dry-run', '--verbose', alias or module], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        # Whoever hardens a server has another program run in the module's place, or nothing.
        done = tried.returncode == 0 and any(word in tried.stdout for word in (b'insmod ', b'builtin '))
    except FileNotFoundError:
        done = False
    if not done:
        raise Failure('kernel-without-nfs', 'The kernel of %s (%s) has no module %s: it cannot %s. Containers have the kernel of their host; some small kernels leave NFS out'
                      % (name, os.uname().release, module, task))


def clients(own):
    """Whom Musher exports to here for other groups than the one whose exports are in the file `own`."""
    texts = [(read(path) or b'').decode(errors='replace') for path in glob.glob(EXPORTS) if path != own]
    lines = [line.rpartition('"')[2] for text in texts for line in text.splitlines() if line.startswith('"')]
    return sorted({client for line in lines for client in CLIENTS.findall(line)})


def listening():
    """The TCP ports on which something listens here."""
    lines = [line.split() for path in ('/proc/net/tcp', '/proc/net/tcp6') for line in (read(path) or b'').decode().splitlines()[1:]]
    return sorted({int(line[1].rpartition(':')[2], 16) for line in lines if line[3] == '0A'})


def require_volumes(name, environments):
    """A handle that a client makes up leads anywhere in its file system, so two that share one are not apart."""
    seen = {}
    for environment in environments:
        if not environment.get('volume'):
            continue
        path = environment['stored']
        whose = 'the volume of %s/%s' % (environment['project'], environment['name'])
        if mount_of(path) is None:
            raise Failure('volume-missing', 'Nothing is mounted at %s on %s: it is to be %s' % (path, name, whose))
        for other in (os.path.dirname(path), '/'):
            seen.update({mark: other for mark in file_system(other) if mark not in seen})
        known = [seen[mark] for mark in file_system(path) if mark in seen]
        if known:
            raise Failure('volume-missing', '%s on %s is to be %s, and is on the same file system as %s' % (path, name, whose, known[0]))
        seen.update({mark: path for mark in file_system(path)})


def file_system(path):
    """What tells a file system from others. Subvolumes of btrfs have devices of their own, yet a handle of one may name another."""
    mount = mount_of(path)
    return [os.stat(path).st_dev] + ([mount.source] if mount and mount.kind == 'btrfs' else [])


def require_kinds(environments):
    found = []
    for environment in environments:
        if 'files' in mounts_of(environment):
            found += clashes(environment['shared'], os.path.join(environment['stored'], 'shared'))
    if found:
        raise Failure('shared-path-clash', '; '.join(found))


def reach(asked, port):
    """The address from which the storage was reached."""
    where, tried = '%s at %s, TCP port %d' % (asked['storage'], asked['address'], port), []
    try:
        found = socket.getaddrinfo(asked['address'], port, type=socket.SOCK_STREAM)
    except OSError as error:
        found, tried = [], [error.strerror or str(error)]
    for family, kind, protocol, _name, address in found:
        with socket.socket(family, kind, protocol) as attempt:
            attempt.settimeout(asked['timeout'])
            try:
                attempt.connect(address)
                return attempt.getsockname()[0]
            except ConnectionRefusedError:
                if port not in asked['listening']:
                    return source_to(family, address)
                tried.append('%s: refused, though something listens there' % address[0])
            except OSError as error:
                tried.append('%s: %s' % (address[0], error.strerror or 'no answer within %g s' % asked['timeout']))
    raise Failure('storage-unreachable', '%s cannot reach the storage %s (%s). Look at the address of %s in the spec, at the routes between the two, and at firewalls: '
                  'the port must be open to every member' % (asked['name'], where, '; '.join(tried), asked['storage']))


def source_to(family, address):
    """The address that this server sends from to that one; nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as attempt:
        attempt.connect(address)
        return attempt.getsockname()[0]


def mounts_of(environment):
    """The folders of an environment that are on the storage, by what is in them."""
    return {kind: folder for kind, folder in (('code', 'releases'), ('files', 'shared')) if environment[kind] == 'nfs'}


def require_mount_points(environments):
    for environment in environments:
        for kind, folder in mounts_of(environment).items():
            # What Musher itself has mounted there may come from elsewhere from now on.
            watched = os.path.exists(WATCHED % (kind, environment['slug']))
            require_mount_point(os.path.join(environment['path'], folder), None if watched else os.path.join(environment['stored'], folder))


def require_mount_point(path, source):
    mount = mount_of(path)
    if mount:
        if not is_nfs(mount) or source not in (None, mount.source.rpartition(':')[2]):
            raise Failure('mount-point-filled', 'Something else is mounted at %s, where what the storage keeps is to be: %s' % (path, mount.source))
    elif os.path.islink(path) or (os.path.lexists(path) and not os.path.isdir(path)):
        raise Failure('mount-point-filled', 'What the storage keeps is to be mounted at %s, which is a link or a file' % path)
    elif os.path.realpath(path) != path:
        raise Failure('mount-point-filled', 'What the storage keeps is to be mounted at %s, and a link on the way leads to %s, where systemd mounts nothing. '
                                            'Name the folder itself as "root" of the group' % (path, os.path.realpath(path)))
    elif os.path.isdir(path) and os.listdir(path):
        raise Failure('mount-point-filled', describe(path))


def main():
    module = AnsibleModule(
        argument_spec={
            'as': {'type': 'str', 'required': True, 'choices': ['storage', 'member']},
            'environments': {'type': 'list', 'elements': 'dict', 'required': True},
            'name': {'type': 'str', 'required': True},
            'storage': {'type': 'str'},
            'address': {'type': 'str'},
            'exports': {'type': 'path'},
            'ports': {'type': 'list', 'elements': 'int', 'default': [2049]},
            'listening': {'type': 'list', 'elements': 'int', 'default': []},
            'timeout': {'type': 'float', 'default': 5},
        },
        required_if=[('as', 'member', ['storage', 'address'])],
        supports_check_mode=True,
    )
    conclude(module, lambda: check(module.params))


if __name__ == '__main__':
    main()
