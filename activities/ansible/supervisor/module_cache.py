"""Modules as Ansible packs them for the hosts, kept from run to run: packing one anew takes every run a tenth of a second for each module.

Ansible keeps them for one run, in its local temporary folder, under the module's name alone. So they are shared only by the playbooks of one
folder, and by the content of that folder's modules and Ansible's version.
"""
import hashlib
import os
import shutil
import time

SOURCES = ('plugins/modules', 'plugins/module_utils')
DAY_SECONDS = 24 * 3600


def open_cache(parent, playbooks):
    """The folder for the modules of the folder `playbooks`, below `parent`. What other modules left and nobody used for a day is deleted."""
    os.makedirs(parent, mode=0o700, exist_ok=True)
    own = os.path.join(parent, _key(playbooks))
    for entry in list(os.scandir(parent)):
        # Another nursery may delete as well.
        if entry.path != own and os.path.exists(entry.path) and entry.stat().st_mtime < time.time() - DAY_SECONDS:
            shutil.rmtree(entry.path, ignore_errors=True)
    return own


def use_cache(cache, local_tmp):
    """Has the run whose temporary folder is `local_tmp` take modules from the cache, and put there what it packs."""
    os.makedirs(cache, mode=0o700, exist_ok=True)
    os.utime(cache)
    os.symlink(cache, os.path.join(local_tmp, 'ansiballz_cache'))


def _key(playbooks):
    from ansible.release import __version__
    digest = hashlib.sha256(__version__.encode())
    for folder in SOURCES:
        for place, folders, names in os.walk(os.path.join(playbooks, folder)):
            folders.sort()
            for name in sorted(name for name in names if name.endswith('.py')):
                path = os.path.join(place, name)
                with open(path, 'rb') as file:
                    digest.update(b'%s\0%s' % (os.fsencode(os.path.relpath(path, playbooks)), hashlib.sha256(file.read()).digest()))
    return digest.hexdigest()[:16]
