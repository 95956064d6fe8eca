"""Shared paths: what outlives releases. A filled one is never touched; root never writes inside a folder that a site's user owns."""

import contextlib
import os
import shutil
import stat

from ansible.module_utils.musher_mounts import bounded, is_there
from ansible.module_utils.musher_result import Failure, read
from ansible.module_utils.musher_tree import hash_file

# Seconds in which a storage must say what is at a shared path, and in which what was made of one must be looked through and removed.
PATIENCE, REMOVAL = 20, 300


def seed(source, shared, root, uid, record):
    """Make a shared path that is not there, and fill one that is empty.

    source: folder of what was built; shared: {path, type}; root: the environment's shared folder; record(path, contents) is called with what is made, before it is.
    Returns whether it was made or filled.
    """
    built, target = os.path.join(source, shared['path']), os.path.join(root, shared['path'])
    for found in clashes([shared], source) + clashes([shared], root):
        raise Failure('shared-path-clash', found)
    _folders(root, os.path.dirname(shared['path']))
    return is_empty(target, shared['type']) and _fill(built, target, shared['type'], uid, lambda made: record(shared['path'], made))


def link(release, shared, root, uid):
    """Have a (still partial) release lead to a shared path; what was built there goes."""
    source, target = os.path.join(release, shared['path']), os.path.join(root, shared['path'])
    for found in clashes([shared], release):
        raise Failure('shared-path-clash', found)
    _folders(release, os.path.dirname(shared['path']))
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.rmtree(source)
    elif os.path.lexists(source):
        os.unlink(source)
    os.symlink(os.path.relpath(target, os.path.dirname(source)), source)
    # nginx follows a link only where its owner owns the target too.
    os.lchown(source, uid, uid)


def require_there(shared, root, uid):
    """Failure unless every shared path is there, as the storage shows it to the environment's user (root is nobody to it)."""
    found = bounded(lambda: [[kind_of(os.path.join(root, one['path'])) for one in shared], clashes(shared, root)], PATIENCE, uid)
    if found is None:
        raise Failure('storage-gone', 'The storage does not answer: nobody can say what is in %s' % root)
    kinds, clashing = found
    if clashing:
        raise Failure('shared-path-clash', '; '.join(clashing))
    missing = [one['path'] for one, kind in zip(shared, kinds) if kind is None]
    if missing:
        raise Failure('storage-gone', 'The shared files at %s lack %s: is the storage mounted there, and were they made on it?' % (root, ', '.join(missing)))


def clashes(shared, root):
    """What below a folder is of another kind than a shared path is to be, in words for a person."""
    names, found = {'directory': 'a folder', 'file': 'a file', 'link': 'a link', 'other': 'something else'}, []
    for one in shared:
        above = os.path.dirname(one['path'])
        kind = kind_of(os.path.join(root, one['path']))
        while above and kind_of(os.path.join(root, above)) in (None, 'directory'):
            above = os.path.dirname(above)
        if above:
            found.append('The shared path %s needs %s to be a folder, and it is %s' % (one['path'], os.path.join(root, above), names[kind_of(os.path.join(root, above))]))
        elif kind not in (None, 'link', one['type']):
            found.append('The shared path %s is to be %s, and %s is %s' % (one['path'], names[one['type']], os.path.join(root, one['path']), names[kind]))
    return found


def kind_of(path):
    """directory, file, link or other; None where there is nothing."""
    if not is_there(path):
        return None
    if os.path.islink(path):
        return 'link'
    return 'directory' if os.path.isdir(path) else 'file' if os.path.isfile(path) else 'other'


def is_empty(target, kind):
    """Whether there is nothing at a shared path, or nothing in it."""
    if not os.path.lexists(target):
        return True
    if os.path.islink(target):
        return False
    if os.path.isdir(target):
        return kind == 'directory' and not os.listdir(target)
    return kind == 'file' and os.path.getsize(target) == 0


def _folders(root, path):
    """Make the folders of a relative path below root; refuses to follow links that code may hold."""
    folder = root
    for name in filter(None, path.split('/')):
        folder = os.path.join(folder, name)
        if os.path.islink(folder) or (os.path.lexists(folder) and not os.path.isdir(folder)):
            raise Failure('shared-path-clash', 'A shared path needs %s to be a folder, and it is a link or a file' % folder)
        if not os.path.lexists(folder):
            os.mkdir(folder, 0o755)
            os.chmod(folder, 0o755)


