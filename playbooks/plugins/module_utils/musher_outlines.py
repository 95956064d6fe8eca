"""Outlines of releases that a member has on a storage: <folder>/<id>/ has every name of the release, and nothing in it.

They are on the member's own disk. nginx finds out by them what a request leads to, so that it never looks at a storage that may be gone; and that there is one
says that this member has seen the release whole. The link <folder>/current names the one that is served.
"""

import os

from ansible.module_utils.musher_releases import discard, point
from ansible.module_utils.musher_result import Failure, run, sync_folder


class Outlines:
    """The outlines of an environment's releases on a member."""

    def __init__(self, folder):
        self.folder = folder
        self.link = os.path.join(folder, 'current')

    def path(self, release):
        return os.path.join(self.folder, release)

    def has(self, release):
        return os.path.isdir(self.path(release))

    def draw(self, release, entries, but):
        """Make the outline of a release from its entries (musher_tree.shape), without the paths in `but` and what is below them. Whether it had to be."""
        if self.has(release):
            return False
        if not os.path.isdir(self.folder):
            raise Failure('not-provisioned', 'There is no %s: this server has not been provisioned for this environment' % self.folder)
        fresh = os.path.join(self.folder, '.%s.partial' % release)
        discard(fresh)
        os.mkdir(fresh, 0o755)
        for path, kind, target in entries:
            here = os.path.join(fresh, path)
            if path in but:
                continue
            if kind == 'd':
                os.mkdir(here, 0o755)
            elif kind == 'f':
                os.close(os.open(here, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
            elif is_within(path, target):
                os.symlink(target, here)
        run(['sync', '--file-system', fresh], 'The outline of the release could not be written to the disk')
        os.rename(fresh, self.path(release))
        sync_folder(self.folder)
        return True

    def point(self, release):
        """Have nginx serve a release, or (None) none. Whether that changed anything."""
        return point(self.link, release and self.path(release))

    def forget(self, doomed):
        """Delete the outlines for which doomed(id) holds, but never the one that is served. Whether there were any."""
        if not os.path.isdir(self.folder):
            return False
        served = os.path.basename(os.readlink(self.link)) if os.path.islink(self.link) else None
        names = [name for name in os.listdir(self.folder) if name not in ('current', served) and (name.startswith('.') or doomed(name))]
        return any([discard(os.path.join(self.folder, name)) for name in names if not os.path.islink(os.path.join(self.folder, name))])


def is_within(path, target):
    """Whether a link at this path of a release leads to somewhere in the release."""
    leads = os.path.normpath(os.path.join(os.path.dirname(path), target))
    return not os.path.isabs(target) and leads != '..' and not leads.startswith('../')
