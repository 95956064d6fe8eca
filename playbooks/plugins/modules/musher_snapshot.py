#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""What provisioning changes, as it was before."""

DOCUMENTATION = r'''
module: musher_snapshot
short_description: Keep what an operation is going to change on a server, and put it back
description:
  - Keeps, below C(/var/lib/musher/undo), how each path, unit and user is before the operation touches it. Taken once for an id.
  - Putting it back restores files and links as they were, removes those that were not there, and folders that were not there and are empty now.
    What is in a folder that is not listed stays, so no data is deleted. Installed packages stay.
  - What was not there before, and a group that shares the server needs by now as well, stays. So it is of units, and of what a user has joined.
  - Both first finish an installation of packages that was cut off, as happens when Ansible is killed. Until then apt refuses everything.
version_added: 0.1.0
author: Musher (@musher)
options:
  state:
    description: Whether to keep or to put back.
    type: str
    choices: [taken, restored]
    required: true
  id:
    description: Id of the operation.
    type: str
    required: true
  group:
    description: The group that it is about, whose own earlier operations need nothing that this one brings.
    type: str
    required: true
  paths:
    description: Every path that the operation may write, folders before what is in them.
    type: list
    elements: path
    default: []
  units:
    description: The systemd units that it may enable, start, stop or reload.
    type: list
    elements: str
    default: []
  users:
    description: The users that it may make or put into groups.
    type: list
    elements: str
    default: []
  kernel:
    description:
      - By unit, the files in which the kernel keeps settings of that service, also while it does not run; with what is in them where nobody has set any.
        They can be written only while the unit is stopped.
    type: dict
    default: {}
  mounts:
    description: The mount points that it may mount shared files at; none of them is one of the O(paths). Nothing on them is looked at.
    type: list
    elements: path
    default: []
  keep:
    description: How many snapshots stay on the server.
    type: int
    default: 5
'''

EXAMPLES = r'''
- name: Keep how things are
  musher_snapshot:
    state: taken
    id: 01a224a8-d76d-728b-a286-5cc8bc1a92ba
    group: eu-cluster
    paths: [/etc/nginx/conf.d/musher.conf]
    units: [nginx.service]
'''

RETURN = r'''
restored:
  description: What was put back.
  type: list
  elements: str
  returned: when state is restored
'''

import grp
import json
import os
import pwd
import shutil
import stat

from ansible.module_utils import musher_fstab as fstab
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_mounts import mount_of
from ansible.module_utils.musher_packages import finish_installing
from ansible.module_utils.musher_result import Failure, conclude, read, run, sync_folder, undo_folder, write
from ansible.module_utils.musher_running import UNSURE, record, reload, show

STORE = '/var/lib/musher/undo'
# In a snapshot that was put back: its operation needs nothing any more.
RESTORED = 'restored'


def look(path):
    """How a path is, without the content of a file."""
    if not os.path.lexists(path):
        return {'type': 'absent'}
    status = os.lstat(path)
    found = {'mode': stat.S_IMODE(status.st_mode), 'uid': status.st_uid, 'gid': status.st_gid}
    if stat.S_ISLNK(status.st_mode):
        return {**found, 'type': 'link', 'target': os.readlink(path)}
    return {**found, 'type': 'folder' if stat.S_ISDIR(status.st_mode) else 'file'}


def look_at_unit(unit):
    state = show(unit)
    loaded, started = ((record(unit, what=what) or b'').decode() for what in ('configuration', 'unit'))
    is_active = state['ActiveState'] in ('active', 'reloading', 'activating')
    return {'enabled': state['UnitFileState'] == 'enabled', 'active': is_active, 'loaded': loaded, 'started': started}


def look_at_user(user):
    try:
        pwd.getpwnam(user)
    except KeyError:
        return None
    return sorted(group.gr_name for group in grp.getgrall() if user in group.gr_mem)


def has_group(name):
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def look_at_mount(path):
    """How a mount point is: what fstab says of it, and the folder while nothing is mounted there."""
    found = {'lines': fstab.lines_of(path), 'mounted': mount_of(path) is not None}
    if not found['mounted']:
        found['folder'] = look(path)
        found['folder']['immutable'] = os.path.isdir(path) and fstab.is_immutable(path)
    return found


