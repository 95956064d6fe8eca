#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""Releases on a member."""

DOCUMENTATION = r'''
module: musher_release
short_description: Make, switch, prune and delete the releases of an environment
description:
  - Keeps the releases of one environment on one member, each change in one task.
  - A release is code that never changes after it is made. It becomes visible by a rename, and is served when the link C(current) names it.
  - Shared paths live beside the releases. An empty one is seeded from the first release; a filled one is never touched, and never deleted.
version_added: 0.1.0
author: Musher (@musher)
extends_documentation_fragment: musher_release
options:
  state:
    description:
      - C(prepared) makes an empty folder for an upload, deletes what earlier uploads left half done, and says which release to link against.
      - C(present) checks the upload, links the shared paths into it and makes it a release.
      - C(current) makes C(current) point to the release, or removes it when O(id) is not given, and has PHP see it.
      - C(seen), where releases are on a storage, proves that this server sees the whole release, as the environment's user, has its files in memory, and draws its outline.
      - C(absent) deletes a release that is not current, and the shared paths that it made and that nobody has changed since.
      - C(pruned) deletes all but the newest releases.
      - C(forgotten) deletes the outline of a release, or with O(keep_ids) those of all others, but never the one that is served.
      - C(seedable), on a storage, makes room for what an artifact holds of shared paths in which nothing is; C(seeded) makes those paths of it;
        C(unseeded) removes those that it made and that nobody has changed since.
    type: str
    choices: [prepared, present, seen, current, absent, pruned, forgotten, seedable, seeded, unseeded]
    required: true
  shared:
    description: The paths that outlive releases.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Relative path in a release.
        type: str
        required: true
      type:
        description: What an empty one is made as.
        type: str
        choices: [directory, file]
        required: true
  files:
    description: Whether the shared paths come from a storage. Then C(present) only links them, once it has seen that they are there, and C(absent) leaves them alone.
    type: bool
    default: false
  stored:
    description: Whether this server keeps the release for others that mount it. Then C(present) only links the shared paths, and C(seen) asks for them on each of those.
    type: bool
    default: false
  image:
    description:
      - Whether releases are served from images. Then C(present) makes one beside the release, C(seen) mounts it over the release's folder, and C(forgotten) takes it off.
      - A release that has none is served from its folder.
    type: bool
    default: false
  mounted:
    description: For C(seen), whether this server mounts the releases from a storage; not where it is that storage itself.
    type: bool
    default: false
  outline:
    description: Folder of the outlines, where releases are on a storage. Then C(current) needs no look at the release, which must have been C(seen).
    type: path
  reload_unit:
    description: Unit of the PHP-FPM master to reload after a switch. Waits until every process of it is new.
    type: str
  reload_command:
    description: Shell command, run as root, that makes another web stack see the switch.
    type: str
  hooks:
    description:
      - Shell commands that the environment's user runs in the release once it is current, in order, and again each time.
        The first that fails ends it, with class C(hook-failed).
    type: list
    elements: str
    default: []
  hook_timeout:
    description: Longest time for each hook, in seconds.
    type: int
    default: 600
  environment:
    description: The environment, as C(musher_environment) of the playbooks; for hooks.
    type: dict
    default: {}
  keep:
    description: How many releases pruning leaves, the current one included.
    type: int
  keep_ids:
    description: Releases that pruning leaves whatever their age, or whose outlines stay.
    type: list
    elements: str
    default: []
'''

EXAMPLES = r'''
- name: Serve the release
  musher_release:
    state: current
    path: /var/aegir/projects/shop/live
    current: /var/lib/musher/current/shop/live
    id: 20260101T120000Z-a1b2c3
    reload_unit: musher-php@shop--live.service
'''

RETURN = r'''
needed:
  description: Whether the release has still to be uploaded.
  type: bool
  returned: when state is prepared
partial:
  description: The folder to upload to.
  type: str
  returned: when state is prepared or seedable
empty:
  description: The shared paths in which nothing is.
  type: list
  elements: str
  returned: when state is seedable
link_dest:
  description: Folder of the release to link unchanged files against; empty when there is none.
  type: str
  returned: when state is prepared
removed:
  description: The releases that were deleted.
  type: list
  elements: str
  returned: when state is pruned
kept:
  description: The releases that are left.
  type: list
  elements: str
  returned: when state is pruned
musher_failure:
  description: The class of the failure.
  type: str
  returned: on failure, where it is known
'''

