"""What an operation finds on a balancer, kept so that its group alone can be put back, whatever others do there meanwhile."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil

from ansible.module_utils.musher_haproxy import Instance, Refused, read
from ansible.module_utils.musher_haproxy_config import MARK, holds
from ansible.module_utils.musher_haproxy_files import apply, candidate, groups_of, live_certificates, load
from ansible.module_utils.musher_result import Failure, write

FILE = 'balancer.json'


def keep(folder: str, name: str, files: dict[str, str], instance: Instance) -> None:
    """Keeps what the group has asked so far, the certificates that `files` replace or remove, and who is held. Once for a folder.

    The keys that earlier operations of the group kept go: none is to be on the disk for longer than somebody may need it.
    """
    for earlier in glob.glob(os.path.join(os.path.dirname(folder), '*', FILE)):
        if os.path.dirname(earlier) != folder and json.loads(read(earlier))['group'] == name:
            settle(os.path.dirname(earlier))
    path = os.path.join(folder, FILE)
    if os.path.exists(path):
        return
    before, configuration = groups_of(instance).get(name), read(instance.configuration)
    backends = {environment['backend'] for environment in before['environments']} if before else set()
    certificates = live_certificates(before, instance) if before else {}
    kept = {
        'group': name,
        'before': before,
        'held': {backend: servers for backend, servers in holds(configuration).items() if backend in backends},
        'certificates': {slug: text for slug, text in certificates.items() if text not in files.values()},
        # HAProxy's own configuration from before Musher's first, '' where there was none.
        'original': None if configuration.startswith(MARK) else configuration,
    }
    os.makedirs(folder, mode=0o700, exist_ok=True)
    write(path, json.dumps(kept).encode(), 0o600)


def settle(folder: str) -> dict:
    """Drops the certificates that were kept; the rest says how to put back a group that needs none of them."""
    path = os.path.join(folder, FILE)
    kept = json.loads(read(path) or '{}')
    if not kept.get('certificates'):
        return {'changed': False, 'actions': []}
    write(path, json.dumps({**kept, 'certificates': {}}).encode(), 0o600)
    return {'changed': True, 'actions': [f'forgot the former certificate of {slug}' for slug in sorted(kept['certificates'])]}


def restore(folder: str, settings: dict, instance: Instance, restart: list[str]) -> dict:
    """Has the balancer serve the group as it did, and all others as they are now. The caller holds the instance's lock."""
    path = os.path.join(folder, FILE)
    actions: list[str] = []
    # Nothing is kept where nothing was begun, or all is put back.
    if os.path.exists(path):
        kept = json.loads(read(path))
        name, before = kept['group'], kept['before']
        if before is None and kept['original'] is not None and not set(groups_of(instance)) - {name}:
            actions = leave(kept['original'], instance, restart)
        else:
            certificates = {**live_certificates(before, instance), **kept['certificates']} if before else {}
            actions = apply(candidate(name, before, certificates, settings, instance, kept['held']), instance, restart)
        os.unlink(path)
    return {'changed': bool(actions), 'actions': actions, 'configured': bool(groups_of(instance))}


def leave(original: str, instance: Instance, restart: list[str]) -> list[str]:
    """Puts HAProxy's own configuration back and removes all that Musher wrote for it; what it did."""
    if read(instance.configuration) == original and not os.listdir(instance.folder):
        return []
    if original:
        write(instance.configuration, original.encode())
        # Its unit is put back next, and stopped where it did not run; if it will not load this, that says so.
        with contextlib.suppress(Refused, Failure):
            load(instance, restart)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(instance.configuration)
    for entry in list(os.scandir(instance.folder)):
        shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)
    return ['nothing of Musher left']