def take(folder, asked):
    finished = finish_installing()
    if os.path.isdir(folder):
        return {'changed': finished}
    os.makedirs(STORE, mode=0o700, exist_ok=True)
    # Of each operation its own: two groups that share a server may be provisioned at once.
    fresh = os.path.join(STORE, '.new-' + os.path.basename(folder))
    if os.path.isdir(fresh):
        shutil.rmtree(fresh)
    os.mkdir(fresh, 0o700)
    paths = []
    for number, path in enumerate(asked['paths']):
        found = look(path)
        if found['type'] == 'file':
            write(os.path.join(fresh, str(number)), read(path), 0o600)
        paths.append([path, found])
    state = {
        'group': asked['group'],
        'paths': paths,
        'mounts': {path: look_at_mount(path) for path in asked['mounts']},
        'units': {unit: look_at_unit(unit) for unit in asked['units']},
        'users': {user: look_at_user(user) for user in asked['users']},
        'groups': {user: has_group(user) for user in asked['users']},
        'kernel': {unit: {path: (read(path) or preset.encode()).decode().strip() for path, preset in values.items()} for unit, values in asked['kernel'].items()},
    }
    write(os.path.join(fresh, 'state.json'), json.dumps(state).encode(), 0o600)
    os.rename(fresh, folder)
    sync_folder(STORE)
    for old in sorted(snapshots(), key=lambda entry: entry.stat().st_mtime)[:-asked['keep']]:
        shutil.rmtree(old.path, ignore_errors=True)
    return {'changed': finished}


def snapshots():
    return [entry for entry in os.scandir(STORE) if not entry.name.startswith('.')]


def needed_elsewhere(group):
    """The paths and units of operations on other groups of this server, but for those that were undone."""
    paths, units = set(), set()
    for entry in snapshots():
        state = json.loads(read(os.path.join(entry.path, 'state.json')) or b'{}')
        # What an older version took says of no group.
        if state.get('group', group) == group or os.path.exists(os.path.join(entry.path, RESTORED)):
            continue
        paths.update(path for path, _before in state.get('paths', []))
        units.update(state.get('units', {}))
    return paths, units


def restore(folder, group):
    if not os.path.isdir(folder):
        # Nothing was kept, because nothing was begun here.
        return {'changed': False, 'restored': []}
    state = json.loads(read(os.path.join(folder, 'state.json')))
    done, failures = ['packages installed whole'] if finish_installing() else [], []
    needed_paths, needed_units = needed_elsewhere(group)
    # What must not run any more stops before its files and users go.
    for unit, before in state['units'].items():
        if unit in needed_units:
            continue
        now = look_at_unit(unit)
        if now['enabled'] and not before['enabled']:
            done.append(turn(unit, 'disable', 'disabled'))
        if now['active'] and not before['active']:
            done.append(turn(unit, 'stop', 'stopped'))
            put_back_kernel(state.get('kernel', {}).get(unit, {}))
    for path, before in state.get('mounts', {}).items():
        try:
            done += put_back_mount(path, before)
        except Failure as failure:
            # Its storage may be gone. With the line back in fstab it is mounted as soon as that returns; all else is put back now.
            failures.append(failure)
    numbered = [(number, path, before) for number, (path, before) in enumerate(state['paths']) if before['type'] != 'absent' or path not in needed_paths]
    files = [path for number, path, before in reversed(numbered) if put_back(path, before, os.path.join(folder, str(number)))]
    done += files
    if files:
        run(['systemctl', 'daemon-reload'], 'systemd could not read its units')
    for unit, before in state['units'].items():
        done += put_back_unit(unit, before, bool(files), state.get('kernel', {}).get(unit, {}))
    for user, groups in state['users'].items():
        done += put_back_user(user, groups, set(state['users']), state.get('groups', {}).get(user, False))
    if failures:
        raise Failure(failures[0].failure, '; '.join(map(str, failures)))
    write(os.path.join(folder, RESTORED), b'', 0o600)
    return {'changed': bool(done), 'restored': done}