import contextlib
import errno
import functools
import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_hooks import run_each
from ansible.module_utils.musher_images import KIND, lacks_kernel, lay_over, take_off
from ansible.module_utils.musher_mounts import bounded, is_nfs, mount_of, mounts_in
from ansible.module_utils.musher_outlines import Outlines
from ansible.module_utils.musher_releases import Releases, discard
from ansible.module_utils.musher_result import Failure, conclude, run
from ansible.module_utils.musher_running import adopt
from ansible.module_utils.musher_seeds import Seeds
from ansible.module_utils.musher_shared import link, require_there, seed, unshare
from ansible.module_utils.musher_tree import checksum, read_ahead, shape

# Seconds in which a storage must have shown a whole release.
SIGHT = 300
# And in which an image must be taken off.
TAKEN_OFF = 30
# What is said of a file that the storage does not show.
UNSEEN = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EACCES)
# In each folder on the way to a script that it runs for the first time.
PHP_LOOKS_FOR = ('.user.ini',)


def prepared(releases, asked, check):
    if not os.path.isdir(releases.folder):
        raise Failure('not-provisioned', 'There is no %s: this server has not been provisioned for this environment' % releases.folder)
    facts = releases.facts(asked['id'])
    if facts:
        _same(facts, asked)
        return {'changed': False, 'needed': False, 'partial': '', 'link_dest': ''}
    if not check:
        releases.delete_leftovers(but=asked['id'])
        # A crash between the durable facts and the rename leaves nothing but facts: this upload makes them anew.
        os.makedirs(releases.partial(asked['id']), mode=0o755, exist_ok=True)
    newest = releases.complete()[-1:]
    base = releases.current() or (newest[0]['id'] if newest else None)
    return {'changed': not check, 'needed': True, 'partial': releases.partial(asked['id']), 'link_dest': releases.path(base) if base else ''}


def present(releases, asked, check):
    facts = releases.facts(asked['id'])
    if facts:
        _same(facts, asked)
        return {'changed': not check and discard(releases.partial(asked['id']))}
    if check:
        return {'changed': True}
    partial = releases.partial(asked['id'])
    if not os.path.isdir(partial):
        raise Failure('task-failed', 'Nothing was uploaded: there is no %s' % partial)
    found, files, size = checksum(partial)
    if found != asked['checksum']:
        discard(partial)
        raise Failure('checksum-mismatch', 'The upload of %s has checksum %s, not %s; it was deleted' % (asked['id'], found, asked['checksum']))
    root = os.path.join(asked['path'], 'shared')
    if asked['files'] and not asked['stored']:
        require_there(asked['shared'], root, asked['uid'])
    elif not asked['stored']:
        for shared in asked['shared']:
            seed(partial, shared, root, asked['uid'], functools.partial(releases.record, asked['id']))
    for shared in asked['shared']:
        link(partial, shared, root, asked['uid'])
    os.chmod(partial, 0o755)
    if asked['image']:
        releases.draw_image(asked['id'])
    # The whole release is on the disk before its name is.
    run(['sync', '--file-system', partial], 'The release could not be written to the disk')
    releases.admit({
        'id': asked['id'], 'checksum': found, 'files': files, 'bytes': size,
        'made_at': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), **({'shape': shape(partial)[0]} if asked['stored'] else {}),
    })
    releases.delete_leftovers()
    return {'changed': True}


