"""The releases of an environment on a member: <path>/releases/<id>/ with its facts beside it in <path>/releases/.<id>.json, and where it has one its image."""

import json
import os
import re
import shutil

from ansible.module_utils.musher_images import image_of
from ansible.module_utils.musher_result import Failure, read, run, sync_folder, write
from ansible.module_utils.musher_shared import seeds_of

# Quick to write, and to read, and not all that a storage has to do; what is compressed already is kept as it is. What is mounted knows no other rights than those of the files.
IMAGE_OPTIONS = ('-noappend', '-no-progress', '-quiet', '-no-xattrs', '-exit-on-error', '-processors', '2', '-comp', 'zstd', '-Xcompression-level', '3')


class Releases:
    """The releases below an environment's path, and the `current` link that names the one that is served."""

    def __init__(self, path, current):
        self.folder = os.path.join(path, 'releases')
        self.link = current

    def path(self, release):
        return os.path.join(self.folder, release)

    def partial(self, release):
        return os.path.join(self.folder, '.%s.partial' % release)

    def facts(self, release):
        """{id, checksum, files, bytes, made_at} of a complete release; None when there is no such release."""
        content = read(os.path.join(self.folder, '.%s.json' % release))
        return json.loads(content) if content and os.path.isdir(self.path(release)) else None

    def complete(self):
        """The facts of every complete release, oldest first (by id)."""
        if not os.path.isdir(self.folder):
            return []
        names = sorted(name for name in os.listdir(self.folder) if not name.startswith('.'))
        return [facts for facts in map(self.facts, names) if facts]

    def current(self):
        """Id of the release that `current` points to; None when there is none."""
        if not os.path.islink(self.link):
            return None
        folder, release = os.path.split(os.readlink(self.link))
        return release if folder == self.folder else None

    def draw_image(self, release):
        """Make the image of a partial. Durable, and there as a whole or not at all."""
        image = image_of(self.path(release))
        fresh = '%s.partial' % image
        discard(fresh)
        try:
            run(['mksquashfs', self.partial(release), fresh, *IMAGE_OPTIONS], 'No image could be made of %s' % release)
        except FileNotFoundError:
            raise Failure('not-provisioned', 'There is no mksquashfs here, which makes images of releases: provision the group') from None
        except Failure as failure:
            discard(fresh)
            if 'No space left' in str(failure):
                # As with an upload for which there was no room.
                discard(self.partial(release))
                raise Failure('disk-full', str(failure)) from None
            raise
        os.chmod(fresh, 0o644)
        run(['sync', fresh], 'The image of %s could not be written to the disk' % release)
        os.rename(fresh, image)

    def record(self, release, path, contents):
        """Keep what a release that is being made makes of a shared path."""
        write(self._seeds(release), json.dumps({**self.seeded(release), path: contents}).encode())

    def seeded(self, release):
        """What a release has made of shared paths on this server, by path."""
        return seeds_of(json.loads(read(self._seeds(release)) or json.dumps((self.facts(release) or {}).get('seeded', {}))))

    def _seeds(self, release):
        return os.path.join(self.folder, '.%s.seeds.json' % release)

    def admit(self, facts):
        """Make the partial of facts['id'] a release: durable facts first, then the rename that makes it visible."""
        release = facts['id']
        write(os.path.join(self.folder, '.%s.json' % release), json.dumps(facts).encode())
        os.rename(self.partial(release), self.path(release))
        sync_folder(self.folder)

    def point(self, release):
        """Point `current` to a release, or (None) remove it. Returns whether that changed anything."""
        return point(self.link, release and self.path(release))

    def delete(self, release):
        """Delete a release or what there is of it. It disappears by a rename, so half of one is never listed."""
        changed = discard(self.partial(release))
        doomed = os.path.join(self.folder, '.%s.deleted' % release)
        if os.path.lexists(self.path(release)):
            discard(doomed)
            os.rename(self.path(release), doomed)
        changed |= discard(doomed)
        beside = [os.path.join(self.folder, '.%s.json' % release), image_of(self.path(release)), self._seeds(release)]
        return any([changed, *[discard(path) for path in beside]])

    def delete_leftovers(self, but=None):
        """Delete half uploads and half deletions, but for the partial of one id, and the facts and images of what is no more. Returns whether there were any."""
        names = [name for name in os.listdir(self.folder) if name.startswith('.') and name != '.%s.partial' % but]
        # In this order: what is beside a half goes with it.
        done = [discard(os.path.join(self.folder, name)) for name in names if name.endswith(('.partial', '.deleted'))]
        return any([*done, *[discard(os.path.join(self.folder, name)) for name in names if self._is_orphan(name)]])

    def _is_orphan(self, name):
        """Whether a name is that of the facts or the image of a release of which there is neither the folder nor a partial."""
        found = re.match(r'\.([^.]+)\.(?:json|squashfs)$', name)
        return bool(found) and not os.path.lexists(self.path(found[1])) and not os.path.lexists(self.partial(found[1]))


def point(link, target):
    """Have a link lead to a target, or (None) remove it, at once for whoever follows it. Returns whether that changed anything."""
    if target is None:
        if not os.path.islink(link):
            return False
        os.unlink(link)
    else:
        if os.path.islink(link) and os.readlink(link) == target:
            return False
        if not os.path.isdir(os.path.dirname(link)):
            raise Failure('not-provisioned', 'There is no %s: this server has not been provisioned' % os.path.dirname(link))
        fresh = '%s.new' % link
        if os.path.lexists(fresh):
            os.unlink(fresh)
        os.symlink(target, fresh)
        os.replace(fresh, link)
    sync_folder(os.path.dirname(link))
    return True


def discard(folder):
    """Delete a folder with everything in it, or a file; whether there was one."""
    if not os.path.lexists(folder):
        return False
    if os.path.isdir(folder) and not os.path.islink(folder):
        shutil.rmtree(folder)
    else:
        os.unlink(folder)
    return True