def put_back(path, before, kept):
    """Put one path back; whether that changed anything."""
    now = look(path)
    if before['type'] == 'absent':
        if now['type'] == 'absent' or (now['type'] == 'folder' and os.listdir(path)):
            return False
        os.rmdir(path) if now['type'] == 'folder' else os.unlink(path)
        return True
    if now == before and (before['type'] != 'file' or read(path) == read(kept)):
        return False
    if now['type'] not in ('absent', before['type']):
        shutil.rmtree(path) if now['type'] == 'folder' else os.unlink(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if before['type'] == 'link':
        fresh = '%s.new' % path
        if os.path.lexists(fresh):
            os.unlink(fresh)
        os.symlink(before['target'], fresh)
        os.lchown(fresh, before['uid'], before['gid'])
        os.replace(fresh, path)
        return True
    if before['type'] == 'folder':
        os.makedirs(path, exist_ok=True)
    else:
        write(path, read(kept), 0o600)
    os.chown(path, before['uid'], before['gid'])
    os.chmod(path, before['mode'])
    return True


def put_back_mount(path, before):
    # The line first: from then on nobody mounts by it again.
    changed = fstab.set_lines(path, before['lines'])
    now = look_at_mount(path)
    if before['mounted']:
        if now['mounted'] and not changed:
            return []
        if not before['lines']:
            # Mounted by hand, and what by is not known: what is mounted there now is the same place.
            return ['line of %s in fstab' % path] if changed else []
        fstab.unmount(path)
        fstab.mount(path, 60)
        return ['%s mounted as before' % path]
    if now['mounted']:
        fstab.unmount(path)
        now = look_at_mount(path)
    if now == before:
        return ['line of %s in fstab' % path] if changed else []
    if now['folder']['type'] == 'folder':
        if before['folder']['type'] == 'folder':
            fstab.put_back(path, before['folder'])
        else:
            fstab.set_immutable(path, False)
            os.rmdir(path)
    return ['%s not mounted' % path]


def put_back_unit(unit, before, files_changed, kernel):
    now, done = look_at_unit(unit), []
    if before['enabled'] and not now['enabled']:
        done.append(turn(unit, 'enable', 'enabled'))
    if before['active'] and not now['active']:
        done.append(turn(unit, 'start', 'started'))
    elif before['active'] and now['started'] != before['started']:
        # The operation has started it anew, with what it reads only then. Its stop is what lets go of what the kernel keeps for it.
        turn(unit, 'stop', 'stopped')
        put_back_kernel(kernel)
        done.append(turn(unit, 'start', 'restarted'))
        # Only now: an undoing that is cut off before restarts the next time.
        for what, content in (('unit', before['started']), ('configuration', before['loaded'])):
            record(unit, content.encode(), what)
    elif before['active'] and (files_changed or now['loaded'] != before['loaded'] or now['loaded'].endswith(UNSURE)):
        reload(unit)
        # Only now: an undoing that is cut off before reloads the next time.
        record(unit, before['loaded'].encode())
        done.append('%s reloaded' % unit)
    return done


def put_back_kernel(values):
    """Put back what the kernel keeps for a service that does not run, over its restarts."""
    for path, value in values.items():
        if (read(path) or b'').decode().strip() not in ('', value):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(value)


def turn(unit, verb, done):
    """Have systemd do this to the unit; what was done, in words."""
    run(['systemctl', '--quiet', verb, unit], '%s could not be %s' % (unit, done))
    return '%s %s' % (unit, done)


def put_back_user(user, groups, own, had_group):
    """own: the users that the operation is about, each with a group of its name. had_group: whether that of this one was there before."""
    now, done = look_at_user(user), []
    if groups is None:
        if now is not None:
            run(['userdel', '--', user], 'The user %s could not be removed' % user)
            done = ['%s removed' % user]
        # userdel leaves a group that has other members; and it, or what makes both, may have been cut off between the two.
        if not had_group and has_group(user):
            run(['groupdel', '--', user], 'The group %s could not be removed' % user)
            done = ['%s removed' % user]
        return done
    if now is None:
        return []
    # What another group that shares the server has had the user join stays.
    groups = sorted({*groups, *(group for group in now if group not in own)})
    if now == groups:
        return []
    run(['usermod', '--groups', ','.join(groups), '--', user], 'The groups of %s could not be put back' % user)
    return ['groups of %s' % user]


def main():
    module = AnsibleModule(
        argument_spec={
            'state': {'type': 'str', 'required': True, 'choices': ['taken', 'restored']},
            'id': {'type': 'str', 'required': True},
            'group': {'type': 'str', 'required': True},
            'paths': {'type': 'list', 'elements': 'path', 'default': []},
            'mounts': {'type': 'list', 'elements': 'path', 'default': []},
            'units': {'type': 'list', 'elements': 'str', 'default': []},
            'users': {'type': 'list', 'elements': 'str', 'default': []},
            'kernel': {'type': 'dict', 'default': {}},
            'keep': {'type': 'int', 'default': 5},
        },
    )
    os.umask(0o022)
    asked = module.params
    folder = undo_folder(STORE, asked['id'])
    conclude(module, lambda: take(folder, asked) if asked['state'] == 'taken' else restore(folder, asked['group']))


if __name__ == '__main__':
    main()
