"""What a storage gets of a release: its shared paths as they were built, where nothing is in them yet.

Received in <path>/seeds/.<id>.partial, beside the shared folder, so that a rename puts it in its place. <path>/seeds/<id>.json says which were made.
"""

import functools
import json
import os

from ansible.module_utils.musher_releases import discard
from ansible.module_utils.musher_result import Failure, read, run, sync_folder, write
from ansible.module_utils.musher_shared import clashes, is_empty, seed, seeds_of, unshare


class Seeds:
    """The shared paths of an environment on its storage."""

    def __init__(self, path):
        self.shared = os.path.join(path, 'shared')
        self.folder = os.path.join(path, 'seeds')

    def partial(self, release):
        return os.path.join(self.folder, '.%s.partial' % release)

    def prepare(self, release, shared):
        """Make room for what is to be sent: the paths in which nothing is. Returns {needed, partial, empty}."""
        self._require()
        for found in clashes(shared, self.shared):
            raise Failure('shared-path-clash', found)
        empty = [one['path'] for one in shared if is_empty(os.path.join(self.shared, one['path']), one['type'])]
        if empty:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            os.makedirs(self.partial(release), exist_ok=True)
        # What is left of an earlier attempt goes when the paths are made.
        return {'needed': bool(empty) or os.path.lexists(self.partial(release)), 'partial': self.partial(release), 'empty': empty}

    def plant(self, release, shared, uid):
        """Make every shared path that is not there, and fill the empty ones with what was sent. Returns those that were made or filled."""
        self._require()
        made = [one['path'] for one in shared if seed(self.partial(release), one, self.shared, uid, functools.partial(self._record, release))]
        if made:
            run(['sync', '--file-system', self.shared], 'The shared files could not be written to the disk')
        discard(self.partial(release))
        self._tidy()
        return made

    def _record(self, release, path, contents):
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        write(self._facts(release), json.dumps({'seeded': {**self.planted(release), path: contents}}).encode(), 0o600)

    def uproot(self, release, uid):
        """Undo plant(): remove the shared paths that a release made, where nobody has changed them since. Whether anything of it was there."""
        if not os.path.isdir(self.folder):
            return False
        changed = unshare(self.planted(release), self.shared, uid)
        changed |= discard(self.partial(release))
        if os.path.exists(self._facts(release)):
            os.unlink(self._facts(release))
            sync_folder(self.folder)
            changed = True
        self._tidy()
        return changed

    def planted(self, release):
        return seeds_of(json.loads(read(self._facts(release)) or b'{"seeded": {}}')['seeded'])

    def _facts(self, release):
        return os.path.join(self.folder, '%s.json' % release)

    def _tidy(self):
        if os.path.isdir(self.folder) and not os.listdir(self.folder):
            os.rmdir(self.folder)

    def _require(self):
        if not os.path.isdir(self.shared):
            raise Failure('not-provisioned', 'There is no %s: this storage has not been provisioned for this environment' % self.shared)