def seen(releases, asked, check):
    where, wanted = releases.path(asked['id']), asked['id']
    if asked['mounted'] and not is_nfs(mount_of(releases.folder)):
        raise Failure('storage-gone', 'The code is not mounted at %s' % releases.folder)
    is_image = asked['image'] and asked['mounted'] and not check

    def look():
        # Nobody looks here before the storage has all of it, since a member believes for a day that a name is not there.
        try:
            facts = releases.facts(wanted)
            found = {'facts': facts, 'shape': shape(where) if facts else None}
            if facts and asked['mounted']:
                read_ahead(where, found['shape'][1], PHP_LOOKS_FOR)
            return found
        except OSError as error:
            return {'error': '%s: %s' % (error.filename, error.strerror)}

    # Only what the storage has is looked for: that it was not there would be believed for a day.
    if is_image and bounded(lambda: releases.facts(wanted) is not None, SIGHT, asked['uid']):
        _lay_over(where, asked['uid'])
    found = bounded(look, SIGHT, asked['uid'])
    if found is None:
        raise Failure('storage-gone', 'The storage did not show %s within %d s' % (where, SIGHT))
    if 'error' in found:
        raise Failure('storage-gone', 'The release %s cannot be read: %s' % (wanted, found['error']))
    if not found['facts']:
        raise Failure('no-release', 'There is no release %s in %s, as this server sees it' % (wanted, releases.folder))
    _same(found['facts'], asked)
    digest, entries = found['shape']
    if digest != found['facts'].get('shape'):
        raise Failure('checksum-mismatch', 'This server sees %s otherwise than it is on the storage' % where)
    if asked['files']:
        require_there(asked['shared'], os.path.join(asked['path'], 'shared'), asked['uid'])
    return {'changed': not check and Outlines(asked['outline']).draw(wanted, entries, {shared['path'] for shared in asked['shared']})}


def _lay_over(release, user):
    def act():
        try:
            lay_over(release, user)
            return {}
        except OSError as error:
            why = 'kernel-without-nfs' if lacks_kernel(error) else 'storage-gone' if error.errno in UNSEEN else 'task-failed'
            return {'failure': why, 'error': '%s: %s' % (error.filename or 'loop device', error.strerror)}

    done = bounded(act, SIGHT)
    if done is None:
        raise Failure('storage-gone', 'The storage did not show the image of %s within %d s' % (release, SIGHT))
    if 'error' in done:
        raise Failure(done['failure'], 'The image of %s could not be mounted: %s' % (release, done['error']))


def current(releases, asked, check):
    if check:
        return {'changed': releases.current() != asked['id']}
    switched = _switch(releases, asked['id'], asked['outline'])
    seen = adopt(asked['current'], asked['id'], asked['reload_unit'], asked['reload_command'])
    run_each(asked['environment'], asked['id'], asked['hooks'], asked['hook_timeout'])
    return {'changed': switched or seen or bool(asked['hooks'])}


def _switch(releases, release, outline):
    if outline:
        outlines = Outlines(outline)
        if release and not outlines.has(release):
            raise Failure('no-release', 'This server has not seen a release %s on the storage' % release)
        # nginx goes by the second, and by nothing else.
        return any([releases.point(release), outlines.point(release)])
    if release and not releases.facts(release):
        raise Failure('no-release', 'There is no release %s in %s' % (release, releases.folder))
    return releases.point(release)


def absent(releases, asked, check):
    if releases.current() == asked['id']:
        raise Failure('task-failed', '%s is the current release: it is not deleted' % asked['id'])
    if check:
        return {'changed': os.path.lexists(releases.path(asked['id']))}
    if not os.path.isdir(releases.folder):
        return {'changed': False}
    # Before what is known of them goes. What another release serves stays.
    is_last = all(facts['id'] == asked['id'] for facts in releases.complete())
    emptied = is_last and not asked['files'] and unshare(releases.seeded(asked['id']), os.path.join(asked['path'], 'shared'), asked['uid'])
    deleted = releases.delete(asked['id'])
    return {'changed': deleted or emptied}


def pruned(releases, asked, check):
    kept = set(asked['keep_ids']) | {releases.current()}
    newest_first = [facts['id'] for facts in reversed(releases.complete())]
    for release in newest_first:
        if len(kept & set(newest_first)) >= asked['keep']:
            break
        kept.add(release)
    doomed = [release for release in newest_first if release not in kept]
    leftovers = False
    if not check and os.path.isdir(releases.folder):
        for release in doomed:
            releases.delete(release)
        leftovers = releases.delete_leftovers()
    return {'changed': bool(doomed) or leftovers, 'removed': doomed, 'kept': [release for release in newest_first if release in kept]}