def _fill(source, target, kind, uid, record):
    """Fill an empty shared path from what was built, by a rename that fails when somebody has filled it meanwhile. Whether there was anything to do."""
    held = kind_of(source) == kind
    if os.path.lexists(target) and not held:
        return False
    fresh = os.path.join(os.path.dirname(target), '.%s.seed' % os.path.basename(target))
    if os.path.isdir(fresh):
        shutil.rmtree(fresh)
    elif os.path.lexists(fresh):
        os.unlink(fresh)
    if kind == 'directory':
        shutil.copytree(source, fresh, symlinks=True) if held else os.mkdir(fresh)
    else:
        with open(fresh, 'xb') as file:
            file.write(read(source) if held else b'')
    # While it is root's alone, and before it can be found: whoever is cut off after the rename knows what he made.
    record(contents(fresh))
    if kind == 'directory':
        # From below: what was given away is not entered any more, where its new owner could have put a link in the way.
        for folder, folders, files in os.walk(fresh, topdown=False):
            for name in folders + files:
                os.lchown(os.path.join(folder, name), uid, uid)
    os.chmod(fresh, 0o755 if kind == 'directory' else 0o640)
    os.lchown(fresh, uid, uid)
    os.rename(fresh, target)
    return True


def contents(path):
    """What is at a path: by relative path ('' for a file itself) the hash of a file, what a link says, '' for a folder."""
    if not os.path.isdir(path):
        return {'': _content(path)}
    found = {}
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            here = os.path.join(folder, name)
            found[os.path.relpath(here, path)] = _content(here)
    return found


def _content(path):
    mode = os.lstat(path).st_mode
    if stat.S_ISREG(mode):
        return 'file ' + hash_file(path)
    if stat.S_ISLNK(mode):
        return 'link ' + os.readlink(path)
    return '' if stat.S_ISDIR(mode) else 'other '


def seeds_of(kept):
    """What was made, by shared path, as it was kept; None where it was made before that was."""
    return kept if isinstance(kept, dict) else dict.fromkeys(kept)


def unshare(made, root, uid):
    """Remove shared paths in which there is nothing but what was made there, and the folders above them that this leaves empty. What anybody has added or changed stays, with all that is beside it.

    made: by shared path, its contents(). uid: of the environment's user, as which what is the user's is looked at and removed: nothing of anybody else's can be.
    """
    changed = False
    for path, seeds in made.items():
        target = os.path.join(root, path)
        is_untouched = bool(seeds) and not os.path.islink(target) and bounded(lambda: _take_out(target, seeds), REMOVAL, uid)
        changed |= bool(is_untouched)
        if os.path.isfile(target) and not os.path.islink(target) and (is_untouched or os.path.getsize(target) == 0):
            os.unlink(target)
            target = os.path.dirname(target)
            changed = True
        while target != root and os.path.isdir(target) and not os.path.islink(target) and not os.listdir(target):
            os.rmdir(target)
            changed = True
            target = os.path.dirname(target)
    return changed


def _take_out(target, seeds):
    """Remove what is in a folder where all of it is as it was made; a part may be gone already. Whether that was so; of a file nothing else is said.

    Name by name, and each only where it is still what was looked at: what comes meanwhile stays, and its folder with it.
    """
    try:
        before = _stamps(target)
        if any(seeds.get(path) != content for path, content in contents(target).items()) or _stamps(target) != before:
            return False
    except OSError:
        # Somebody is at work there.
        return False
    for path in sorted(filter(None, before), reverse=True):
        here = os.path.join(target, path)
        with contextlib.suppress(OSError):
            if os.path.isdir(here) and not os.path.islink(here):
                os.rmdir(here)
            elif _stamp(here) == before[path]:
                os.unlink(here)
    return True


def _stamps(target):
    found = [os.path.relpath(os.path.join(folder, name), target) for folder, folders, files in os.walk(target) for name in folders + files]
    return {'': _stamp(target), **{path: _stamp(os.path.join(target, path)) for path in found}}


def _stamp(path):
    status = os.lstat(path)
    return [status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns]