def forgotten(releases, asked, check):
    wanted, keep = asked['id'], set(asked['keep_ids'])

    def is_doomed(name):
        return name == wanted if wanted else name not in keep

    if check:
        return {'changed': False}
    forgot = Outlines(asked['outline']).forget(is_doomed)
    mounted = [name for name in mounts_in(releases.folder, KIND) if is_doomed(name) and name != releases.current()]
    taken_off = [_take_off(releases.path(name), asked['uid']) for name in mounted]
    return {'changed': forgot or any(taken_off)}


def _take_off(release, user):
    def act():
        # What cannot be taken off now is when the next release is forgotten. One that the storage has deleted the kernel takes off itself.
        with contextlib.suppress(OSError):
            take_off(release, user)
            return True
        return False

    return bool(bounded(act, TAKEN_OFF))


def seedable(releases, asked, check):
    if check:
        return {'changed': False, 'needed': False, 'partial': '', 'empty': []}
    return {'changed': False, **Seeds(asked['path']).prepare(asked['id'], asked['shared'])}


def seeded(releases, asked, check):
    return {'changed': not check and bool(Seeds(asked['path']).plant(asked['id'], asked['shared'], asked['uid']))}


def unseeded(releases, asked, check):
    return {'changed': not check and Seeds(asked['path']).uproot(asked['id'], asked['uid'])}


def _same(facts, asked):
    if facts['checksum'] != asked['checksum']:
        raise Failure('checksum-mismatch', 'There is a release %s with checksum %s, not %s' % (asked['id'], facts['checksum'], asked['checksum']))


STATES = {
    'prepared': prepared, 'present': present, 'seen': seen, 'current': current, 'absent': absent, 'pruned': pruned, 'forgotten': forgotten,
    'seedable': seedable, 'seeded': seeded, 'unseeded': unseeded,
}


def main():
    shared = {'path': {'type': 'str', 'required': True}, 'type': {'type': 'str', 'required': True, 'choices': ['directory', 'file']}}
    module = AnsibleModule(
        argument_spec={
            'state': {'type': 'str', 'required': True, 'choices': list(STATES)},
            'path': {'type': 'path', 'required': True},
            'current': {'type': 'path', 'required': True},
            'id': {'type': 'str'},
            'checksum': {'type': 'str'},
            'shared': {'type': 'list', 'elements': 'dict', 'default': [], 'options': shared},
            'uid': {'type': 'int'},
            'files': {'type': 'bool', 'default': False},
            'stored': {'type': 'bool', 'default': False},
            'image': {'type': 'bool', 'default': False},
            'mounted': {'type': 'bool', 'default': False},
            'outline': {'type': 'path'},
            'reload_unit': {'type': 'str'},
            'reload_command': {'type': 'str'},
            'hooks': {'type': 'list', 'elements': 'str', 'default': []},
            'hook_timeout': {'type': 'int', 'default': 600},
            'environment': {'type': 'dict', 'default': {}},
            'keep': {'type': 'int'},
            'keep_ids': {'type': 'list', 'elements': 'str', 'default': []},
        },
        required_if=[
            ('state', 'prepared', ['id', 'checksum']), ('state', 'present', ['id', 'checksum', 'uid']),
            ('state', 'seen', ['id', 'checksum', 'uid', 'outline']), ('state', 'forgotten', ['outline', 'uid']),
            ('state', 'absent', ['id', 'uid']), ('state', 'pruned', ['keep']),
            ('state', 'seedable', ['id']), ('state', 'seeded', ['id', 'uid']), ('state', 'unseeded', ['id', 'uid']),
        ],
        mutually_exclusive=[('reload_unit', 'reload_command')],
        supports_check_mode=True,
    )
    os.umask(0o022)
    asked = module.params
    conclude(module, lambda: STATES[asked['state']](Releases(asked['path'], asked['current']), asked, module.check_mode))


if __name__ == '__main__':
    main()
